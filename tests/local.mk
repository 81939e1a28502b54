# SPDX-License-Identifier: Apache-2.0
# Unit tests (cmocka, one group a binary) and integration tests (POSIX sh), both in TAP.
TEST_EXTENSIONS = .test .t
TEST_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
T_LOG_DRIVER = $(TEST_LOG_DRIVER)
# No test may hang the others; the time is for a machine under load.
T_LOG_COMPILER = timeout --kill-after=10 $(TEST_SECONDS) $(SHELL)
TEST_LOG_COMPILER = timeout --kill-after=10 $(TEST_SECONDS)
TEST_SECONDS = 600
# Their status only repeats what their lines say; one that ends early bails out.
AM_T_LOG_DRIVER_FLAGS = --ignore-exit
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	VKJAIL_SANITIZERS='$(SAN_CFLAGS)'; export VKJAIL_SANITIZERS;

UNIT_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS) $(SECCOMP_CFLAGS) $(CAP_CFLAGS) $(YAML_CFLAGS)

# Each fragment adds programs named tests/unit/NAME.test to unit_tests.
unit_tests =
integration_tests =
include tests/unit/base.mk
include tests/unit/job.mk
include tests/unit/gpu.mk
include tests/unit/layer.mk
include tests/unit/sandbox.mk
include tests/unit/plan.mk
include tests/unit/run.mk
include tests/t/local.mk

if HAVE_CMOCKA
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
TESTS += $(integration_tests)
EXTRA_DIST += $(integration_tests)

EXTRA_DIST += tests/lib/report-has.py tests/lib/run-and-signal.py tests/lib/late-init.py tests/lib/pty-run.py
EXTRA_DIST += tests/lib/check_gallery.py tests/lib/check_scipy.py tests/lib/check_particles.py tests/lib/gallery.sh tests/lib/objects.sh tests/lib/patterns.sh
EXTRA_DIST += tests/lib/tap.sh tests/lib/adversary.sh tests/lib/attack.sh tests/lib/cases.sh tests/lib/numpy.sh tests/lib/test-layer.sh tests/lib/report.py tests/lib/validate.py tests/lib/summary
include tests/attack/local.mk
include tests/fuzz/local.mk
include tests/helpers/local.mk
include tests/nvml/local.mk
include tests/clients/local.mk
include tests/real/local.mk
include tests/vm/local.mk

# The last line of 'make check'. It also comes after failures (see AM_MAKEFLAGS), and with -j only
# after the tests: the make that is asked for check-TESTS and check-local does one after the other.
serial_sum := $(eval $(if $(filter check-local,$(MAKECMDGOALS)),.NOTPARALLEL:))
check-local:
	@cd $(top_builddir) && sh $(abs_top_srcdir)/tests/lib/summary $(TEST_LOGS:.log=.trs)

# The integration tests once more, as somebody else than who runs make: without those that read the
# tree, and those about what is computed inside, of which jobs, gallery and kernel times speak for the others.
same_for_all_users = $(addprefix tests/t/,0001% 0003% 0004% 0005% 0006% 0007% 4011% 4020% 4021% 4251% 4252% 4253% \
	4260% 4301% 4302% 4350% 4351% 4352% 4353% 5201% 5202% 5203% 5204%)
user_tests = $(filter-out $(same_for_all_users),$(integration_tests))
check-as-nobody: all
	@$(MAKE) $(AM_MAKEFLAGS) check VKJAIL_TEST_USER=nobody TESTS='$(user_tests)'
check-with-sudo: all
	@sudo -E $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(user_tests)'; \
	status=$$?; sudo chown -R "$$(id -u)" .; exit $$status
# The part that 'make distcheck' repeats in CI.
print-quick-tests:
	@echo $(filter $(unit_tests) tests/t/0%,$(TESTS))
.PHONY: check-as-nobody check-with-sudo print-quick-tests
