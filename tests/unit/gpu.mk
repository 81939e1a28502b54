# SPDX-License-Identifier: Apache-2.0
unit_tests += tests/unit/gpu_types.test
tests_unit_gpu_types_test_SOURCES = tests/unit/gpu_types_test.c
tests_unit_gpu_types_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_gpu_types_test_CFLAGS = $(AM_CFLAGS)
tests_unit_gpu_types_test_LDADD = $(LIBGPU_LIBS) $(CMOCKA_LIBS)
unit_tests += tests/unit/gpu_files.test
tests_unit_gpu_files_test_SOURCES = tests/unit/gpu_files_test.c
tests_unit_gpu_files_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_gpu_files_test_CFLAGS = $(AM_CFLAGS)
tests_unit_gpu_files_test_LDADD = $(LIBGPU_LIBS) $(CMOCKA_LIBS)
unit_tests += tests/unit/gpu_spirv.test
tests_unit_gpu_spirv_test_SOURCES = tests/unit/gpu_spirv_test.c
tests_unit_gpu_spirv_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_gpu_spirv_test_CFLAGS = $(AM_CFLAGS)
tests_unit_gpu_spirv_test_LDADD = $(LIBGPU_LIBS) $(CMOCKA_LIBS)
unit_tests += tests/unit/gpu_request.test
tests_unit_gpu_request_test_SOURCES = tests/unit/gpu_request_test.c
tests_unit_gpu_request_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_gpu_request_test_CFLAGS = $(AM_CFLAGS)
tests_unit_gpu_request_test_LDADD = $(LIBGPU_LIBS) $(CMOCKA_LIBS)

integration_tests += tests/t/4000-exec.t
EXTRA_DIST += tests/lib/run-exec.py tests/lib/check_jobs.py
