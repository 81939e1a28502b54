/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second filter of 'strict', embedded and compiled, on top of the first: both programs of each call are run, and
 * the answer that the kernel would take is judged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "base/late-call.h"
#include "sandbox/call-name.h"
#include "sandbox/filter-rules.h"
#include "unit/bpf_sim.h"

#define ALLOW  SECCOMP_RET_ALLOW
#define ASK    SECCOMP_RET_USER_NOTIF
#define TRAP   SECCOMP_RET_TRAP
#define KILL   SECCOMP_RET_KILL_PROCESS
#define REFUSE (TRAP | EACCES)
#define HIGH   0xdeadbeef00000000ULL
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

struct programs {
	struct filter first, second[FILTER_SECONDS][2]; /* embedded, compiled */
};

static int set_up(void **state)
{
	static struct programs p;
	struct err e = ERR_INIT;

	if (filter_get(SECCOMP_STRICT, &p.first, &e))
		return -1;
	for (int i = 0; i < FILTER_SECONDS; i++)
		if (filter_second_get((enum filter_second)i, &p.second[i][0], &e) ||
			filter_second_compile((enum filter_second)i, &p.second[i][1], &e))
			return -1;
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct programs *p = *state;

	filter_done(&p->first);
	for (int i = 0; i < FILTER_SECONDS; i++)
		for (int k = 0; k < 2; k++)
			filter_done(&p->second[i][k]);
	return 0;
}

static uint32_t second_says(const struct programs *p, int which, const struct seccomp_data *d)
{
	const struct filter *f = p->second[which];
	uint32_t said = bpf_sim(f[0].insns, f[0].len, d);

	assert_int_equal(bpf_sim(f[1].insns, f[1].len, d), said);
	return said;
}

/* The kernel takes the action with the lowest value, as a signed number (seccomp(2)). */
static uint32_t kernel_takes(const struct programs *p, int which, const struct seccomp_data *d)
{
	uint32_t one = bpf_sim(p->first.asking, p->first.len, d), other = second_says(p, which, d);
	int32_t a = (int32_t)(one & SECCOMP_RET_ACTION_FULL),
		b = (int32_t)(other & SECCOMP_RET_ACTION_FULL);

	return b < a ? other : one;
}

static void test_embedded_is_compiled(void **state)
{
	const struct programs *p = *state;

	for (int i = 0; i < FILTER_SECONDS; i++) {
		const struct filter *f = p->second[i];
		assert_in_range(f[0].len, 1, BPF_MAXINSNS);
		assert_int_equal(f[0].len, f[1].len);
		assert_memory_equal(f[0].insns, f[1].insns, f[0].len * sizeof *f[0].insns);
	}
}

/* Without any condition, or with some. */
static bool is_kept(int which, const char *call)
{
	size_t count;
	const struct filter_rule *rules = filter_second_rules((enum filter_second)which, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(rules[i].name, call) == 0 &&
			(rules[i].action == FILTER_ALLOW || rules[i].test_count))
			return true;
	return false;
}

static bool is_allowed(const char *call)
{
	const struct filter_profile *first = filter_profile(SECCOMP_STRICT);

	for (size_t i = 0; i < first->count; i++)
		if (first->rules[i].action == FILTER_ALLOW && strcmp(first->rules[i].name, call) == 0)
			return true;
	return false;
}

/* It keeps nothing that the first one does not have: a row that says so is a mistake. */
static void test_keeps_only_what_is_there(void **state)
{
	(void)state;
	for (int w = 0; w < FILTER_SECONDS; w++) {
		size_t count;
		const struct filter_rule *rules = filter_second_rules((enum filter_second)w, &count);
		for (size_t i = 0; i < count; i++)
			if (!is_allowed(rules[i].name))
				fail_msg("'%s' is kept, and 'strict' does not allow it", rules[i].name);
	}
}

