/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile job could say in the place of vkjail-exec: it is bounded, typed, counted, and never fails. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "watch/claims.h"

static void add(struct claims *c, const char *text)
{
	claims_add(c, text, strlen(text));
}

/* The claim's lists and objects as text; the caller frees it. */
static char *dump(const json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	return text ? text : strdup("none");
}

static void test_what_makes_no_sense_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"x",
		"null",
		"3",
		"\"end\"",
		"[]",
		"{}",
		"{\"event\":3}",
		"{\"event\":null}",
		"{\"event\":[\"end\"]}",
		"{\"event\":\"\"}",
		"{\"event\":\"nonsense\"}",
		"{\"event\":\"END\",\"reason\":\"done\"}",
		"{\"event\":\"end\"}",
		"{\"event\":\"end\",\"reason\":7}",
		"{\"event\":\"end\",\"reason\":\"\"}",
		"{\"event\":\"end\",\"reason\":\"exited\"}",
		"{\"event\":\"end\",\"reason\":\"done\"",
		"{\"event\":\"end\",\"reason\":\"done\"} x",
		"{\"event\":\"end\",\"event\":\"end\",\"reason\":\"done\"}",
		"{\"event\":\"end\",\"reason\":\"done\\u0000\"}",
		"{\"event\":\"end\",\"reason\":\"\xff\xfe\"}",
		"{\"event\":\"phase\",\"name\":\"\xc0\xaf\",\"ns\":1}",
		"{\"event\":\"phase\",\"name\":\"\xed\xa0\x80\",\"ns\":1}",
	};
	struct claims c;
	(void)state;

	claims_init(&c);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		add(&c, rows[i]);
		if (c.refused != i + 1)
			fail_msg("not refused: %s", rows[i]);
	}
	claims_add(&c, "{\"event\":\"end\",\"reason\":\"done\"}\0", 33);
	assert_int_equal(c.refused, COUNTOF(rows) + 1);
	assert_null(c.end);
	assert_null(c.device);
	assert_int_equal(c.how, CLAIM_END_NONE);
	assert_int_equal(json_object_size(c.lists), 0);
	claims_done(&c);
}

static void test_deep_nesting(void **state)
{
	static char deep[CLAIM_MESSAGE_MAX];
	struct claims c;
	(void)state;

	claims_init(&c);
	memset(deep, '[', sizeof deep);
	claims_add(&c, deep, sizeof deep);
	assert_int_equal(c.refused, 1);
	/* Well-formed, and below the parser's own bound: the members that nobody knows are dropped. */
	int n = snprintf(deep, sizeof deep, "{\"event\":\"phase\",\"name\":\"x\",\"ns\":1,\"deep\":");
	memset(deep + n, '[', 1000);
	memset(deep + n + 1000, ']', 1000);
	deep[n + 2000] = '}';
	claims_add(&c, deep, (size_t)n + 2001);
	assert_int_equal(c.refused, 1);
	AUTO_FREE char *text = dump(c.lists);
	assert_string_equal(text, "{\"phases\":[{\"name\":\"x\",\"ns\":1}]}");
	claims_done(&c);
}

