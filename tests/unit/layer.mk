# SPDX-License-Identifier: Apache-2.0
layer_driver = tests/unit/layer_driver.c tests/unit/layer_driver.h tests/unit/layer_driver_sync.c tests/unit/layer_driver_sync.h
unit_tests += tests/unit/layer_identity.test

tests_unit_layer_identity_test_SOURCES = tests/unit/layer_identity_test.c
tests_unit_layer_identity_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_layer_identity_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_identity_test_LDADD = liblayer.a $(CMOCKA_LIBS)

unit_tests += tests/unit/layer_memory.test tests/unit/layer_pace.test
tests_unit_layer_memory_test_SOURCES = tests/unit/layer_memory_test.c
tests_unit_layer_memory_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(VULKAN_CFLAGS)
tests_unit_layer_memory_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_memory_test_LDADD = liblayer.a $(CMOCKA_LIBS)

tests_unit_layer_pace_test_SOURCES = tests/unit/layer_pace_test.c
tests_unit_layer_pace_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(VULKAN_CFLAGS)
tests_unit_layer_pace_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_pace_test_LDADD = liblayer.a $(CMOCKA_LIBS)

unit_tests += tests/unit/layer_timing.test
tests_unit_layer_timing_test_SOURCES = tests/unit/layer_timing_test.c $(layer_driver)
tests_unit_layer_timing_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(VULKAN_CFLAGS)
tests_unit_layer_timing_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_timing_test_LDADD = liblayer.a $(CMOCKA_LIBS)

unit_tests += tests/unit/layer_waits.test
tests_unit_layer_waits_test_SOURCES = tests/unit/layer_waits_test.c $(layer_driver)
tests_unit_layer_waits_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(VULKAN_CFLAGS)
tests_unit_layer_waits_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_waits_test_LDADD = liblayer.a $(CMOCKA_LIBS)

unit_tests += tests/unit/layer_outside.test
tests_unit_layer_outside_test_SOURCES = tests/unit/layer_outside_test.c $(layer_driver)
tests_unit_layer_outside_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(VULKAN_CFLAGS)
tests_unit_layer_outside_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_outside_test_LDADD = liblayer.a $(CMOCKA_LIBS)

unit_tests += tests/unit/layer_fork.test
tests_unit_layer_fork_test_SOURCES = tests/unit/layer_fork_test.c $(layer_driver)
tests_unit_layer_fork_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(VULKAN_CFLAGS)
tests_unit_layer_fork_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_fork_test_LDADD = liblayer.a $(CMOCKA_LIBS)

unit_tests += tests/unit/layer_generated.test tests/unit/layer_objects.test
tests_unit_layer_generated_test_SOURCES = tests/unit/layer_generated_test.c $(layer_driver)
tests_unit_layer_generated_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(VULKAN_CFLAGS)
tests_unit_layer_generated_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_generated_test_LDADD = liblayer.a $(CMOCKA_LIBS)

tests_unit_layer_objects_test_SOURCES = tests/unit/layer_objects_test.c $(layer_driver)
tests_unit_layer_objects_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(VULKAN_CFLAGS)
tests_unit_layer_objects_test_CFLAGS = $(AM_CFLAGS)
tests_unit_layer_objects_test_LDADD = liblayer.a $(CMOCKA_LIBS)
