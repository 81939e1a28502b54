# SPDX-License-Identifier: Apache-2.0
unit_tests += tests/unit/base.test tests/unit/text.test tests/unit/page.test

tests_unit_base_test_SOURCES = tests/unit/base_test.c
tests_unit_base_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_CFLAGS = $(AM_CFLAGS)
tests_unit_base_test_LDADD = libbase.a $(CMOCKA_LIBS)

tests_unit_text_test_SOURCES = tests/unit/text_test.c
tests_unit_text_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_text_test_CFLAGS = $(AM_CFLAGS)
tests_unit_text_test_LDADD = libbase.a $(CMOCKA_LIBS)

tests_unit_page_test_SOURCES = tests/unit/page_test.c
tests_unit_page_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_page_test_CFLAGS = $(AM_CFLAGS)
tests_unit_page_test_LDADD = libpage.a $(CMOCKA_LIBS)
unit_tests += tests/unit/cpus.test
tests_unit_cpus_test_SOURCES = tests/unit/cpus_test.c
tests_unit_cpus_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_cpus_test_CFLAGS = $(AM_CFLAGS)
tests_unit_cpus_test_LDADD = libbase.a $(CMOCKA_LIBS)