static void test_only_known_members_of_the_right_type(void **state)
{
	static const struct {
		const char *message, *kept;
	} rows[] = {
		{"{\"event\":\"phase\",\"name\":\"a\",\"ns\":5,\"more\":1}", "{\"phases\":[{\"name\":\"a\",\"ns\":5}]}"},
		{"{\"event\":\"phase\",\"name\":5,\"ns\":\"5\"}", "{\"phases\":[{}]}"},
		{"{\"event\":\"phase\",\"ns\":-1}", "{\"phases\":[{}]}"},
		{"{\"event\":\"phase\",\"ns\":1.5}", "{\"phases\":[{}]}"},
		{"{\"event\":\"phase\",\"ns\":9223372036854775807}", "{\"phases\":[{\"ns\":9223372036854775807}]}"},
		{"{\"event\":\"phase\",\"ns\":null,\"name\":{}}", "{\"phases\":[{}]}"},
		{"{\"event\":\"shader\",\"local_size\":[8,\"8\",-1,1]}", "{\"shaders\":[{\"local_size\":[8,1]}]}"},
		{"{\"event\":\"kernel\",\"gb_per_s\":-1}", "{\"kernels\":[{}]}"},
		{"{\"event\":\"shader\",\"cached\":1,\"entry\":\"e\",\"pipeline_cached\":true}", "{\"shaders\":[{\"entry\":\"e\",\"pipeline_cached\":true}]}"},
		{"{\"event\":\"kernel\",\"timed\":false,\"chunks\":3,\"whole\":\"w\",\"gb_per_s\":1.5,\"bytes_bound\":-1,\"p99_ns\":2}",
		 "{\"kernels\":[{\"chunks\":3,\"gb_per_s\":1.5,\"p99_ns\":2,\"timed\":false,\"whole\":\"w\"}]}"},
		{"{\"event\":\"shader\",\"local_size\":8}", "{\"shaders\":[{}]}"},
		{"{\"event\":\"budget\",\"heaps\":[{\"budget\":1,\"usage\":[]},7]}", "{\"budgets\":[{\"heaps\":[{\"budget\":1}]}]}"},
		{"{\"event\":\"budget\",\"heaps\":{\"budget\":1}}", "{\"budgets\":[{}]}"},
		{"{\"event\":\"warning\",\"text\":\"\\u001b[31m\"}", "{\"warnings\":[{\"text\":\"\\u001B[31m\"}]}"},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct claims c;
		claims_init(&c);
		add(&c, rows[i].message);
		AUTO_FREE char *text = dump(c.lists);
		assert_string_equal(text, rows[i].kept);
		assert_int_equal(c.refused, 0);
		claims_done(&c);
	}
}

static void test_device(void **state)
{
	struct claims c;
	(void)state;

	claims_init(&c);
	add(&c, "{\"event\":\"device\",\"name\":\"one\",\"driver\":{\"name\":\"d\",\"id\":\"x\"},\"loop_limit\":null,"
		"\"timestamp_period_ns\":1,\"heaps\":[{\"size\":4,\"flags\":[\"a\",1]}],\"secret\":1}");
	AUTO_FREE char *text = dump(c.device);
	assert_string_equal(text, "{\"driver\":{\"name\":\"d\"},\"heaps\":[{\"flags\":[\"a\"],\"size\":4}],\"loop_limit\":null,\"name\":\"one\","
				  "\"timestamp_period_ns\":1.0}");
	/* The first word counts. */
	add(&c, "{\"event\":\"device\",\"name\":\"two\"}");
	assert_string_equal(json_string_value(json_object_get(c.device, "name")), "one");
	assert_int_equal(c.refused, 1);
	claims_done(&c);
}

static void test_filter(void **state)
{
	struct claims c;
	(void)state;

	claims_init(&c);
	add(&c, "{\"event\":\"filter\",\"program\":\"software\",\"instructions\":7,\"more\":1}");
	AUTO_FREE char *text = dump(c.filter);
	assert_string_equal(text, "{\"instructions\":7,\"program\":\"software\"}");
	add(&c, "{\"event\":\"filter\",\"program\":\"none\"}");
	assert_int_equal(json_object_size(c.filter), 2);
	assert_int_equal(c.refused, 1);
	claims_done(&c);
}

