/* SPDX-License-Identifier: Apache-2.0 */
/* Facts -> reason: one row for each reason, then every combination of facts for what must hold for all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/auto.h"
#include "report/verdict.h"
#include "sandbox/proto.h"

#define EXIT(n)   ((n) << 8)
#define BY_EXEC   1
#define BY_MOUNT  2
#define NO_CLAIMS (-1)

/* The facts of one row; what is not said is 0. */
struct row {
	const char *name;
	int status, init_status;
	int failed; /* BY_EXEC, BY_MOUNT */
	int os, detail;
	enum cause_kind cause;
	int limit; /* CAUSE_LIMIT */
	int cancel;
	int claim; /* enum claim_end, NO_CLAIMS for a command */
	time_t cpu_seconds;
	bool unkillable, silent; /* silent: pid 1 ended without a word */
	enum reason reason;
	int exit_status;
	const char *text; /* a part of the sentence */
};

#define COMMAND .claim = NO_CLAIMS

static const struct row rows[] = {
	{"exit 0", .status = EXIT(0), COMMAND, .reason = REASON_EXITED, .exit_status = 0, .text = "exit status 0"},
	{"exit 3", .status = EXIT(3), COMMAND, .reason = REASON_EXITED, .exit_status = 3, .text = "exit status 3"},
	{"exit 124 is the job's own", .status = EXIT(124), COMMAND, .reason = REASON_EXITED, .exit_status = 124},
	{"SIGSEGV", .status = SIGSEGV, COMMAND, .reason = REASON_SIGNALED, .exit_status = 139, .text = "SIGSEGV"},
	{"core dumped", .status = SIGABRT | 0x80, COMMAND, .reason = REASON_SIGNALED, .exit_status = 134},
	{"SIGKILL from somebody", .status = SIGKILL, COMMAND, .reason = REASON_SIGNALED, .exit_status = 137},
	{"filter", .status = SIGSYS, COMMAND, .reason = REASON_SYSCALL, .exit_status = 122, .text = "seccomp"},
	{"file size", .status = SIGXFSZ, COMMAND, .reason = REASON_FILE_SIZE, .exit_status = 122, .text = "larger than"},
	{"SIGXCPU without the time", .status = SIGXCPU, COMMAND, .reason = REASON_SIGNALED, .exit_status = 128 + SIGXCPU},
	{"RLIMIT_CPU", .status = SIGXCPU, .cpu_seconds = 1, COMMAND, .reason = REASON_CPU_TIME, .exit_status = 124, .text = "RLIMIT_CPU"},
	{"wall", .status = SIGTERM, COMMAND, .cause = CAUSE_LIMIT, .limit = LIMIT_WALL, .reason = REASON_WALL_TIME, .exit_status = 124, .text = "real time"},
	{"wall, ended with 0 in the grace", .status = EXIT(0), COMMAND, .cause = CAUSE_LIMIT, .limit = LIMIT_WALL, .reason = REASON_WALL_TIME, .exit_status = 124},
	{"wall, pid 1 killed with it", .silent = true, .init_status = SIGKILL, COMMAND, .cause = CAUSE_LIMIT, .limit = LIMIT_WALL, .reason = REASON_WALL_TIME, .exit_status = 124},
	{"cpu", .status = SIGTERM, COMMAND, .cause = CAUSE_LIMIT, .limit = LIMIT_CPU, .reason = REASON_CPU_TIME, .exit_status = 124, .text = "CPU time"},
	{"idle", .status = SIGTERM, COMMAND, .cause = CAUSE_LIMIT, .limit = LIMIT_IDLE, .reason = REASON_IDLE, .exit_status = 124, .text = "no CPU time"},
	{"memory", .silent = true, .init_status = SIGKILL, COMMAND, .cause = CAUSE_LIMIT, .limit = LIMIT_MEMORY, .reason = REASON_MEMORY, .exit_status = 137, .text = "of memory"},
	{"output", .status = SIGPIPE, COMMAND, .cause = CAUSE_LIMIT, .limit = LIMIT_OUTPUT, .reason = REASON_OUTPUT, .exit_status = 122, .text = "stdout and stderr"},
	{"SIGINT", .status = SIGINT, COMMAND, .cause = CAUSE_CANCEL, .cancel = SIGINT, .reason = REASON_CANCELLED, .exit_status = 130, .text = "SIGINT"},
	{"SIGTERM, and the job ended with 0", .status = EXIT(0), COMMAND, .cause = CAUSE_CANCEL, .cancel = SIGTERM, .reason = REASON_CANCELLED, .exit_status = 143},
	{"SIGHUP while it was set up", .failed = BY_MOUNT, .os = EINTR, COMMAND, .cause = CAUSE_CANCEL, .cancel = SIGHUP, .reason = REASON_CANCELLED, .exit_status = 129},
	{"no such command", .failed = BY_EXEC, .os = ENOENT, .detail = EXEC_DETAIL_MISSING, COMMAND, .reason = REASON_NOT_FOUND, .exit_status = 127, .text = "not found in PATH"},
	{"not executable", .failed = BY_EXEC, .os = EACCES, .detail = 1 << 16, COMMAND, .reason = REASON_EXEC_FAILED, .exit_status = 126, .text = "'/b/prog' could not be executed: Permission denied (EACCES)"},
	{"no interpreter", .failed = BY_EXEC, .os = ENOENT, .detail = EXEC_DETAIL_INTERPRETER, COMMAND, .reason = REASON_EXEC_FAILED, .exit_status = 126, .text = "interpreter"},
	{"mount", .failed = BY_MOUNT, .os = EPERM, COMMAND, .reason = REASON_SETUP_FAILED, .exit_status = 125, .text = "step 0, bind '/src' ("},
	{"an errno without a name", .failed = BY_MOUNT, .os = 9999, COMMAND, .reason = REASON_SETUP_FAILED, .exit_status = 125},
	{"unkillable", .unkillable = true, .silent = true, COMMAND, .reason = REASON_UNKILLABLE, .exit_status = 125, .text = "SIGKILL"},
	{"unkillable after a limit", .unkillable = true, .silent = true, COMMAND, .cause = CAUSE_LIMIT, .limit = LIMIT_WALL, .reason = REASON_UNKILLABLE, .exit_status = 125, .text = "a limit had been reached"},
	{"pid 1 killed from outside", .silent = true, .init_status = SIGKILL, COMMAND, .reason = REASON_SIGNALED, .exit_status = 137, .text = "from outside"},
	{"pid 1 gone without a word", .silent = true, COMMAND, .reason = REASON_RUNNER_FAILED, .exit_status = 125},

	{"compute: done", .status = EXIT(0), .claim = CLAIM_END_DONE, .reason = REASON_EXITED, .exit_status = 0},
	{"compute: shader", .status = EXIT(125), .claim = CLAIM_END_BAD_JOB, .reason = REASON_BAD_JOB, .exit_status = 125, .text = "said"},
	{"compute: memory", .status = EXIT(123), .claim = CLAIM_END_DEVICE_MEMORY, .reason = REASON_DEVICE_MEMORY, .exit_status = 123},
	{"compute: lost, and ended with 0", .status = EXIT(0), .claim = CLAIM_END_DEVICE_LOST, .reason = REASON_DEVICE_LOST, .exit_status = 123},
	{"compute: kernel", .status = EXIT(124), .claim = CLAIM_END_KERNEL_TIME, .reason = REASON_KERNEL_TIME, .exit_status = 124},
	{"compute: failed", .status = EXIT(125), .claim = CLAIM_END_FAILED, .reason = REASON_RUNNER_FAILED, .exit_status = 125},
	{"compute: silent", .status = EXIT(0), .claim = CLAIM_END_NONE, .reason = REASON_RUNNER_FAILED, .exit_status = 125, .text = "without saying why"},
	{"compute: another value than expected", .status = EXIT(1), .claim = CLAIM_END_CHECK_FAILED, .reason = REASON_CHECK_FAILED, .exit_status = 1},
	{"compute: cancelled by itself", .status = EXIT(0), .claim = CLAIM_END_CANCELLED, .reason = REASON_RUNNER_FAILED, .exit_status = 125},
	{"compute: crashed", .status = SIGSEGV, .claim = CLAIM_END_NONE, .reason = REASON_SIGNALED, .exit_status = 139},
	{"compute: crashed after it was done", .status = SIGSEGV, .claim = CLAIM_END_DONE, .reason = REASON_SIGNALED, .exit_status = 139},
	{"compute: filter", .status = SIGSYS, .claim = CLAIM_END_NONE, .reason = REASON_SYSCALL, .exit_status = 122},
	{"compute: filter, whatever was claimed", .status = SIGSYS, .claim = CLAIM_END_BAD_JOB, .reason = REASON_SYSCALL, .exit_status = 122},
	{"compute: the limit came first", .status = EXIT(125), .claim = CLAIM_END_BAD_JOB, .cause = CAUSE_LIMIT, .limit = LIMIT_WALL, .reason = REASON_WALL_TIME, .exit_status = 124},
	{"compute: the signal came first", .status = EXIT(130), .claim = CLAIM_END_CANCELLED, .cause = CAUSE_CANCEL, .cancel = SIGINT, .reason = REASON_CANCELLED, .exit_status = 130},
	{"compute: no helper program", .failed = BY_EXEC, .os = ENOENT, .detail = EXEC_DETAIL_MISSING, .claim = CLAIM_END_NONE, .reason = REASON_RUNNER_FAILED, .exit_status = 125, .text = "installation"},
};

