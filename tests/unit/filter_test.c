/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs every profile's program, embedded and compiled, over rows {call, arguments -> action}. The
 * first half walks the tables; the second half knows the answers without the tables.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/kcmp.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "sandbox/call-name.h"
#include "sandbox/filter-rules.h"
#include "sandbox/filter.h"
#include "unit/bpf_sim.h"

#define KILL        SECCOMP_RET_KILL_PROCESS
#define ALLOW       SECCOMP_RET_ALLOW
#define REFUSE(err) (SECCOMP_RET_ERRNO | (err))
#define HIGH        0xdeadbeef00000000ULL /* garbage in the half of the register that the kernel ignores */
#define X32         0x40000000
#ifdef VKJAIL_SANITIZED
#define STRICT_PERSONALITY ALLOW /* asked for by the sanitizers' run-time */
#else
#define STRICT_PERSONALITY KILL
#endif

enum { PROFILES = 2 };
static const enum spec_seccomp profiles[PROFILES] = {SECCOMP_DEFAULT, SECCOMP_STRICT};
static const uint32_t otherwise[PROFILES] = {REFUSE(ENOSYS), KILL};

struct programs {
	struct filter filters[PROFILES][2]; /* embedded, compiled */
};

static uint32_t native_arch(void)
{
	return seccomp_arch_native();
}

static int set_up(void **state)
{
	static struct programs p;
	struct err e = ERR_INIT;

	for (int i = 0; i < PROFILES; i++) {
		if (filter_get(profiles[i], &p.filters[i][0], &e) ||
			filter_compile(profiles[i], &p.filters[i][1], &e))
			return -1;
	}
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct programs *p = *state;

	for (int i = 0; i < PROFILES; i++) {
		filter_done(&p->filters[i][0]);
		filter_done(&p->filters[i][1]);
	}
	return 0;
}

/* The embedded and the compiled program must both give this action. */
static void expect(
	const struct programs *p, int profile, const struct seccomp_data *d, uint32_t want)
{
	for (int i = 0; i < 2; i++) {
		const struct filter *f = &p->filters[profile][i];
		uint32_t got = bpf_sim(f->insns, f->len, d);
		if (got != want)
			fail_msg(
				"profile %d, %s: arch 0x%x call %d (0x%llx, 0x%llx, 0x%llx): got 0x%x, want 0x%x",
				profile, i ? "compiled" : "embedded", d->arch, d->nr,
				(unsigned long long)d->args[0], (unsigned long long)d->args[1],
				(unsigned long long)d->args[2], got, want);
		/* Two interpreters written apart, and the program that asks instead of refusing. */
		assert_int_equal(filter_answer(f, d), got);
		bool quiet = want == ALLOW || (d->arch == native_arch() && d->nr == SYS_clone3);
		assert_int_equal(bpf_sim(f->asking, f->len, d), quiet ? want : SECCOMP_RET_USER_NOTIF);
	}
}

static uint32_t to_action(int action)
{
	if (action == FILTER_KILL)
		return KILL;
	return action == FILTER_ALLOW ? ALLOW : REFUSE((uint32_t)action & ~(uint32_t)FILTER_QUIET);
}

static void test_embedded_is_compiled(void **state)
{
	const struct programs *p = *state;

	for (int i = 0; i < PROFILES; i++) {
		const struct filter *a = &p->filters[i][0], *b = &p->filters[i][1];
		assert_in_range(a->len, 1, BPF_MAXINSNS);
		assert_int_equal(a->len, b->len);
		assert_memory_equal(a->insns, b->insns, a->len * sizeof *a->insns);
		assert_memory_equal(a->asking, b->asking, a->len * sizeof *a->asking);
	}
}

static void test_none_is_empty(void **state)
{
	struct err e = ERR_INIT;
	struct filter f = {.len = 7};

	(void)state;
	assert_int_equal(filter_get(SECCOMP_NONE, &f, &e), 0);
	assert_int_equal(f.len, 0);
	f.len = 7;
	assert_int_equal(filter_compile(SECCOMP_NONE, &f, &e), 0);
	assert_int_equal(f.len, 0);
	assert_int_equal(filter_load(&f), 0);
	filter_done(&f);
}

/* Every row that looks at no argument, with arguments of zeros and of ones. */
static void test_unconditional_rows(void **state)
{
	const struct programs *p = *state;

	for (int i = 0; i < PROFILES; i++) {
		const struct filter_profile *t = filter_profile(profiles[i]);
		for (size_t r = 0; r < t->count; r++) {
			struct seccomp_data d = {.arch = native_arch(),
				.nr = call_number(t->rules[r].name)};
			if (t->rules[r].match != MATCH_ALWAYS || d.nr < 0)
				continue;
			expect(*state, i, &d, to_action(t->rules[r].action));
			memset(d.args, 0xff, sizeof d.args);
			expect(p, i, &d, to_action(t->rules[r].action));
		}
	}
}

