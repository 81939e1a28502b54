# SPDX-License-Identifier: Apache-2.0
unit_tests += tests/unit/layer_identity.test

tests_unit_layer_identity_test_SOURCES = tests/unit/layer_identity_test.c
tests_unit_layer_identity_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_layer_identity_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_identity_test_LDADD = libtiming.a $(CMOCKA_LIBS)