static struct step steps[] = {{.op = STEP_BIND, .source = "/src", .target = "dst"}, {.op = STEP_EXEC}};
static const char *argv[] = {"prog", NULL};
static const char *paths[] = {"/a/prog", "/b/prog", NULL};

static void make_plan(struct plan *p)
{
	memset(p, 0, sizeof *p);
	p->steps = steps;
	p->step_count = COUNTOF(steps);
	p->argv = argv;
	p->exec_paths = paths;
	p->filter.len = 1;
	for (int i = 0; i < LIMIT_COUNT; i++)
		p->limits.value[i] = 1000;
}

static void judge(const struct row *r, struct outcome *ret)
{
	struct plan p;
	struct claims c;
	struct observed o = {
		.launched = true,
		.exited = !r->silent && !r->failed,
		.status = r->status,
		.init_status = r->init_status,
		.unkillable = r->unkillable,
		.step_failed = r->failed != 0,
		.step = r->failed == BY_EXEC,
		.step_os = r->os,
		.step_detail = (unsigned)r->detail,
		.cause = r->cause,
		.limit = (enum limit)r->limit,
		.value = 2000,
		.cancel_signal = r->cancel,
		.rusage.ru_utime.tv_sec = r->cpu_seconds,
	};

	make_plan(&p);
	p.helper = r->claim != NO_CLAIMS;
	claims_init(&c);
	c.how = r->claim == NO_CLAIMS ? CLAIM_END_NONE : (enum claim_end)r->claim;
	if (c.how != CLAIM_END_NONE)
		c.end = json_pack("{s:s,s:s,s:I,s:I}", "text", "what was said", "where", "a.yaml:3", "observed_ns", (json_int_t)5000, "needed", (json_int_t)6000);
	verdict_of_run(&p, &o, r->claim == NO_CLAIMS ? NULL : &c, NULL, ret);
	claims_done(&c);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		const struct row *r = &rows[i];
		struct outcome out;
		judge(r, &out);
		if (out.reason != r->reason || out.exit_status != r->exit_status || (r->text && !strstr(out.text, r->text)))
			fail_msg("%s: got %s, %d, '%s'; want %s, %d, '%s'", r->name, reason_table[out.reason].name, out.exit_status, out.text,
				 reason_table[r->reason].name, r->exit_status, r->text ? r->text : "");
	}
}