/* What the first allows and nobody keeps is ended, whatever the arguments; what it refuses is left to it, to tell. */
static void test_all_numbers(void **state)
{
	const struct programs *p = *state;
	const struct filter_profile *first = filter_profile(SECCOMP_STRICT);

	for (int w = 0; w < FILTER_SECONDS; w++) {
		unsigned ended = 0;
		for (size_t i = 0; i < first->count; i++) {
			struct seccomp_data d = {
				.arch = seccomp_arch_native(), .nr = call_number(first->rules[i].name)};
			if (d.nr < 0 || is_kept(w, first->rules[i].name))
				continue;
			bool allowed = first->rules[i].action == FILTER_ALLOW;
			for (int ones = 0; ones < 2; ones++) {
				memset(d.args, ones ? 0xff : 0, sizeof d.args);
				uint32_t said = second_says(p, w, &d);
				assert_int_equal(said & SECCOMP_RET_ACTION_FULL, allowed ? TRAP : ALLOW);
			}
			ended += allowed;
		}
		assert_in_range(ended, 8, 200);
		for (int nr = 0; nr < 1024; nr++) {
			struct seccomp_data d = {.arch = seccomp_arch_native(), .nr = nr};
			if (bpf_sim(p->first.asking, p->first.len, &d) != ALLOW)
				assert_true(second_says(p, w, &d) == ALLOW);
		}
	}
}

static void test_foreign_architectures_are_the_first_ones(void **state)
{
	const struct programs *p = *state;
	static const uint32_t archs[] = {
		0, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM};

	for (int w = 0; w < FILTER_SECONDS; w++)
		for (size_t a = 0; a < COUNTOF(archs); a++)
			for (int nr = -1; nr < 600; nr++) {
				struct seccomp_data d = {.arch = archs[a], .nr = nr};
				if (archs[a] != seccomp_arch_native())
					assert_int_equal(kernel_takes(p, w, &d), ASK);
#ifdef __x86_64__
				d = (struct seccomp_data){
					.arch = AUDIT_ARCH_X86_64, .nr = nr | 0x40000000};
				assert_int_equal(kernel_takes(p, w, &d), ASK);
#endif
			}
}

struct row {
	int nr;
	uint64_t args[4];
	uint32_t want[FILTER_SECONDS]; /* software, hardware */
};

static const struct row rows[] = {
	/* what goes on */
	{SYS_futex, {0}, {ALLOW, ALLOW}},
	{SYS_mmap, {0}, {ALLOW, ALLOW}},
	{SYS_mprotect, {0, 0, 7}, {ALLOW, ALLOW}},
	{SYS_brk, {0}, {ALLOW, ALLOW}},
	{SYS_sendto, {4}, {ALLOW, ALLOW}},
	{SYS_write, {1}, {ALLOW, ALLOW}},
	{SYS_pread64, {5}, {ALLOW, ALLOW}},
	{SYS_pwrite64, {5}, {ALLOW, ALLOW}},
	{SYS_exit, {0}, {ALLOW, ALLOW}},
	{SYS_exit_group, {0}, {ALLOW, ALLOW}},
	{SYS_tgkill, {2, 2, SIGABRT}, {ALLOW, ALLOW}},
	{SYS_rt_sigreturn, {0}, {ALLOW, ALLOW}},
	{SYS_memfd_create, {0}, {ALLOW, ALLOW}},
#ifndef VKJAIL_SANITIZED
	/* files, processes, sockets, devices */
	{SYS_openat, {0}, {REFUSE, ALLOW}},
	{SYS_readlinkat, {0}, {REFUSE, ALLOW}},
	{SYS_newfstatat, {5, 0, 0, AT_EMPTY_PATH}, {ALLOW, ALLOW}},
	{SYS_newfstatat, {5, 0, 0, AT_EMPTY_PATH | HIGH}, {ALLOW, ALLOW}},
	{SYS_newfstatat, {5, 0, 0, 0}, {REFUSE, ALLOW}},
	{SYS_execve, {0}, {TRAP, TRAP}},
	{SYS_clone, {THREAD}, {ALLOW, ALLOW}},
	{SYS_clone, {THREAD | HIGH}, {ALLOW, ALLOW}},
	{SYS_clone, {SIGCHLD}, {TRAP, TRAP}},
	{SYS_clone, {CLONE_VM | CLONE_VFORK | SIGCHLD}, {TRAP, TRAP}},
	{SYS_clone, {THREAD | CLONE_NEWUSER}, {ASK, ASK}},
	{SYS_prctl, {PR_SET_DUMPABLE, 1}, {TRAP, TRAP}},
	{SYS_prctl, {PR_SET_DUMPABLE | HIGH, 1}, {TRAP, TRAP}},
	{SYS_wait4, {0}, {TRAP, TRAP}},
	{SYS_pipe2, {0}, {TRAP, ALLOW}},
#endif
	{SYS_prctl, {PR_SET_NAME}, {ALLOW, ALLOW}},
	{SYS_prctl, {PR_SET_MM}, {ASK, ASK}},
	{SYS_kill, {1, SIGKILL}, {TRAP, TRAP}},
	{SYS_tkill, {1, SIGKILL}, {TRAP, TRAP}},
	{SYS_pidfd_open, {1}, {TRAP, TRAP}},
	{SYS_pidfd_send_signal, {1}, {TRAP, TRAP}},
	{SYS_setrlimit, {0}, {TRAP, TRAP}},
	{SYS_sendmsg, {4}, {TRAP, TRAP}},
	{SYS_recvmsg, {4}, {TRAP, TRAP}},
	{SYS_socket, {1, 1}, {ASK, ASK}},
	{SYS_connect, {0}, {ASK, ASK}},
	{SYS_ioctl, {0, TCGETS}, {ALLOW, ALLOW}},
	{SYS_ioctl, {0, TIOCSTI}, {ASK, ASK}},
	{SYS_ioctl, {3, 0xc0106409}, {TRAP, ALLOW}},	    /* a DRM request */
	{SYS_ioctl, {3, 0xc0106409 | HIGH}, {TRAP, ALLOW}},
	{SYS_ioctl, {3, 0xc00846d6}, {TRAP, ALLOW}},	    /* of NVIDIA's driver */
	{SYS_ioctl, {3, 0x30000001}, {TRAP, ALLOW}},	    /* its unified memory */
	{SYS_ioctl, {3, 0x6201}, {TRAP, ALLOW}},	    /* shared buffers */
	/* the handler of SIGSYS, and filters */
	{SYS_rt_sigaction, {SIGSYS}, {KILL, KILL}},
	{SYS_rt_sigaction, {SIGSYS | HIGH}, {KILL, KILL}},
	{SYS_rt_sigaction, {SIGTERM}, {ALLOW, ALLOW}},
	{SYS_seccomp, {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC}, {TRAP, TRAP}},
	{SYS_seccomp, {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER}, {TRAP, TRAP}},
	{SYS_seccomp, {LATE_CALL, AUDIT_ARCH_X86_64, 1}, {ASK, ASK}},
	/* what no profile has */
	{SYS_mount, {0}, {ASK, ASK}},
	{SYS_setuid, {0}, {ASK, ASK}},
	{SYS_mkdirat, {0}, {ASK, ASK}},
};

