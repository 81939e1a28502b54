/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at buffers: every type's values, conditions of loops, hashes, differences from a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "gpu/check.h"

static void values(void **state)
{
	static const struct {
		enum compute_type type;
		unsigned char bytes[8];
		long double value;
		const char *text;
	} rows[] = {
	    {TYPE_U8, {255}, 255, "255"},
	    {TYPE_I8, {255}, -1, "-1"},
	    {TYPE_I8, {128}, -128, "-128"},
	    {TYPE_BOOL, {1}, 1, "1"},
	    {TYPE_U16, {0xff, 0xff}, 65535, "65535"},
	    {TYPE_I16, {0, 0x80}, -32768, "-32768"},
	    {TYPE_U32, {0xff, 0xff, 0xff, 0xff}, 4294967295, "4294967295"},
	    {TYPE_I32, {0xfe, 0xff, 0xff, 0xff}, -2, "-2"},
	    {TYPE_U64,
	     {255, 255, 255, 255, 255, 255, 255, 255},
	     18446744073709551615.0L,
	     "18446744073709551615"},
	    {TYPE_I64,
	     {1, 0, 0, 0, 0, 0, 0, 0x80},
	     -9223372036854775807.0L,
	     "-9223372036854775807"},
	    {TYPE_F16, {0x00, 0x3e}, 1.5L, "1.5"},
	    {TYPE_F16, {0x01, 0x80}, -0x1p-24L, "-5.9605e-08"},
	    {TYPE_F16, {0xff, 0x7b}, 65504, "65504"},
	    {TYPE_F16, {0x00, 0xfc}, -(long double)INFINITY, "-inf"},
	    {TYPE_F32, {0, 0, 0xc0, 0x3f}, 1.5L, "1.5"},
	    {TYPE_F64, {0, 0, 0, 0, 0, 0, 0xf8, 0xbf}, -1.5L, "-1.5"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		char text[CHECK_VALUE];
		long double v = value_read(rows[i].type, rows[i].bytes);
		if (v != rows[i].value)
			fail_msg("row %zu: %Lg", i, v);
		assert_string_equal(value_print(rows[i].type, v, text), rows[i].text);
	}
	assert_true(isnan(value_read(TYPE_F16, (const unsigned char[]){0x01, 0x7e})));
	assert_true(isnan(value_read(TYPE_F32, (const unsigned char[]){0, 0, 0xc0, 0x7f})));
}

static void conditions(void **state)
{
	float nan = NAN, one = 1;
	int64_t big = INT64_MAX;
	struct request_until below = {.value = {.f = 1.5}};
	struct request_until above = {.above = true, .value = {.f = 1}};
	struct request_until huge = {.above = true,
				     .value = {.is_integer = true, .i = INT64_MAX - 1}};

	(void)state;
	assert_true(until_is_over(&below, TYPE_F32, (unsigned char *)&one));
	assert_false(until_is_over(&above, TYPE_F32, (unsigned char *)&one));
	/* A NaN has crossed nothing. */
	assert_false(until_is_over(&below, TYPE_F32, (unsigned char *)&nan));
	assert_false(until_is_over(&above, TYPE_F32, (unsigned char *)&nan));
	/* Not equal as doubles. */
	assert_true(until_is_over(&huge, TYPE_I64, (unsigned char *)&big));
	huge.value.i++;
	assert_false(until_is_over(&huge, TYPE_I64, (unsigned char *)&big));
}

static void hashes(void **state)
{
	static const char abc[] =
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(check_hash("b", abc, (const unsigned char *)"abc", 3, &e), 0);
	assert_int_equal(check_hash("b", abc, (const unsigned char *)"abd", 3, &e), -1);
	assert_non_null(strstr(e.text, "buffer 'b' has the SHA-256 a52d"));
	assert_non_null(strstr(e.text, abc));
}

static int compare(const float *have, const double *want, double max_abs, double max_rel,
		   struct err *e)
{
	static const struct shape f32 = {
	    .type = TYPE_F32, .dims = 2, .dim = {2, 3}, .count = 6, .bytes = 24};
	static const struct shape f64 = {
	    .type = TYPE_F64, .dims = 2, .dim = {2, 3}, .count = 6, .bytes = 48};
	struct check_pair p = {.name = "out",
			       .file = "ref.npy",
			       .shape = &f32,
			       .file_shape = &f64,
			       .bytes = (const unsigned char *)have,
			       .file_bytes = (const unsigned char *)want,
			       .max_abs = max_abs,
			       .max_rel = max_rel};

	return check_values(&p, e);
}

static void differences(void **state)
{
	float have[6] = {1, 2, 3, 4, 5, INFINITY};
	double want[6] = {1, 2, 3, 4, 5, (double)INFINITY};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(compare(have, want, 0, 0, &e), 0);
	have[4] = 5.25f;
	have[1] = 2.125f;
	assert_int_equal(compare(have, want, 0.25, 0, &e), 0);
	assert_int_equal(compare(have, want, 0, 0.0625, &e), 0);
	assert_int_equal(compare(have, want, 0.125, 0, &e), -1);
	assert_string_equal(
	    e.text,
	    "buffer 'out' differs from ref.npy in 1 of 6 elements, most at [1, 1]: 5.25 in place of 5, off by 0.25 (max-abs is 0.125, max-rel 0)");
	assert_int_equal(compare(have, want, 0, 0.0501, &e), -1);
	assert_non_null(strstr(e.text, "most at [0, 1]: 2.125 in place of 2"));
	/* A NaN is right only where one is expected, and no tolerance covers it or an infinity. */
	have[4] = have[1] = NAN;
	want[4] = want[1] = (double)NAN;
	assert_int_equal(compare(have, want, 0, 0, &e), 0);
	want[1] = 2;
	assert_int_equal(compare(have, want, 1e300, 1e300, &e), -1);
	assert_non_null(
	    strstr(e.text, "1 of 6 elements, most at [0, 1]: nan in place of 2, off by inf"));
	have[1] = 2;
	want[5] = 7;
	assert_int_equal(compare(have, want, 1e300, 0, &e), -1);
	assert_non_null(strstr(e.text, "inf in place of 7"));
}

static void shapes(void **state)
{
	struct shape a = {.type = TYPE_F32, .dims = 2, .dim = {2, 3}};
	struct shape b = {.type = TYPE_U8, .dims = 2, .dim = {2, 3}};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(check_shapes("a", &a, "f", &b, &e), 0);
	b.dim[1] = 4;
	assert_int_equal(check_shapes("a", &a, "f", &b, &e), -1);
	assert_string_equal(
	    e.text, "buffer 'a' is f32 [2, 3] and cannot be checked against f, which is u8 [2, 4]");
	b.dims = 1;
	assert_int_equal(check_shapes("a", &a, "f", &b, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values),      cmocka_unit_test(conditions), cmocka_unit_test(hashes),
	    cmocka_unit_test(differences), cmocka_unit_test(shapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