static void test_bounds(void **state)
{
	static char big[CLAIM_MESSAGE_MAX];
	struct claims c;
	size_t n;
	(void)state;

	claims_init(&c);
	/* A list in a message. */
	n = (size_t)snprintf(big, sizeof big, "{\"event\":\"shader\",\"local_size\":[0");
	while (n < sizeof big - 8)
		n += (size_t)snprintf(big + n, sizeof big - n, ",1");
	n += (size_t)snprintf(big + n, sizeof big - n, "]}");
	claims_add(&c, big, n);
	assert_int_equal(json_array_size(json_object_get(json_array_get(json_object_get(c.lists, "shaders"), 0), "local_size")), 64);
	/* A string: cut at 2048 bytes, never inside a character. */
	n = (size_t)snprintf(big, sizeof big, "{\"event\":\"warning\",\"text\":\"x");
	for (int i = 0; i < 2000; i++)
		n += (size_t)snprintf(big + n, sizeof big - n, "\xc3\xa4");
	n += (size_t)snprintf(big + n, sizeof big - n, "\"}");
	claims_add(&c, big, n);
	const json_t *text = json_object_get(json_array_get(json_object_get(c.lists, "warnings"), 0), "text");
	assert_int_equal(json_string_length(text), 2047);
	/* Messages of one kind. */
	for (int i = 0; i < CLAIM_LIST_MAX + 100; i++) {
		(void)snprintf(big, sizeof big, "{\"event\":\"phase\",\"name\":\"p\",\"ns\":%d}", i);
		add(&c, big);
	}
	const json_t *phases = json_object_get(c.lists, "phases");
	assert_int_equal(json_array_size(phases), CLAIM_LIST_MAX);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(phases, CLAIM_LIST_MAX - 1), "ns")), CLAIM_LIST_MAX - 1);
	assert_int_equal(c.dropped, 100);
	assert_int_equal(c.refused, 0);
	claims_done(&c);
}

/* Budgets of i = 0, 1, ... at i ms; the usage has one peak, the budget one valley, each in a sample that is merged. */
static void add_budget(struct claims *c, unsigned i, const char *at)
{
	char message[300];

	(void)snprintf(message, sizeof message,
		       "{\"event\":\"budget\",\"t_ns\":%u000000,\"at\":\"%s\",\"allocated\":%u,\"heaps\":[{\"budget\":%u,\"usage\":%u}]}", i + 1, at, i,
		       i == 1501 ? 7 : 1000, i == 2002 ? 900 : 50);
	add(c, message);
}

static json_int_t heap_number(const json_t *list, size_t i, const char *key)
{
	return json_integer_value(json_object_get(json_array_get(json_object_get(json_array_get(list, i), "heaps"), 0), key));
}

static void test_budgets_over_time(void **state)
{
	enum { MANY = 10000 };
	unsigned peaks = 0, valleys = 0;
	struct claims c;
	(void)state;

	claims_init(&c);
	add_budget(&c, 0, "start");
	for (unsigned i = 1; i < MANY; i++)
		add_budget(&c, i, "sample");
	add_budget(&c, MANY, "end");
	const json_t *list = json_object_get(c.lists, "budgets");
	size_t count = json_array_size(list);
	assert_in_range(count, CLAIM_LIST_MAX / 2, CLAIM_LIST_MAX);
	assert_int_equal(c.dropped, 0);
	assert_int_equal(c.budgets_taken, MANY + 1);
	assert_in_range(c.budget_interval_ns, 16000000, 40000000); /* 10 s by 512, doubled */
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "at")), "start");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, count - 1), "at")), "end");
	for (size_t i = 0; i < count; i++) {
		json_int_t t = json_integer_value(json_object_get(json_array_get(list, i), "t_ns"));
		peaks += heap_number(list, i, "usage") == 900;
		valleys += heap_number(list, i, "budget") == 7;
		if (i == 0)
			continue;
		json_int_t before = json_integer_value(json_object_get(json_array_get(list, i - 1), "t_ns"));
		assert_true(t > before);
		assert_true(t - before < 100000000); /* no gap: all of the run is covered alike */
	}
	assert_int_equal(peaks, 1);
	assert_int_equal(valleys, 1);
	claims_done(&c);
}

/* Time that stands still or runs backwards, and nothing but fixed points: still bounded. */
static void test_budgets_that_make_no_sense(void **state)
{
	struct claims c;
	(void)state;

	claims_init(&c);
	for (unsigned i = 0; i < 2000; i++)
		add_budget(&c, 5000 - i, "sample");
	for (unsigned i = 0; i < 2000; i++)
		add(&c, "{\"event\":\"budget\",\"at\":\"sample\"}");
	assert_in_range(json_array_size(json_object_get(c.lists, "budgets")), 1, CLAIM_LIST_MAX);
	claims_done(&c);
	for (unsigned i = 0; i < CLAIM_LIST_MAX + 7; i++)
		add_budget(&c, i, "start");
	assert_int_equal(json_array_size(json_object_get(c.lists, "budgets")), CLAIM_LIST_MAX);
	assert_int_equal(c.dropped, 7);
	claims_done(&c);
}

