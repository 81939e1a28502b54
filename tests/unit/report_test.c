/* SPDX-License-Identifier: Apache-2.0 */
/* The report's text: bytes of all kinds, both states, its path, and what it must not tell. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "report/parts.h"

static void test_any_bytes(void **state)
{
	static const struct {
		const char *bytes, *json;
	} rows[] = {
		{"", "\"\""}, {"plain", "\"plain\""}, {"\xc3\xa4", "\"\\u00E4\""}, {"\xf0\x9f\x98\x80", "\"\\uD83D\\uDE00\""},
		{"\xff", "\"\\\\xff\""}, {"a\xc3", "\"a\\\\xc3\""}, {"\xc3(", "\"\\\\xc3(\""}, {"\xc0\xaf", "\"\\\\xc0\\\\xaf\""},
		{"\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\""}, {"\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""}, {"\xe2\x82", "\"\\\\xe2\\\\x82\""},
		{"\x1b[31m\n", "\"\\u001B[31m\\n\""}, {"\"\\", "\"\\\"\\\\\""}, {"\x7f", "\"\x7f\""},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		json_t *j = part_string(rows[i].bytes);
		AUTO_FREE char *text = json_dumps(j, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		assert_non_null(text);
		assert_string_equal(text, rows[i].json);
		json_decref(j);
	}
	json_t *none = part_string(NULL);
	assert_true(json_is_null(none));
	json_decref(none);
}

/* Two strings of bytes never look the same: an escape that was there before is told from one of ours. */
static void test_escapes_are_unambiguous(void **state)
{
	(void)state;
	json_t *a = part_string("\xff"), *b = part_string("\\xff");
	assert_string_not_equal(json_string_value(a), json_string_value(b));
	json_decref(a);
	json_decref(b);
}

static void test_long_strings(void **state)
{
	static char bytes[100000];
	(void)state;

	memset(bytes, 0xfe, sizeof bytes - 1);
	json_t *j = part_string(bytes);
	assert_int_equal(json_string_length(j), 4 * (sizeof bytes - 1));
	json_decref(j);
}

struct fixture {
	struct spec spec;
	struct host host;
	struct plan plan;
	struct observed seen;
	struct outcome outcome;
	struct report_facts facts;
};

static void make(struct fixture *f)
{
	struct err e;

	memset(f, 0, sizeof *f);
	spec_init(&f->spec);
	f->spec.command = arena_alloc(&f->spec.arena, 4 * sizeof *f->spec.command);
	f->spec.command[0] = "true";
	f->spec.command[1] = "invalid \xff\xfe";
	f->spec.command[2] = "valid \xc3\xa4";
	f->spec.command_count = 3;
	assert_int_equal(spec_add_env(&f->spec, "SECRET", "hunter2", "--env", &e), 0);
	f->spec.limits.value[LIMIT_WALL] = 5000000000;
	assert_int_equal(spec_finish(&f->spec, &e), 0);
	host_read(&f->host);
	if (plan_make(&f->plan, &f->spec, &f->host, &e) < 0)
		fail_msg("%s", e.text);
	f->seen = (struct observed){.launched = true, .exited = true, .launch_ns = 1000, .started_ns = 2000, .ended_ns = 5000, .gone_ns = 7000};
	verdict_of_run(&f->plan, &f->seen, NULL, NULL, &f->outcome);
	f->facts = (struct report_facts){.spec = &f->spec, .host = &f->host, .plan = &f->plan, .seen = &f->seen, .outcome = &f->outcome};
}

static void done(struct fixture *f)
{
	plan_done(&f->plan);
	spec_done(&f->spec);
}