/* Every row with conditions: they hold, with and without garbage above them; and the rest of the call. */
static void test_conditional_rows(void **state)
{
	const struct programs *p = *state;

	for (int i = 0; i < PROFILES; i++) {
		const struct filter_profile *t = filter_profile(profiles[i]);
		for (size_t r = 0; r < t->count; r++) {
			const struct filter_rule *rule = &t->rules[r];
			struct seccomp_data d = {.arch = native_arch(),
				.nr = call_number(rule->name)};
			assert_true(rule->test_count <= FILTER_TESTS);
			if (rule->match != MATCH_MASKED || d.nr < 0)
				continue;
			for (unsigned n = 0; n < rule->test_count; n++)
				d.args[rule->tests[n].arg] = rule->tests[n].value;
			expect(p, i, &d, to_action(rule->action));
			for (unsigned n = 0; n < rule->test_count; n++)
				d.args[rule->tests[n].arg] |= HIGH;
			expect(p, i, &d, to_action(rule->action));
		}
	}
}

/* A call is decided in one place: one unconditional row, or conditional rows with at most one rest. */
static void test_rows_do_not_contradict(void **state)
{
	(void)state;
	for (int i = 0; i < PROFILES; i++) {
		const struct filter_profile *t = filter_profile(profiles[i]);
		for (size_t a = 0; a < t->count; a++) {
			for (size_t b = a + 1; b < t->count; b++) {
				if (strcmp(t->rules[a].name, t->rules[b].name) != 0)
					continue;
				if (t->rules[a].match != MATCH_MASKED)
					fail_msg(
						"profile %d: '%s' has a row after the one that settles it",
						i, t->rules[a].name);
				if (t->rules[b].match == MATCH_ALWAYS)
					fail_msg(
						"profile %d: '%s' has conditions and an unconditional row",
						i, t->rules[b].name);
			}
		}
	}
}

/* A misspelt name would be left out in silence: all names are known but those newer than libseccomp. */
static void test_names_are_known(void **state)
{
	static const char *const newer[] = {
		"cachestat",
		"fchmodat2",
		"futex_wait",
		"futex_wake",
		"futex_requeue",
		"map_shadow_stack",
		"mseal",
		"set_mempolicy_home_node",
		"epoll_pwait2",
		"close_range",
		"mount_setattr",
		"quotactl_fd",
		"landlock_create_ruleset",
		"landlock_add_rule",
		"landlock_restrict_self",
		"futex_waitv",
		"process_madvise",
		"process_mrelease",
	};

	(void)state;
	for (int i = 0; i < PROFILES; i++) {
		const struct filter_profile *t = filter_profile(profiles[i]);
		for (size_t r = 0; r < t->count; r++) {
			bool known = call_number(t->rules[r].name) !=
				     -1;
			for (size_t n = 0; n < COUNTOF(newer); n++)
				known |= strcmp(newer[n], t->rules[r].name) == 0;
			if (!known)
				fail_msg("profile %d: no system call is named '%s'", i,
					t->rules[r].name);
		}
	}
}

static void test_foreign_architectures_are_killed(void **state)
{
	/* clang-format off */
	static const uint32_t archs[] = {
		0, 0xffffffff, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64,
		AUDIT_ARCH_ARM, AUDIT_ARCH_S390X, AUDIT_ARCH_PPC64LE, AUDIT_ARCH_RISCV64,
		AUDIT_ARCH_MIPS64,
	};
	/* clang-format on */

	for (size_t a = 0; a < COUNTOF(archs); a++) {
		if (archs[a] == native_arch())
			continue;
		for (int nr = -1; nr < 600; nr++) {
			struct seccomp_data d = {.arch = archs[a], .nr = nr};
			for (int i = 0; i < PROFILES; i++)
				expect(*state, i, &d, KILL);
		}
	}
}

#ifdef __x86_64__
static void test_x32_is_killed(void **state)
{
	for (int nr = 0; nr < 1024; nr++) {
		struct seccomp_data d = {.arch = AUDIT_ARCH_X86_64, .nr = nr | X32};
		for (int i = 0; i < PROFILES; i++)
			expect(*state, i, &d, KILL);
		d.nr = (int)((uint32_t)d.nr | 0x80000000U);
		for (int i = 0; i < PROFILES; i++)
			expect(*state, i, &d, KILL);
	}
}
#endif

