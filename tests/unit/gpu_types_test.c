/* SPDX-License-Identifier: Apache-2.0 */
/* Types, shapes, numbers, fills and statistics of compute jobs, at their edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/auto.h"
#include "gpu/fill.h"
#include "gpu/stats.h"
#include "gpu/types.h"

static void names_round_trip(void **state)
{
	(void)state;
	for (int t = TYPE_NONE + 1; t <= TYPE_BOOL; t++) {
		assert_int_equal(type_from_name(type_name((enum compute_type)t)), t);
		assert_int_equal(type_from_npy(type_npy((enum compute_type)t)), t);
	}
	assert_int_equal(type_from_name("none"), TYPE_NONE);
	assert_int_equal(type_from_name("F32"), TYPE_NONE);
	assert_int_equal(type_from_npy("<u1"), TYPE_U8);
	assert_int_equal(type_from_npy(">u1"), TYPE_NONE);
	assert_int_equal(type_from_npy(">f4"), TYPE_NONE);
	assert_int_equal(type_from_npy(""), TYPE_NONE);
}

static void shapes_do_not_overflow(void **state)
{
	static const struct {
		struct shape s;
		int rc;
		uint64_t bytes;
	} rows[] = {
	    {{.type = TYPE_F32, .dims = 0}, 0, 4},
	    {{.type = TYPE_U8, .dims = 2, .dim = {3, 5}}, 0, 15},
	    {{.type = TYPE_F64, .dims = 3, .dim = {3, 0, 5}}, 0, 0},
	    {{.type = TYPE_U8, .dims = 2, .dim = {1ULL << 32, 1ULL << 32}}, -1, 0},
	    {{.type = TYPE_F64, .dims = 1, .dim = {1ULL << 61}}, -1, 0},
	    {{.type = TYPE_F64, .dims = 1, .dim = {1ULL << 60}}, -1, 0},
	    {{.type = TYPE_F64, .dims = 1, .dim = {1ULL << 59}}, 0, 1ULL << 62},
	    {{.type = TYPE_U8, .dims = 1, .dim = {UINT64_MAX}}, -1, 0},
	    /* 0 comes too late: the product of what stands before it has no value. */
	    {{.type = TYPE_U8, .dims = 3, .dim = {UINT64_MAX, 2, 0}}, -1, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct shape s = rows[i].s;
		struct err e = ERR_INIT;
		assert_int_equal(shape_finish(&s, "x", &e), rows[i].rc);
		if (rows[i].rc == 0)
			assert_int_equal(s.bytes, rows[i].bytes);
		else
			assert_string_equal(e.object, "x");
	}
	struct shape widest = {.type = TYPE_BOOL, .dims = COMPUTE_DIMS};
	char text[SHAPE_TEXT];
	for (int i = 0; i < COMPUTE_DIMS; i++)
		widest.dim[i] = UINT64_MAX;
	assert_true(strlen(shape_print(&widest, text)) < SHAPE_TEXT);
	assert_int_equal(text[strlen(text) - 1], ']');
}

static void numbers_fit_or_not(void **state)
{
	static const struct {
		struct compute_number n;
		enum compute_type as;
		int rc;
		uint64_t bits;
	} rows[] = {
	    {{.is_integer = true, .i = 255}, TYPE_U8, 0, 255},
	    {{.is_integer = true, .i = 256}, TYPE_U8, -1, 0},
	    {{.is_integer = true, .i = -1}, TYPE_U8, -1, 0},
	    {{.is_integer = true, .i = -128}, TYPE_I8, 0, 0x80},
	    {{.is_integer = true, .i = -129}, TYPE_I8, -1, 0},
	    {{.is_integer = true, .i = 128}, TYPE_I8, -1, 0},
	    {{.is_integer = true, .i = UINT32_MAX}, TYPE_U32, 0, UINT32_MAX},
	    {{.is_integer = true, .i = 1LL << 32}, TYPE_U32, -1, 0},
	    {{.is_integer = true, .i = 1LL << 31}, TYPE_I32, -1, 0},
	    {{.is_integer = true, .i = INT64_MIN}, TYPE_I64, 0, 1ULL << 63},
	    {{.is_integer = true, .i = -1}, TYPE_U64, -1, 0},
	    {{.is_integer = true, .i = INT64_MAX}, TYPE_U64, 0, INT64_MAX},
	    {{.is_integer = true, .i = 1}, TYPE_BOOL, 0, 1},
	    {{.is_integer = true, .i = 2}, TYPE_BOOL, -1, 0},
	    {{.is_integer = true, .i = 3}, TYPE_F32, 0, 0x40400000},
	    {{.is_integer = false, .f = 3.0}, TYPE_I32, -1, 0},
	    {{.is_integer = false, .f = 0.5}, TYPE_F32, 0, 0x3f000000},
	    {{.is_integer = false, .f = 1e39}, TYPE_F32, -1, 0},
	    {{.is_integer = false, .f = 65504}, TYPE_F16, 0, 0x7bff},
	    {{.is_integer = false, .f = 65519.9}, TYPE_F16, 0, 0x7bff},
	    {{.is_integer = false, .f = 65520}, TYPE_F16, -1, 0},
	    {{.is_integer = false, .f = -0.5}, TYPE_F64, 0, 0xbfe0000000000000},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		unsigned char out[8] = {0};
		struct err e = ERR_INIT;
		uint64_t bits;
		assert_int_equal(number_encode(&rows[i].n, rows[i].as, out, &e), rows[i].rc);
		memcpy(&bits, out, sizeof bits);
		if (rows[i].rc == 0)
			assert_true(bits == rows[i].bits);
		else
			assert_string_not_equal(e.text, "");
	}
}