static void test_every_reason_of_a_run_has_a_row(void **state)
{
	(void)state;
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		bool before_or_after = reason == REASON_RATE_LIMITED || reason == REASON_NOT_ADMITTED || reason == REASON_SUPERVISOR_LOST;
		bool found = before_or_after;
		for (size_t i = 0; i < COUNTOF(rows); i++)
			found = found || rows[i].reason == (enum reason)reason;
		if (!found)
			fail_msg("no row for %s", reason_table[reason].name);
	}
}

static void test_every_limit_that_ends_a_job(void **state)
{
	(void)state;
	for (int limit = 0; limit < LIMIT_COUNT; limit++) {
		if (limit_table[limit].reason == REASON_EXITED)
			continue;
		const struct row r = {"limit", .status = SIGTERM, COMMAND, .cause = CAUSE_LIMIT, .limit = limit};
		struct outcome out;
		judge(&r, &out);
		assert_int_equal(out.reason, limit_table[limit].reason);
		assert_int_equal(out.limit, limit);
		assert_int_equal(out.value, 2000);
		assert_int_equal(out.code, -1);
	}
}

static void test_claimed_limits_carry_their_numbers(void **state)
{
	(void)state;
	struct outcome out;

	judge(&(struct row){"kernel", .status = EXIT(124), .claim = CLAIM_END_KERNEL_TIME}, &out);
	assert_int_equal(out.limit, LIMIT_KERNEL);
	assert_int_equal(out.value, 5000);
	assert_string_equal(out.where, "a.yaml:3");
	judge(&(struct row){"memory", .status = EXIT(123), .claim = CLAIM_END_DEVICE_MEMORY}, &out);
	assert_int_equal(out.limit, LIMIT_DEVICE_MEMORY);
	assert_int_equal(out.value, 6000);
}