/* A number that Linux does not use, and calls that no row names. */
static void test_unknown_calls(void **state)
{
	static const int numbers[] = {470, 511, 512, 547, 600, 999, 1000, 65535, 0x3fffffff};

	for (int i = 0; i < PROFILES; i++) {
		for (size_t n = 0; n < COUNTOF(numbers); n++) {
			struct seccomp_data d = {.arch = native_arch(), .nr = numbers[n]};
			expect(*state, i, &d, otherwise[i]);
			memset(d.args, 0xff, sizeof d.args);
			expect(*state, i, &d, otherwise[i]);
		}
	}
}

/* Every number in between that no row names, and the ones around the last. */
static void test_unnamed_calls(void **state)
{
	for (int i = 0; i < PROFILES; i++) {
		const struct filter_profile *t = filter_profile(profiles[i]);
		for (int nr = 0; nr < 1024; nr++) {
			struct seccomp_data d = {.arch = native_arch(), .nr = nr};
			bool named = false;
			for (size_t r = 0; r < t->count && !named; r++)
				named = call_number(t->rules[r].name) == nr;
			if (!named)
				expect(*state, i, &d, otherwise[i]);
		}
	}
}

/* Never allowed by any profile, whatever the tables say. */
static void test_dangerous_calls(void **state)
{
	/* clang-format off */
	static const int calls[] = {
		SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_fsopen, SYS_fsconfig,
		SYS_fsmount, SYS_fspick, SYS_open_tree, SYS_move_mount, SYS_unshare, SYS_setns,
		SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_bpf,
		SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter,
		SYS_io_uring_register, SYS_open_by_handle_at, SYS_name_to_handle_at,
		SYS_fanotify_init, SYS_fanotify_mark, SYS_add_key, SYS_request_key, SYS_keyctl,
		SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot,
		SYS_swapon, SYS_swapoff, SYS_acct, SYS_quotactl, SYS_syslog, SYS_vhangup,
		SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime,
		SYS_clock_adjtime, SYS_adjtimex, SYS_migrate_pages, SYS_move_pages,
#ifndef VKJAIL_SANITIZED
		SYS_ptrace,
#endif
#ifdef __x86_64__
		SYS_kexec_file_load, SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
	};
	/* clang-format on */

	for (size_t n = 0; n < COUNTOF(calls); n++) {
		struct seccomp_data d = {.arch = native_arch(), .nr = calls[n]};
		expect(*state, 0, &d, REFUSE(EPERM));
		expect(*state, 1, &d, KILL);
	}
}

/* The launch and ordinary programs stop without these. */
static void test_indispensable_calls(void **state)
{
	/* clang-format off */
	static const int calls[] = {
		SYS_execve, SYS_exit_group, SYS_exit, SYS_write, SYS_close, SYS_sendto, SYS_read,
		SYS_mmap, SYS_mprotect, SYS_munmap, SYS_brk, SYS_futex, SYS_openat,
		SYS_newfstatat, SYS_pread64, SYS_lseek, SYS_rt_sigaction, SYS_rt_sigprocmask,
		SYS_rt_sigreturn, SYS_set_robust_list, SYS_rseq, SYS_prlimit64, SYS_wait4,
		SYS_getrandom, SYS_clock_nanosleep, SYS_memfd_create, SYS_sigaltstack,
		SYS_tgkill,
#ifdef __x86_64__
		SYS_arch_prctl, SYS_fork, SYS_vfork,
#endif
	};
	/* clang-format on */

	for (size_t n = 0; n < COUNTOF(calls); n++) {
		struct seccomp_data d = {.arch = native_arch(), .nr = calls[n]};
		for (int i = 0; i < PROFILES; i++)
			expect(*state, i, &d, ALLOW);
	}
}

struct row {
	int nr;
	uint64_t args[3];
	uint32_t want[PROFILES]; /* default, strict */
};