static void test_the_first_end_counts(void **state)
{
	static const struct {
		const char *name;
		enum claim_end how;
	} rows[] = {
		{"done", CLAIM_END_DONE}, {"bad-job", CLAIM_END_BAD_JOB}, {"device-memory", CLAIM_END_DEVICE_MEMORY}, {"device-lost", CLAIM_END_DEVICE_LOST},
		{"kernel-time", CLAIM_END_KERNEL_TIME}, {"cancelled", CLAIM_END_CANCELLED}, {"failed", CLAIM_END_FAILED}, {"check-failed", CLAIM_END_CHECK_FAILED},
	};
	char message[200];
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct claims c;
		claims_init(&c);
		(void)snprintf(message, sizeof message, "{\"event\":\"end\",\"reason\":\"%s\",\"text\":\"t\",\"needed\":8,\"x\":1}", rows[i].name);
		add(&c, message);
		assert_int_equal(c.how, rows[i].how);
		add(&c, "{\"event\":\"end\",\"reason\":\"done\",\"text\":\"again\"}");
		assert_int_equal(c.how, rows[i].how);
		assert_int_equal(c.dropped, 1);
		assert_string_equal(json_string_value(json_object_get(c.end, "text")), "t");
		assert_int_equal(json_object_size(c.end), 3);
		claims_done(&c);
		assert_null(c.end);
	}
}

static void test_progress(void **state)
{
	struct claims c;
	(void)state;

	claims_init(&c);
	assert_false(c.progressed);
	add(&c, "{\"event\":\"budget\",\"at\":\"start\",\"allocated\":77}");
	add(&c, "{\"event\":\"progress\",\"kernel\":\"k\",\"step\":2,\"steps\":3,\"dispatches\":40,\"total\":50,\"part\":0.5,\"elapsed_ns\":6}");
	assert_true(c.progressed);
	assert_string_equal(c.progress.kernel, "k");
	assert_true(c.progress.step == 2 && c.progress.steps == 3 && c.progress.dispatches == 40 && c.progress.total == 50);
	assert_true(c.progress.part == 0.5 && c.progress.elapsed_ns == 6 && c.progress.device_bytes == 77);
	/* What is missing or of another type is nothing, and nothing of it gets into the report. */
	add(&c, "{\"event\":\"progress\",\"kernel\":1,\"step\":-2,\"dispatches\":\"4\",\"part\":7}");
	assert_true(c.progress.kernel[0] == '\0' && c.progress.step == 0 && c.progress.dispatches == 0 && c.progress.part == 0);
	assert_int_equal(json_object_size(c.lists), 1);
	assert_int_equal(c.refused, 0);
	claims_done(&c);
}

static void test_outputs(void **state)
{
	struct claims c;
	(void)state;

	claims_init(&c);
	assert_false(claims_has_output(&c, "a"));
	add(&c, "{\"event\":\"output\",\"buffer\":3}");
	assert_false(claims_has_output(&c, "a"));
	add(&c, "{\"event\":\"output\",\"buffer\":\"ab\",\"bytes\":4}");
	assert_false(claims_has_output(&c, "a"));
	assert_true(claims_has_output(&c, "ab"));
	assert_false(claims_has_partial(&c, "ab"));
	add(&c, "{\"event\":\"output\",\"buffer\":\"p\",\"bytes\":4,\"partial\":true}");
	add(&c, "{\"event\":\"output\",\"buffer\":\"q\",\"bytes\":4,\"partial\":1}");
	assert_true(claims_has_partial(&c, "p"));
	assert_false(claims_has_partial(&c, "q"));
	assert_false(claims_has_partial(&c, "r"));
	claims_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_makes_no_sense_is_refused),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_only_known_members_of_the_right_type),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_budgets_over_time),
		cmocka_unit_test(test_budgets_that_make_no_sense),
		cmocka_unit_test(test_the_first_end_counts),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_outputs),
	};
	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
