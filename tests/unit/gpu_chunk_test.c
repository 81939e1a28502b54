/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting a dispatch: every work group comes once; the size follows the time, with its guards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gpu/chunk.h"

#define MS 1000000

/* Walks a grid with chunks of a wish that changes, and marks each group. */
static size_t walk(const uint32_t groups[3], const uint64_t *wants, size_t want_count)
{
	uint64_t total = chunk_total(groups), done = 0;
	unsigned char *seen = calloc(total, 1);
	size_t chunks = 0;

	assert_non_null(seen);
	while (done < total) {
		struct chunk c;
		uint64_t want = wants[chunks++ % want_count];
		uint64_t part = chunk_cut(groups, done, want, &c);
		assert_true(part >= 1 && part <= (want ? want : 1));
		assert_int_equal(part, (uint64_t)c.count[0] * c.count[1] * c.count[2]);
		for (uint32_t z = 0; z < c.count[2]; z++)
			for (uint32_t y = 0; y < c.count[1]; y++)
				for (uint32_t x = 0; x < c.count[0]; x++) {
					uint64_t at = ((uint64_t)(c.base[2] + z) * groups[1] +
						       c.base[1] + y) *
							  groups[0] +
						      c.base[0] + x;
					assert_true(at < total);
					assert_int_equal(seen[at]++, 0);
				}
		done += part;
	}
	assert_int_equal(done, total);
	for (uint64_t i = 0; i < total; i++)
		assert_int_equal(seen[i], 1);
	free(seen);
	return chunks;
}

static void every_group_comes_once(void **state)
{
	static const uint32_t grids[][3] = {{1, 1, 1}, {7, 1, 1},  {1, 7, 1}, {1, 1, 7},
					    {5, 4, 3}, {64, 3, 2}, {3, 64, 5}};
	static const uint64_t wants[][4] = {{1, 1, 1, 1},       {2, 3, 1, 7},   {5, 20, 4, 60},
					    {100, 1, 1000, 13}, {0, 2, 40, 41}, {21, 22, 23, 24}};

	(void)state;
	for (size_t g = 0; g < sizeof grids / sizeof grids[0]; g++)
		for (size_t w = 0; w < sizeof wants / sizeof wants[0]; w++)
			(void)walk(grids[g], wants[w], 4);
}

static void parts_are_even(void **state)
{
	static const uint32_t layers[3] = {10, 10, 10};
	static const uint64_t most = UINT64_MAX, row = 10, some = 33;
	struct chunk c;

	(void)state;
	assert_int_equal(walk(layers, &most, 1), 1);
	assert_int_equal(walk(layers, &row, 1), 100);
	/* Three rows at a time, of ten: 3, 3, 2, 2 and not 3, 3, 3, 1. */
	assert_int_equal(walk(layers, &some, 1), 40);
	assert_int_equal(chunk_cut(layers, 60, some, &c), 20);
	/* In the middle of a row only its rest can come. */
	assert_int_equal(chunk_cut(layers, 995, most, &c), 5);
	assert_true(c.base[0] == 5 && c.base[1] == 9 && c.base[2] == 9);
}

static void grids_without_end(void **state)
{
	static const uint32_t large[3] = {UINT32_MAX, 65535, 65535};
	static const uint32_t larger[3] = {UINT32_MAX, UINT32_MAX, 2};
	static const uint32_t none[3] = {5, 0, 5};
	struct chunk c;

	(void)state;
	assert_true(chunk_total(large) == UINT64_C(0xffffffff) * 65535 * 65535);
	assert_true(chunk_total(larger) == UINT64_MAX);
	assert_int_equal(chunk_total(none), 0);
	assert_int_equal(chunk_cut(large, chunk_total(large) - 1, 100, &c), 1);
	assert_true(c.base[0] == UINT32_MAX - 1 && c.base[1] == 65534 && c.base[2] == 65534);
}

/* Runs a whole dispatch whose group i takes cost(i) ns; returns the longest chunk. */
static uint64_t simulate(struct pace *p, const struct pace_rules *r, uint64_t total,
			 uint64_t (*cost)(uint64_t at, uint64_t total), size_t *ret_chunks)
{
	uint64_t longest = 0;

	*ret_chunks = 0;
	for (uint64_t done = 0; done < total; (*ret_chunks)++) {
		uint64_t want = pace_want(p, r, total, total - done), ns = 0;
		assert_true(want >= 1 && want <= total - done);
		assert_true(want >= r->floor || want == total - done);
		for (uint64_t i = done; i < done + want; i++)
			ns += cost(i, total);
		pace_learn(p, want, ns);
		done += want;
		longest = ns > longest ? ns : longest;
	}
	return longest;
}

static uint64_t even(uint64_t at, uint64_t total)
{
	(void)at, (void)total;
	return 10000;
}