static json_int_t number(const json_t *report, const char *part, const char *key)
{
	const json_t *v = json_object_get(json_object_get(report, part), key);
	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static void test_a_report(void **state)
{
	struct fixture f;
	(void)state;

	make(&f);
	json_t *r = report_build(&f.facts, NULL);
	assert_string_equal(json_string_value(json_object_get(r, "state")), "done");
	const json_t *command = json_object_get(json_object_get(r, "job"), "command");
	assert_int_equal(json_array_size(command), 3);
	assert_string_equal(json_string_value(json_array_get(command, 1)), "invalid \\xff\\xfe");
	assert_string_equal(json_string_value(json_array_get(command, 2)), "valid \xc3\xa4");
	assert_int_equal(number(r, "times", "setup_ns"), 1000);
	assert_int_equal(number(r, "times", "run_ns"), 3000);
	assert_int_equal(number(r, "times", "wall_ns"), 6000);
	assert_int_equal(number(r, "outcome", "code"), 0);
	AUTO_FREE char *text = json_dumps(r, 0);
	assert_non_null(text);
	assert_null(strstr(text, "hunter2"));
	assert_null(json_object_get(r, "supervisor_pid"));
	json_decref(r);
	done(&f);
}

static void test_a_running_report(void **state)
{
	struct fixture f;
	(void)state;

	make(&f);
	f.facts.outcome = NULL;
	json_t *r = report_build(&f.facts, NULL);
	assert_string_equal(json_string_value(json_object_get(r, "state")), "running");
	assert_int_equal(json_integer_value(json_object_get(r, "supervisor_pid")), getpid());
	assert_null(json_object_get(r, "outcome"));
	assert_null(json_object_get(r, "usage"));
	assert_non_null(json_object_get(r, "limits"));
	json_decref(r);
	done(&f);
}

static void test_times_that_are_not_known(void **state)
{
	struct fixture f;
	(void)state;

	make(&f);
	f.seen.started_ns = f.seen.ended_ns = 0;
	json_t *r = report_build(&f.facts, NULL);
	const json_t *times = json_object_get(r, "times");
	assert_true(json_is_null(json_object_get(times, "setup_ns")));
	assert_true(json_is_null(json_object_get(times, "run_ns")));
	assert_int_equal(number(r, "times", "wall_ns"), 6000);
	json_decref(r);
	done(&f);
}

static void test_samples(void **state)
{
	struct usage rows[] = {
		{.at_ns = 1100, .cpu_ns = 1, .memory_bytes = 2, .processes = 3, .threads = 4},
		{.at_ns = 1200, .cpu_ns = 5, .memory_bytes = UINT32_MAX * 2ULL, .processes = 7, .threads = 8},
	};
	struct fixture f;
	(void)state;

	make(&f);
	f.seen.samples = (struct samples){.at = rows, .count = COUNTOF(rows), .taken = 9, .interval_ns = 50};
	json_t *r = report_build(&f.facts, NULL);
	AUTO_FREE char *text = json_dumps(json_object_get(json_object_get(r, "samples"), "rows"), JSON_COMPACT);
	assert_string_equal(text, "[[100,1,2,3,4,0,0],[200,5,8589934590,7,8,0,0]]");
	assert_int_equal(number(r, "samples", "taken"), 9);
	json_decref(r);
	done(&f);
}

/* Each number by itself, readings of different lengths, members that are missing. */
static void test_peak(void **state)
{
	static const char *const readings[] = {
		"{\"event\":\"budget\",\"at\":\"start\",\"allocated\":5,\"heaps\":[{\"budget\":1,\"usage\":70}]}",
		"{\"event\":\"budget\",\"at\":\"sample\",\"allocated\":9}",
		"{\"event\":\"budget\",\"at\":\"end\",\"allocated\":0,\"heaps\":[{\"budget\":1,\"usage\":60},{},{\"budget\":1,\"usage\":3}]}",
	};
	struct compute compute = {.where = ""};
	struct fixture f;
	struct claims c;
	(void)state;

	make(&f);
	claims_init(&c);
	f.spec.compute = &compute;
	f.facts.claims = &c;
	for (size_t i = 0; i < COUNTOF(readings); i++)
		claims_add(&c, readings[i], strlen(readings[i]));
	json_t *gpu = part_gpu(&f.facts);
	AUTO_FREE char *text = json_dumps(json_object_get(gpu, "peak"), JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, "{\"allocated\":9,\"heaps\":[{\"usage\":70},{},{\"usage\":3}]}");
	assert_int_equal(json_integer_value(json_object_get(gpu, "budgets_taken")), 3);
	json_decref(gpu);
	f.spec.compute = NULL;
	claims_done(&c);
	done(&f);
}

static void test_path(void **state)
{
	static const struct {
		const char *pattern, *path, *error;
	} rows[] = {
		{"r.json", "r.json", NULL}, {"%n.%j.%h.json", "job.77.node.json", NULL}, {"a%%b", "a%b", NULL}, {"100%", NULL, "unknown '% '"}, {"%x", NULL, "unknown '%x'"},
		{"missing/%n", NULL, "its directory cannot be opened"}, {"%%%n%%", "%job%", NULL},
	};
	char base[] = "/tmp/vkjail-report.XXXXXX";
	(void)state;

	assert_non_null(mkdtemp(base));
	assert_int_equal(chdir(base), 0);
	assert_int_equal(setenv("SLURM_JOB_ID", "77", 1), 0);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct report r;
		struct err e = ERR_INIT;
		struct host host = {.node = "node"};
		struct spec spec = {.name = "job", .report = rows[i].pattern};
		int result = report_open(&r, &spec, &host, &e);
		if (rows[i].path) {
			assert_int_equal(result, 0);
			assert_string_equal(r.path, rows[i].path);
		} else {
			assert_int_equal(result, -1);
			if (!strstr(e.text, rows[i].error))
				fail_msg("%s: %s", rows[i].pattern, e.text);
		}
		report_done(&r);
	}
	assert_int_equal(setenv("SLURM_JOB_ID", "../../etc/passwd", 1), 0);
	struct report r;
	struct err e = ERR_INIT;
	struct host host = {.node = "node"};
	struct spec spec = {.name = "job", .report = "%j.json"};
	assert_int_equal(report_open(&r, &spec, &host, &e), 0);
	assert_string_equal(r.path, "none.json");
	report_done(&r);
	(void)unsetenv("SLURM_JOB_ID");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(base), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_escapes_are_unambiguous),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_a_report),
		cmocka_unit_test(test_a_running_report),
		cmocka_unit_test(test_times_that_are_not_known),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_peak),
		cmocka_unit_test(test_path),
	};
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
