# SPDX-License-Identifier: Apache-2.0
unit_tests += tests/unit/plan.test

tests_unit_plan_test_SOURCES = tests/unit/plan_test.c
tests_unit_plan_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_plan_test_CFLAGS = $(AM_CFLAGS)
tests_unit_plan_test_LDADD = libplan.a libsandbox.a libcgroup.a libhost.a libjob.a libbase.a \
	$(SECCOMP_LIBS) $(CAP_LIBS) $(JANSSON_LIBS) $(YAML_LIBS) $(CMOCKA_LIBS)

unit_tests += tests/unit/gpu_nodes.test
tests_unit_gpu_nodes_test_SOURCES = tests/unit/gpu_nodes_test.c
tests_unit_gpu_nodes_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_gpu_nodes_test_CFLAGS = $(AM_CFLAGS)
tests_unit_gpu_nodes_test_LDADD = $(tests_unit_plan_test_LDADD)
