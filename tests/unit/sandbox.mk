# SPDX-License-Identifier: Apache-2.0
unit_tests += tests/unit/filter.test
tests_unit_filter_test_SOURCES = tests/unit/filter_test.c tests/unit/bpf_sim.c tests/unit/bpf_sim.h
tests_unit_filter_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_filter_test_CFLAGS = $(AM_CFLAGS)
tests_unit_filter_test_LDADD = libsandbox.a libbase.a $(SECCOMP_LIBS) $(CMOCKA_LIBS)

unit_tests += tests/unit/filter_second.test
tests_unit_filter_second_test_SOURCES = tests/unit/filter_second_test.c tests/unit/bpf_sim.c tests/unit/bpf_sim.h
tests_unit_filter_second_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_filter_second_test_CFLAGS = $(AM_CFLAGS)
tests_unit_filter_second_test_LDADD = libsandbox.a libbase.a $(SECCOMP_LIBS) $(CMOCKA_LIBS)

unit_tests += tests/unit/profile.test
tests_unit_profile_test_SOURCES = tests/unit/profile_test.c tests/unit/bpf_sim.c tests/unit/bpf_sim.h
tests_unit_profile_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_profile_test_CFLAGS = $(AM_CFLAGS)
tests_unit_profile_test_LDADD = libsandbox.a libjob.a libbase.a $(SECCOMP_LIBS) $(YAML_LIBS) $(CMOCKA_LIBS)

unit_tests += tests/unit/spread.test
tests_unit_spread_test_SOURCES = tests/unit/spread_test.c
tests_unit_spread_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_spread_test_CFLAGS = $(AM_CFLAGS)
tests_unit_spread_test_LDADD = libsandbox.a libbase.a $(CMOCKA_LIBS)
