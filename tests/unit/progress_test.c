/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the progress display, for numbers of all kinds, and what goes to a pipe or a file. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "cli/progress.h"

#define S  UINT64_C(1000000000)
#define MB (UINT64_C(1) << 20)

static void test_words(void **state)
{
	static const struct {
		struct claim_progress claim;
		uint64_t memory, memory_limit, device_limit;
		const char *text;
	} rows[] = {
		{{.kernel = "blur", .step = 3, .steps = 4, .dispatches = 1200, .total = 5000, .elapsed_ns = 5 * S, .device_bytes = 40 * MB},
		 112 * MB + 5, 1024 * MB, 64 * MB,
		 "vkjail: blur  step 3/4  1200/5000 (24%)  240/s  5s, 15s left  mem 112MiB/1GiB  dev 40MiB/64MiB"},
		{{.kernel = "one", .step = 1, .steps = 1, .total = 1, .part = 0.25, .elapsed_ns = 2 * S}, 0, LIMIT_NONE, LIMIT_UNSET,
		 "vkjail: one  step 1/1  0/1 (25%)  0.1/s  2s, 6s left"},
		{{.kernel = "slow", .step = 1, .steps = 1, .total = 1, .part = 0.1, .elapsed_ns = 9 * S}, 0, LIMIT_NONE, LIMIT_UNSET,
		 "vkjail: slow  step 1/1  0/1 (10%)  9s, 1m21s left"},
		{{.kernel = "k", .step = 1, .steps = 1, .dispatches = 7, .elapsed_ns = S / 2, .device_bytes = 100}, 0, LIMIT_UNSET, LIMIT_UNSET,
		 "vkjail: k  step 1/1  7  14/s  0s  dev 100B"},
		{{.kernel = "none"}, 0, LIMIT_UNSET, LIMIT_UNSET, "vkjail: none  step 0/0  0  0s"},
		/* More than there should be. */
		{{.kernel = "k", .dispatches = 9, .total = 3, .elapsed_ns = S}, 0, LIMIT_UNSET, LIMIT_UNSET, "vkjail: k  step 0/0  9/3  9.0/s  1s"},
		{{.kernel = "\033[2J\r\n\xff", .elapsed_ns = S}, 0, LIMIT_UNSET, LIMIT_UNSET, "vkjail: \\x1b[2J\\x0d\\x0a\\xff  step 0/0  0  1s"},
		{{.kernel = "k", .step = UINT64_MAX, .steps = UINT64_MAX, .dispatches = UINT64_MAX, .total = UINT64_MAX, .elapsed_ns = UINT64_MAX,
		  .device_bytes = UINT64_MAX}, UINT64_MAX, LIMIT_UNSET, LIMIT_UNSET,
		 "vkjail: k  step 18446744073709551615/18446744073709551615  18446744073709551615/18446744073709551615 (100%)  1000000000/s"
		 "  mem 16383.99PiB  dev 16383.99PiB"},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct progress_view v = {.fd = -1, .memory_limit = rows[i].memory_limit, .device_limit = rows[i].device_limit};
		struct watch_progress p = {.claim = &rows[i].claim, .memory_bytes = rows[i].memory};
		char buf[240];
		assert_string_equal(progress_text(&v, &p, buf, sizeof buf), rows[i].text);
		/* However little room there is, the text stays inside and is ended. */
		for (size_t size = 1; size < sizeof buf; size++) {
			memset(buf, 'x', sizeof buf);
			assert_true(strlen(progress_text(&v, &p, buf, size)) < size);
			assert_int_equal(buf[size], 'x');
		}
	}
}

/* Whether a view is opened for this job, with stderr in a pipe; and what arrives there. */
static void test_who_gets_it(void **state)
{
	static const struct {
		bool compute, quiet, verbose, dry_run, wanted;
	} rows[] = {
		{true, false, true, false, true}, {true, false, false, false, false}, {true, true, true, false, false},
		{true, false, true, true, false}, {false, false, true, false, false},
	};
	struct compute compute = {.where = ""};
	int ends[2], saved = dup(STDERR_FILENO);
	(void)state;

	assert_int_equal(pipe(ends), 0);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct progress_view v;
		struct spec spec = {.compute = rows[i].compute ? &compute : NULL, .quiet = rows[i].quiet, .verbose = rows[i].verbose,
				    .dry_run = rows[i].dry_run};
		assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
		bool wanted = progress_open(&v, &spec);
		assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
		assert_int_equal(wanted, rows[i].wanted);
		progress_close(&v);
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(saved);
}

/* A pipe that nobody reads: the first lines go in, and then nothing blocks. */
static void test_a_full_pipe(void **state)
{
	static const struct claim_progress claim = {.kernel = "k", .step = 1, .steps = 2, .elapsed_ns = S};
	const struct watch_progress p = {.claim = &claim};
	static char text[1 << 17];
	int ends[2];
	(void)state;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	struct progress_view v = {.fd = ends[1]};
	for (int i = 0; i < 10000; i++) {
		v.next_ns = 0;
		progress_show(&v, &p);
	}
	progress_show(&v, &p); /* too early: nothing */
	progress_show(&v, NULL);
	ssize_t n = read(ends[0], text, sizeof text - 1);
	assert_true(n > 0);
	text[n] = '\0';
	const char first[] = "vkjail: k  step 1/2  0  1s\n";
	assert_memory_equal(text, first, sizeof first - 1);
	assert_int_equal((size_t)n % (sizeof first - 1), 0); /* whole lines only */
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_who_gets_it),
		cmocka_unit_test(test_a_full_pipe),
	};
	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