static void halves_are_rounded(void **state)
{
	static const struct {
		double value;
		uint16_t half;
	} rows[] = {
	    {0.0, 0},
	    {-0.0, 0x8000},
	    {1.0, 0x3c00},
	    {-2.0, 0xc000},
	    {0.1, 0x2e66},
	    {65504, 0x7bff},
	    {1e9, 0x7c00},
	    {-1e9, 0xfc00},
	    {0x1p-14, 0x0400},
	    {0x1p-24, 0x0001},
	    {0x1p-25, 0x0000},
	    {0x1.8p-25, 0x0001},
	    {0x1.ffcp-15, 0x0400},
	    {1 + 0x1p-11, 0x3c00},
	    {1 + 0x3p-11, 0x3c02},
	    {2 - 0x1p-11, 0x4000},
	    {INFINITY, 0x7c00},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++)
		assert_int_equal(f16_from_double(rows[i].value), rows[i].half);
	assert_int_equal(f16_from_double(NAN) & 0x7e00, 0x7e00);
}

static void fills_are_what_is_documented(void **state)
{
	/* The first outputs of splitmix64 for seed 0, as its author's program prints them. */
	static const uint64_t known[] = {0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4,
					 0x06c45d188009454f};
	uint64_t r[3];
	float f[3];
	unsigned char bytes[300];
	struct fill fill = {.source = SOURCE_RANDOM, .type = TYPE_U64, .seed = 0};

	(void)state;
	fill_write(&fill, 0, 3, (unsigned char *)r);
	assert_memory_equal(r, known, sizeof known);
	fill_write(&fill, 2, 1, (unsigned char *)r); /* any part by itself */
	assert_true(r[0] == known[2]);
	fill.type = TYPE_F32;
	fill_write(&fill, 0, 3, (unsigned char *)f);
	assert_true(f[0] == (float)(known[0] >> 40) * 0x1p-24f);
	fill.type = TYPE_BOOL;
	fill_write(&fill, 0, 3, bytes);
	assert_true(bytes[0] == 1 && bytes[1] == 0 && bytes[2] == 0);

	fill = (struct fill){.source = SOURCE_IOTA, .type = TYPE_U8};
	fill_write(&fill, 0, 300, bytes);
	assert_true(bytes[255] == 255 && bytes[256] == 0);
	fill.type = TYPE_F32;
	fill_write(&fill, 16777217, 1, (unsigned char *)f);
	assert_true(f[0] == 16777216.0f); /* rounded */

	fill = (struct fill){.source = SOURCE_VALUE, .type = TYPE_U16, .value = {0x34, 0x12}};
	fill_write(&fill, 5, 2, bytes);
	assert_memory_equal(bytes, "\x34\x12\x34\x12", 4);
}

static void stats_follow_nearest_rank(void **state)
{
	AUTO_FREE struct stats *s = malloc(sizeof *s);
	struct stats_summary r;

	(void)state;
	stats_init(s);
	stats_finish(s, &r);
	assert_true(r.count == 0 && r.max == 0);

	stats_add(s, 7);
	stats_finish(s, &r);
	assert_true(r.count == 1 && r.first == 7 && r.min == 7 && r.p50 == 7 && r.p95 == 7 && r.p99 == 7 &&
		    r.max == 7 && r.total == 7);

	stats_init(s);
	stats_add(s, 1000000); /* the first is apart */
	for (uint64_t i = 100; i >= 1; i--)
		stats_add(s, i);
	stats_finish(s, &r);
	assert_true(r.count == 101 && r.first == 1000000 && r.total == 1005050);
	assert_true(r.min == 1 && r.p50 == 50 && r.p95 == 95 && r.p99 == 99 && r.max == 100);
}

static void stats_stay_bounded(void **state)
{
	enum { N = 100000 };
	AUTO_FREE struct stats *s = malloc(sizeof *s);
	struct stats_summary r;

	(void)state;
	stats_init(s);
	stats_add(s, 0);
	for (uint64_t i = 1; i <= N; i++)
		stats_add(s, i);
	assert_true(s->kept <= STATS_KEPT);
	stats_finish(s, &r);
	assert_true(r.count == N + 1 && r.min == 1 && r.max == N); /* exact, kept or not */
	assert_true(r.p50 > N * 0.49 && r.p50 < N * 0.51);
	assert_true(r.p95 > N * 0.94 && r.p95 < N * 0.96);
	assert_true(r.p99 > N * 0.98 && r.p99 <= N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_round_trip),
	    cmocka_unit_test(shapes_do_not_overflow),
	    cmocka_unit_test(numbers_fit_or_not),
	    cmocka_unit_test(halves_are_rounded),
	    cmocka_unit_test(fills_are_what_is_documented),
	    cmocka_unit_test(stats_follow_nearest_rank),
	    cmocka_unit_test(stats_stay_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