static const struct row rows[] = {
	/* terminals: the number counts in its low half only */
	{SYS_ioctl, {0, TIOCSTI}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_ioctl, {0, TIOCSTI | HIGH}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_ioctl, {0, TIOCSTI | (1ULL << 32)}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_ioctl, {0, TIOCSTI | (1ULL << 63)}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_ioctl, {HIGH | TIOCSTI, TIOCSTI, HIGH}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_ioctl, {0, 0x541c}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_ioctl, {0, 0x541c | HIGH}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_ioctl, {0, TIOCSETD}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_ioctl, {0, TIOCSETD | HIGH}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_ioctl, {0, TCGETS}, {ALLOW, ALLOW}},
	{SYS_ioctl, {0, TCSETS}, {ALLOW, REFUSE(EPERM)}},
	{SYS_ioctl, {UINT64_MAX, TIOCGWINSZ, UINT64_MAX}, {ALLOW, ALLOW}},
	{SYS_ioctl, {3, 0xc0106409}, {ALLOW, ALLOW}},     /* a DRM request */
	{SYS_ioctl, {3, 0xc00846d6}, {ALLOW, ALLOW}},     /* a request of NVIDIA's driver */
	{SYS_ioctl, {3, 0x30000001}, {ALLOW, ALLOW}},     /* its unified memory */
	{SYS_ioctl, {3, 0x8912}, {ALLOW, REFUSE(EPERM)}}, /* network interfaces */
	/* new processes: threads and fork, no namespaces */
	{SYS_clone,
		{CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM},
		{ALLOW, ALLOW}},
	{SYS_clone, {17}, {ALLOW, ALLOW}},
	{SYS_clone, {CLONE_VM | CLONE_VFORK | 17, HIGH, HIGH}, {ALLOW, ALLOW}},
	{SYS_clone, {17 | HIGH}, {ALLOW, ALLOW}},
	{SYS_clone, {CLONE_NEWUSER | 17}, {REFUSE(EPERM), KILL}},
	{SYS_clone, {CLONE_NEWNS}, {REFUSE(EPERM), KILL}},
	{SYS_clone, {CLONE_NEWPID | HIGH}, {REFUSE(EPERM), KILL}},
	{SYS_clone, {CLONE_NEWNET | 17}, {REFUSE(EPERM), KILL}},
	{SYS_clone, {CLONE_NEWIPC | 17}, {REFUSE(EPERM), KILL}},
	{SYS_clone, {CLONE_NEWUTS | 17}, {REFUSE(EPERM), KILL}},
	{SYS_clone, {CLONE_NEWCGROUP | CLONE_VM}, {REFUSE(EPERM), KILL}},
	{SYS_clone3, {0, 88}, {REFUSE(ENOSYS), REFUSE(ENOSYS)}},
	{SYS_clone3, {UINT64_MAX, UINT64_MAX, UINT64_MAX}, {REFUSE(ENOSYS), REFUSE(ENOSYS)}},
	/* sockets */
	{SYS_socket, {AF_UNIX, SOCK_STREAM}, {ALLOW, REFUSE(EPERM)}},
	{SYS_socket, {AF_INET, SOCK_STREAM, 6}, {ALLOW, REFUSE(EPERM)}},
	{SYS_socket, {AF_INET6 | HIGH, SOCK_DGRAM}, {ALLOW, REFUSE(EPERM)}},
	{SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}, {ALLOW, REFUSE(EPERM)}},
	{SYS_socket, {AF_NETLINK | HIGH, SOCK_RAW, NETLINK_KOBJECT_UEVENT | HIGH},
		{ALLOW, REFUSE(EPERM)}},
	{SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}, {REFUSE(EAFNOSUPPORT), REFUSE(EPERM)}},
	{SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER},
		{REFUSE(EAFNOSUPPORT), REFUSE(EPERM)}},
	{SYS_socket, {AF_VSOCK, SOCK_STREAM}, {REFUSE(EAFNOSUPPORT), REFUSE(EPERM)}},
	{SYS_socket, {AF_VSOCK | HIGH, SOCK_STREAM}, {REFUSE(EAFNOSUPPORT), REFUSE(EPERM)}},
	{SYS_socket, {AF_ALG, SOCK_SEQPACKET}, {REFUSE(EAFNOSUPPORT), REFUSE(EPERM)}},
	{SYS_socket, {AF_PACKET, SOCK_RAW}, {REFUSE(EAFNOSUPPORT), REFUSE(EPERM)}},
	{SYS_socket, {0}, {REFUSE(EAFNOSUPPORT), REFUSE(EPERM)}},
	{SYS_socket, {UINT64_MAX}, {REFUSE(EAFNOSUPPORT), REFUSE(EPERM)}},
	{SYS_socketpair, {AF_UNIX, SOCK_STREAM}, {ALLOW, REFUSE(EPERM)}},
	{SYS_socketpair, {AF_TIPC, SOCK_STREAM}, {REFUSE(EAFNOSUPPORT), REFUSE(EPERM)}},
	/* the rest of the conditions */
	{SYS_personality, {0}, {ALLOW, KILL}},
	{SYS_personality, {0xffffffff}, {ALLOW, STRICT_PERSONALITY}},
	{SYS_personality, {ADDR_NO_RANDOMIZE | HIGH}, {ALLOW, STRICT_PERSONALITY}},
	{SYS_personality, {READ_IMPLIES_EXEC}, {REFUSE(EPERM), KILL}},
	{SYS_personality, {READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE}, {REFUSE(EPERM), KILL}},
	{SYS_personality, {PER_LINUX32}, {REFUSE(EPERM), KILL}},
	{SYS_kcmp, {1, 1, KCMP_FILE}, {ALLOW, REFUSE(EPERM)}},
	{SYS_kcmp, {1, 1, KCMP_VM}, {REFUSE(EPERM), REFUSE(EPERM)}},
	{SYS_prctl, {PR_SET_NAME}, {ALLOW, ALLOW}},
	{SYS_prctl, {PR_SET_NAME | HIGH}, {ALLOW, ALLOW}},
	{SYS_prctl, {PR_SET_SECCOMP}, {ALLOW, REFUSE(EPERM)}},
	{SYS_prctl, {PR_SET_MM}, {ALLOW, REFUSE(EPERM)}},
	/* further filters, but none with a listener */
	{SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 0}, {ALLOW, KILL}},
	{SYS_seccomp, {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER}, {REFUSE(EBUSY), KILL}},
	{SYS_seccomp, {SECCOMP_SET_MODE_FILTER, HIGH | SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH | SECCOMP_FILTER_FLAG_TSYNC},
		{REFUSE(EBUSY), KILL}},
	{SYS_getpid, {0}, {ALLOW, ALLOW}},
	{SYS_setuid, {0}, {ALLOW, KILL}},
};

