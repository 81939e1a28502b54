# SPDX-License-Identifier: Apache-2.0
# The corpora of the fuzz targets as tests; tests/fuzz/run builds the same targets with libFuzzer.
fuzz_targets = \
	tests/fuzz/claims.test tests/fuzz/include.test tests/fuzz/job.test tests/fuzz/npy.test tests/fuzz/npz.test \
	tests/fuzz/nvml.test tests/fuzz/png.test tests/fuzz/profile.test tests/fuzz/safetensors.test tests/fuzz/spirv.test tests/fuzz/telemetry.test \
	tests/fuzz/units.test
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
EXTRA_DIST += tests/fuzz/run tests/fuzz/corpus

FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fuzz $(JANSSON_CFLAGS) $(YAML_CFLAGS)
FUZZ_SOURCES = tests/fuzz/fuzz.h tests/fuzz/input.c tests/fuzz/replay.c
FUZZ_LIBS = libwatch.a libjob.a $(LIBGPU_LIBS) $(YAML_LIBS)

tests_fuzz_claims_test_SOURCES = tests/fuzz/claims.c $(FUZZ_SOURCES)
tests_fuzz_claims_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_claims_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_claims_test_LDADD = $(FUZZ_LIBS)

tests_fuzz_include_test_SOURCES = tests/fuzz/include.c $(FUZZ_SOURCES)
tests_fuzz_include_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_include_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_include_test_LDADD = $(FUZZ_LIBS)

tests_fuzz_job_test_SOURCES = tests/fuzz/job.c $(FUZZ_SOURCES)
tests_fuzz_job_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_job_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_job_test_LDADD = $(FUZZ_LIBS)

tests_fuzz_npy_test_SOURCES = tests/fuzz/npy.c $(FUZZ_SOURCES)
tests_fuzz_npy_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_npy_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_npy_test_LDADD = $(FUZZ_LIBS)

tests_fuzz_npz_test_SOURCES = tests/fuzz/npz.c $(FUZZ_SOURCES)
tests_fuzz_npz_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_npz_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_npz_test_LDADD = $(FUZZ_LIBS)

tests_fuzz_nvml_test_SOURCES = tests/fuzz/nvml.c tests/unit/fake_proc.c tests/unit/fake_proc.h $(FUZZ_SOURCES)
tests_fuzz_nvml_test_CPPFLAGS = $(FUZZ_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_fuzz_nvml_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_nvml_test_LDADD = $(RUN_TEST_LIBS)

tests_fuzz_png_test_SOURCES = tests/fuzz/png.c $(FUZZ_SOURCES)
tests_fuzz_png_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_png_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_png_test_LDADD = $(FUZZ_LIBS)

tests_fuzz_profile_test_SOURCES = tests/fuzz/profile.c $(FUZZ_SOURCES)
tests_fuzz_profile_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_profile_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_profile_test_LDADD = $(FUZZ_LIBS)

tests_fuzz_safetensors_test_SOURCES = tests/fuzz/safetensors.c $(FUZZ_SOURCES)
tests_fuzz_safetensors_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_safetensors_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_safetensors_test_LDADD = $(FUZZ_LIBS)

tests_fuzz_spirv_test_SOURCES = tests/fuzz/spirv.c $(FUZZ_SOURCES)
tests_fuzz_spirv_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_spirv_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_spirv_test_LDADD = $(FUZZ_LIBS)

tests_fuzz_telemetry_test_SOURCES = tests/fuzz/telemetry.c $(FUZZ_SOURCES)
tests_fuzz_telemetry_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_telemetry_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_telemetry_test_LDADD = $(RUN_TEST_LIBS)

tests_fuzz_units_test_SOURCES = tests/fuzz/units.c $(FUZZ_SOURCES)
tests_fuzz_units_test_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_units_test_CFLAGS = $(AM_CFLAGS)
tests_fuzz_units_test_LDADD = $(FUZZ_LIBS)
