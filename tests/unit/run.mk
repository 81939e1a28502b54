# SPDX-License-Identifier: Apache-2.0
# Watch, verdict and report.
unit_tests += tests/unit/verdict.test tests/unit/claims.test tests/unit/atomic.test \
	tests/unit/inroot.test tests/unit/relay.test tests/unit/usage.test
RUN_TEST_LIBS = libreport.a libwatch.a libplan.a libsandbox.a libcgroup.a libhost.a libjob.a libpage.a libbase.a \
	$(SECCOMP_LIBS) $(CAP_LIBS) $(JANSSON_LIBS) $(YAML_LIBS) $(CMOCKA_LIBS)

tests_unit_verdict_test_SOURCES = tests/unit/verdict_test.c
tests_unit_verdict_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_verdict_test_CFLAGS = $(AM_CFLAGS)
tests_unit_verdict_test_LDADD = $(RUN_TEST_LIBS)

tests_unit_claims_test_SOURCES = tests/unit/claims_test.c
tests_unit_claims_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_claims_test_CFLAGS = $(AM_CFLAGS)
tests_unit_claims_test_LDADD = $(RUN_TEST_LIBS)

tests_unit_atomic_test_SOURCES = tests/unit/atomic_test.c
tests_unit_atomic_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_atomic_test_CFLAGS = $(AM_CFLAGS)
tests_unit_atomic_test_LDADD = libbase.a $(CMOCKA_LIBS)

tests_unit_inroot_test_SOURCES = tests/unit/inroot_test.c
tests_unit_inroot_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_inroot_test_CFLAGS = $(AM_CFLAGS)
tests_unit_inroot_test_LDADD = libsandbox.a libbase.a $(CMOCKA_LIBS)

tests_unit_relay_test_SOURCES = tests/unit/relay_test.c
tests_unit_relay_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_relay_test_CFLAGS = $(AM_CFLAGS)
tests_unit_relay_test_LDADD = $(RUN_TEST_LIBS)

tests_unit_usage_test_SOURCES = tests/unit/usage_test.c
tests_unit_usage_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_usage_test_CFLAGS = $(AM_CFLAGS)
tests_unit_usage_test_LDADD = $(RUN_TEST_LIBS)

unit_tests += tests/unit/telemetry.test
tests_unit_telemetry_test_SOURCES = tests/unit/telemetry_test.c
tests_unit_telemetry_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_telemetry_test_CFLAGS = $(AM_CFLAGS)
tests_unit_telemetry_test_LDADD = $(RUN_TEST_LIBS)

unit_tests += tests/unit/report.test
tests_unit_report_test_SOURCES = tests/unit/report_test.c
tests_unit_report_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_report_test_CFLAGS = $(AM_CFLAGS)
tests_unit_report_test_LDADD = $(RUN_TEST_LIBS)

unit_tests += tests/unit/include.test
tests_unit_include_test_SOURCES = tests/unit/include_test.c
tests_unit_include_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_include_test_CFLAGS = $(AM_CFLAGS)
tests_unit_include_test_LDADD = librun.a $(RUN_TEST_LIBS) $(MD_LIBS)
unit_tests += tests/unit/cgroup.test
tests_unit_cgroup_test_SOURCES = tests/unit/cgroup_test.c
tests_unit_cgroup_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_cgroup_test_CFLAGS = $(AM_CFLAGS)
tests_unit_cgroup_test_LDADD = libcgroup.a libbase.a $(CMOCKA_LIBS)

unit_tests += tests/unit/cache.test
tests_unit_cache_test_SOURCES = tests/unit/cache_test.c
tests_unit_cache_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_cache_test_CFLAGS = $(AM_CFLAGS)
tests_unit_cache_test_LDADD = librun.a $(RUN_TEST_LIBS) $(MD_LIBS)

unit_tests += tests/unit/fdinfo.test
tests_unit_fdinfo_test_SOURCES = tests/unit/fdinfo_test.c
tests_unit_fdinfo_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_fdinfo_test_CFLAGS = $(AM_CFLAGS)
tests_unit_fdinfo_test_LDADD = $(RUN_TEST_LIBS)

unit_tests += tests/unit/nvml.test
tests_unit_nvml_test_SOURCES = tests/unit/nvml_test.c tests/unit/fake_proc.c tests/unit/fake_proc.h
tests_unit_nvml_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_nvml_test_CFLAGS = $(AM_CFLAGS)
tests_unit_nvml_test_LDADD = $(RUN_TEST_LIBS)

unit_tests += tests/unit/cgroup_devices.test
tests_unit_cgroup_devices_test_SOURCES = tests/unit/cgroup_devices_test.c
tests_unit_cgroup_devices_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_cgroup_devices_test_CFLAGS = $(AM_CFLAGS)
tests_unit_cgroup_devices_test_LDADD = libcgroup.a libbase.a $(CMOCKA_LIBS)