static void test_rows(void **state)
{
	for (size_t r = 0; r < COUNTOF(rows); r++) {
		struct seccomp_data d = {.arch = native_arch(), .nr = rows[r].nr};
		memcpy(d.args, rows[r].args, sizeof rows[r].args);
		for (int i = 0; i < PROFILES; i++)
			expect(*state, i, &d, rows[r].want[i]);
	}
}

/* Each bit of a terminal request's upper half on its own, and the low bits near it. */
static void test_terminal_input_bit_by_bit(void **state)
{
	for (unsigned bit = 32; bit < 64; bit++) {
		struct seccomp_data d = {
			.arch = native_arch(), .nr = SYS_ioctl, .args = {0, TIOCSTI | 1ULL << bit}};
		expect(*state, 0, &d, REFUSE(EPERM));
	}
	for (unsigned bit = 0; bit < 32; bit++) {
		struct seccomp_data d = {
			.arch = native_arch(), .nr = SYS_ioctl, .args = {0, TIOCSTI ^ 1ULL << bit}};
		expect(*state, 0, &d, ALLOW);
	}
}

/* A program that is none ends the job rather than letting a call through. */
static void test_broken_programs(void **state)
{
	/* clang-format off */
	static struct sock_filter broken[][2] = {
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4)},
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), BPF_STMT(BPF_RET | BPF_K, ALLOW)},
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), BPF_STMT(BPF_RET | BPF_K, ALLOW)},
		{BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), BPF_STMT(BPF_RET | BPF_K, ALLOW)},
		{BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_RET | BPF_K, ALLOW)},
	};
	/* clang-format on */
	const struct seccomp_data d = {.arch = native_arch()};

	(void)state;
	for (size_t i = 0; i < COUNTOF(broken); i++) {
		const struct filter f = {.insns = broken[i], .len = 2};
		assert_int_equal(filter_answer(&f, &d), KILL);
	}
	assert_int_equal(filter_answer(&(struct filter){0}, &d), KILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_embedded_is_compiled),
		cmocka_unit_test(test_none_is_empty),
		cmocka_unit_test(test_unconditional_rows),
		cmocka_unit_test(test_conditional_rows),
		cmocka_unit_test(test_rows_do_not_contradict),
		cmocka_unit_test(test_names_are_known),
		cmocka_unit_test(test_foreign_architectures_are_killed),
#ifdef __x86_64__
		cmocka_unit_test(test_x32_is_killed),
#endif
		cmocka_unit_test(test_unknown_calls),
		cmocka_unit_test(test_unnamed_calls),
		cmocka_unit_test(test_dangerous_calls),
		cmocka_unit_test(test_indispensable_calls),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_terminal_input_bit_by_bit),
		cmocka_unit_test(test_broken_programs),
	};

	return cmocka_run_group_tests_name("filter", tests, set_up, tear_down);
}