static uint64_t uneven(uint64_t at, uint64_t total)
{
	return at > total / 2 && at < total / 2 + total / 8 ? 300000 : 10000;
}

static uint64_t heavy(uint64_t at, uint64_t total)
{
	(void)at, (void)total;
	return 50 * MS;
}

static const struct pace_rules rules = {.target_ns = 20 * MS, .floor = 8, .align = 2};

static void an_even_kernel_meets_the_target(void **state)
{
	struct pace p = {.rate = 0};
	size_t chunks;

	(void)state;
	/* Two seconds in chunks of 20 ms, after a few short ones. */
	assert_in_range(simulate(&p, &rules, 200000, even, &chunks), 19 * MS, 26 * MS);
	assert_in_range(chunks, 90, 115);
	/* The next one starts with what is known. */
	assert_in_range(simulate(&p, &rules, 200000, even, &chunks), 19 * MS, 26 * MS);
	assert_in_range(chunks, 90, 102);
	/* Of a kernel that was even so far no part is more than an eighth of the dispatch. */
	assert_in_range(simulate(&p, &rules, 2000, even, &chunks), 0, 26 * MS);
	assert_int_equal(chunks, 8);
}

static void a_short_dispatch_is_not_cut_much(void **state)
{
	struct pace p = {.rate = 0};
	size_t chunks;

	(void)state;
	(void)simulate(&p, &rules, 200, even, &chunks);
	assert_in_range(chunks, 1, 4);
}

static void an_uneven_kernel_surprises_less(void **state)
{
	struct pace p = {.rate = 0};
	size_t chunks;

	(void)state;
	/* From 10 us to 300 us a group without a warning: a chunk of 20 ms becomes 600 ms, not more. */
	assert_in_range(simulate(&p, &rules, 16000, uneven, &chunks), 20 * MS, 610 * MS);
	p = (struct pace){.rate = 0};
	assert_in_range(simulate(&p, &rules, 4000, uneven, &chunks), 20 * MS, 160 * MS);
}

static void the_floor_holds(void **state)
{
	struct pace p = {.rate = 0};
	size_t chunks;

	(void)state;
	assert_int_equal(simulate(&p, &rules, 80, heavy, &chunks), 8 * 50 * MS);
	assert_int_equal(chunks, 10);
}

static void even_chunks_go_together(void **state)
{
	static const struct pace_rules span = {
	    .target_ns = 20 * MS, .floor = 8, .align = 2, .span_ns = 100 * MS};
	struct pace p = {.rate = 0};

	(void)state;
	/* 10 us a group; nothing is known of the first, nor whether the second is like it. */
	assert_false(pace_together(&p, &span, 1, 2000, 2000));
	pace_learn(&p, 2000, 20 * MS);
	assert_false(pace_together(&p, &span, 1, 2000, 2000));
	/* One more for each that was. */
	pace_learn(&p, 2000, 20 * MS);
	assert_true(pace_together(&p, &span, 1, 2000, 2000));
	assert_false(pace_together(&p, &span, 2, 4000, 2000));
	for (int i = 0; i < 10; i++)
		pace_learn(&p, 2000, 20 * MS);
	assert_true(pace_together(&p, &span, 4, 8000, 1900));
	/* Not more than the span, and none where there is no span. */
	assert_false(pace_together(&p, &span, 4, 8000, 2100));
	assert_false(pace_together(&p, &span, 5, 10000, 2000));
	assert_false(pace_together(&p, &rules, 1, 2000, 2000));
	/* One that is not like the others, and each goes for itself again. */
	pace_learn(&p, 2000, 60 * MS);
	assert_false(pace_together(&p, &span, 1, 700, 700));
}

static void what_is_known(void **state)
{
	struct pace p = {.rate = 0};

	(void)state;
	assert_true(pace_guess(&p, 5) == UINT64_MAX);
	pace_learn(&p, 100, 0); /* a clock that did not move */
	assert_true(pace_guess(&p, 100) < 2);
	pace_learn(&p, 100, 1000);
	assert_in_range(pace_guess(&p, 200), 1990, 2010);
	/* Faster is believed only half. */
	pace_learn(&p, 100, 500);
	assert_in_range(pace_guess(&p, 300), 1990, 2010);
	/* A few groups say nothing about many. */
	pace_learn(&p, 1, 100000);
	assert_in_range(pace_guess(&p, 300), 1990, 2010);
	assert_true(pace_guess(&p, UINT64_MAX) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_group_comes_once),
	    cmocka_unit_test(parts_are_even),
	    cmocka_unit_test(grids_without_end),
	    cmocka_unit_test(an_even_kernel_meets_the_target),
	    cmocka_unit_test(a_short_dispatch_is_not_cut_much),
	    cmocka_unit_test(an_uneven_kernel_surprises_less),
	    cmocka_unit_test(the_floor_holds),
	    cmocka_unit_test(even_chunks_go_together),
	    cmocka_unit_test(what_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
