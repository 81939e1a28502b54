/* SPDX-License-Identifier: Apache-2.0 */
/* The shared page: histogram, sums, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "page/page.h"

static void buckets(void **state)
{
	static const struct {
		uint64_t ns;
		unsigned bucket;
	} rows[] = {
	    {0, 0},    {15, 0},   {16, 0},   {19, 0},   {20, 1},   {27, 2}, {28, 3},
	    {31, 3},   {32, 4},   {39, 4},   {40, 5},   {1024, 24}, {1279, 24}, {1280, 25},
	    {1000000, 4 * 15 + 3}, {UINT64_MAX, PAGE_BUCKETS - 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(page_bucket(rows[i].ns), rows[i].bucket);
	/* Each bucket's least time is the first in it. */
	for (unsigned b = 1; b < PAGE_BUCKETS; b++) {
		assert_int_equal(page_bucket(page_bucket_floor(b)), b);
		assert_int_equal(page_bucket(page_bucket_floor(b) - 1), b - 1);
	}
}

static void sums(void **state)
{
	struct telemetry_page *t = calloc(1, sizeof *t);

	(void)state;
	assert_non_null(t);
	assert_int_equal(page_counted(t), 0);
	t->slots[0].counted = 5;
	t->slots[3].counted = 7;
	t->slots[3].bytes[1][2] = 6;
	t->slots[PAGE_SLOTS - 1].counted = 100;
	t->slot_high = 3;
	assert_int_equal(page_counted(t), 5);
	t->slot_high = 4;
	assert_int_equal(page_counted(t), 12);
	assert_int_equal(page_heap_bytes(t, 1, 2), 6);
	assert_int_equal(page_heap_bytes(t, 0, 2), 0);
	/* A job may write any number there. */
	t->slot_high = UINT32_MAX;
	assert_int_equal(page_counted(t), 112);
	free(t);
}

static void names(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAGE_CALLS; i++)
		assert_true(page_call_names[i] && (i == 0) == (page_call_names[i][0] == '\0'));
	for (size_t i = 0; i < PAGE_COUNTERS; i++)
		assert_true(page_counter_keys[i] && page_counter_keys[i][0]);
	assert_string_equal(page_call_names[PAGE_CALL_vkQueueSubmit], "vkQueueSubmit");
	assert_string_equal(page_result_name(-4), "VK_ERROR_DEVICE_LOST");
	assert_string_equal(page_result_name(-2), "VK_ERROR_OUT_OF_DEVICE_MEMORY");
	assert_null(page_result_name(0));
	assert_string_equal(page_result_name(2), "VK_TIMEOUT");
	assert_null(page_result_name(5));
	assert_null(page_result_name(INT32_MIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(buckets),
	    cmocka_unit_test(sums),
	    cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
