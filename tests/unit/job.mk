# SPDX-License-Identifier: Apache-2.0
unit_tests += tests/unit/doc.test tests/unit/spec.test tests/unit/compute.test tests/unit/number.test \
	tests/unit/opt.test
EXTRA_DIST += tests/unit/jobfile.h

tests_unit_doc_test_SOURCES = tests/unit/doc_test.c
tests_unit_doc_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_doc_test_CFLAGS = $(AM_CFLAGS)
tests_unit_doc_test_LDADD = libjob.a libbase.a $(YAML_LIBS) $(CMOCKA_LIBS)

tests_unit_spec_test_SOURCES = tests/unit/spec_test.c
tests_unit_spec_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_spec_test_CFLAGS = $(AM_CFLAGS)
tests_unit_spec_test_LDADD = libjob.a libbase.a $(YAML_LIBS) $(CMOCKA_LIBS)

tests_unit_compute_test_SOURCES = tests/unit/compute_test.c
tests_unit_compute_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_compute_test_CFLAGS = $(AM_CFLAGS)
tests_unit_compute_test_LDADD = libjob.a libbase.a $(YAML_LIBS) $(CMOCKA_LIBS)

tests_unit_number_test_SOURCES = tests/unit/number_test.c
tests_unit_number_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_number_test_CFLAGS = $(AM_CFLAGS)
tests_unit_number_test_LDADD = libjob.a libbase.a $(YAML_LIBS) $(CMOCKA_LIBS)

tests_unit_opt_test_SOURCES = tests/unit/opt_test.c
tests_unit_opt_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_opt_test_CFLAGS = $(AM_CFLAGS)
tests_unit_opt_test_LDADD = libcli.a libjob.a libbase.a $(YAML_LIBS) $(CMOCKA_LIBS)

unit_tests += tests/unit/progress.test
tests_unit_progress_test_SOURCES = tests/unit/progress_test.c
tests_unit_progress_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_progress_test_CFLAGS = $(AM_CFLAGS)
tests_unit_progress_test_LDADD = libcli.a libjob.a libbase.a $(YAML_LIBS) $(CMOCKA_LIBS)

unit_tests += tests/unit/compute_work.test
tests_unit_compute_work_test_SOURCES = tests/unit/compute_work_test.c tests/unit/jobfile.h
tests_unit_compute_work_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_compute_work_test_CFLAGS = $(AM_CFLAGS)
tests_unit_compute_work_test_LDADD = libjob.a libbase.a $(YAML_LIBS) $(CMOCKA_LIBS)

unit_tests += tests/unit/kernel_names.test
tests_unit_kernel_names_test_SOURCES = tests/unit/kernel_names_test.c
tests_unit_kernel_names_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_kernel_names_test_CFLAGS = $(AM_CFLAGS)
tests_unit_kernel_names_test_LDADD = libjob.a libbase.a $(YAML_LIBS) $(CMOCKA_LIBS)