static void test_rows(void **state)
{
	for (size_t r = 0; r < COUNTOF(rows); r++) {
		struct seccomp_data d = {.arch = seccomp_arch_native(), .nr = rows[r].nr};
		memcpy(d.args, rows[r].args, sizeof rows[r].args);
		for (int w = 0; w < FILTER_SECONDS; w++) {
			uint32_t got = kernel_takes(*state, w, &d);
			if (got != rows[r].want[w])
				fail_msg("row %zu, program %d: got 0x%x, want 0x%x", r, w, got,
					rows[r].want[w]);
		}
	}
}

/* At the launch: this filter and no other, and none that could have a listener. */
static void test_what_the_first_allows_for_it(void **state)
{
	const struct programs *p = *state;

	for (uint64_t flags = 0; flags < 64; flags++)
		for (uint64_t operation = 0; operation < 8; operation++) {
			const struct seccomp_data d = {.arch = seccomp_arch_native(),
				.nr = SYS_seccomp,
				.args = {operation, flags}};
			bool meant = operation == SECCOMP_SET_MODE_FILTER &&
				     flags == SECCOMP_FILTER_FLAG_TSYNC;
			assert_int_equal(
				bpf_sim(p->first.insns, p->first.len, &d), meant ? ALLOW : KILL);
		}
}

static void test_late_call(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		unsigned long even = 0x1234567800000000UL | 1UL << i % 32, odd = ~even;
		uint64_t pair = late_call_pack(even, odd);
		assert_int_equal(late_call_unpack(pair, 2), (uint32_t)even);
		assert_int_equal(late_call_unpack(pair, 3), (uint32_t)odd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_embedded_is_compiled),
		cmocka_unit_test(test_keeps_only_what_is_there),
		cmocka_unit_test(test_all_numbers),
		cmocka_unit_test(test_foreign_architectures_are_the_first_ones),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_what_the_first_allows_for_it),
		cmocka_unit_test(test_late_call),
	};

	return cmocka_run_group_tests_name("filter_second", tests, set_up, tear_down);
}