/* What holds for an outcome whatever the facts were. */
static void check(const struct row *r)
{
	struct outcome a, b;

	memset(&a, 0xaa, sizeof a);
	memset(&b, 0x55, sizeof b);
	judge(r, &a);
	judge(r, &b);
	assert_true(a.reason < (enum reason)REASON_COUNT);
	assert_int_equal(a.reason, b.reason);
	assert_int_equal(a.exit_status, b.exit_status);
	assert_string_equal(a.text, b.text);
	assert_string_equal(a.where, b.where);
	assert_true(strlen(a.text) > 10);
	int rule = reason_table[a.reason].status;
	if (rule == STATUS_OWN)
		assert_true(a.code >= 0 && a.exit_status == a.code);
	else if (rule == STATUS_SIGNAL)
		assert_true(a.signal > 0 && a.exit_status == 128 + a.signal);
	else
		assert_int_equal(a.exit_status, rule);
	assert_true(a.limit >= -1 && a.limit < LIMIT_COUNT);
	/* First cause wins: nothing but a process that cannot be killed or a sandbox that never stood outdoes it. */
	if (r->cause == CAUSE_CANCEL && !r->unkillable)
		assert_int_equal(a.reason, REASON_CANCELLED);
	if (r->cause == CAUSE_LIMIT && !r->unkillable && !r->failed)
		assert_int_equal(a.reason, limit_table[r->limit].reason);
}

static void test_all_combinations(void **state)
{
	static const int statuses[] = {EXIT(0), EXIT(1), EXIT(255), SIGTERM, SIGKILL, SIGSYS, SIGXFSZ, SIGXCPU, SIGSEGV | 0x80, 64};
	static const int ends[] = {NO_CLAIMS, CLAIM_END_NONE, CLAIM_END_DONE, CLAIM_END_BAD_JOB, CLAIM_END_DEVICE_MEMORY,
				   CLAIM_END_DEVICE_LOST, CLAIM_END_KERNEL_TIME, CLAIM_END_CANCELLED, CLAIM_END_CHECK_FAILED, CLAIM_END_FAILED};
	static const int causes[][2] = {{CAUSE_NONE, 0}, {CAUSE_LIMIT, LIMIT_WALL}, {CAUSE_LIMIT, LIMIT_MEMORY}, {CAUSE_LIMIT, LIMIT_OUTPUT}, {CAUSE_CANCEL, 0}};
	(void)state;

	for (size_t s = 0; s < COUNTOF(statuses); s++)
		for (size_t n = 0; n < COUNTOF(ends); n++)
			for (size_t c = 0; c < COUNTOF(causes); c++)
				for (int bits = 0; bits < 24; bits++)
					check(&(struct row){.status = statuses[s],
							    .claim = ends[n],
							    .cause = (enum cause_kind)causes[c][0],
							    .limit = causes[c][1],
							    .cancel = SIGTERM,
							    .unkillable = bits & 1,
							    .silent = bits & 2,
							    .init_status = bits & 4 ? SIGKILL : 0,
							    .failed = bits / 8,
							    .os = ENOENT,
							    .detail = EXEC_DETAIL_MISSING});
}

static void test_error(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	struct outcome out;

	(void)err_os(&e, EACCES, "/x", "cannot open");
	verdict_of_error(REASON_SETUP_FAILED, &e, &out);
	assert_int_equal(out.exit_status, 125);
	assert_string_equal(out.where, "/x");
	assert_string_equal(out.text, "cannot open: Permission denied (EACCES)");
	assert_int_equal(out.code, -1);
	assert_int_equal(out.limit, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_reason_of_a_run_has_a_row),
		cmocka_unit_test(test_every_limit_that_ends_a_job),
		cmocka_unit_test(test_claimed_limits_carry_their_numbers),
		cmocka_unit_test(test_all_combinations),
		cmocka_unit_test(test_error),
	};
	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
