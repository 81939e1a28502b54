/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile files: text -> the bytes that are loaded, run over calls. What is refused, and where the message
 * says it stands.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "base/fd.h"
#include "job/profile.h"
#include "sandbox/call-name.h"
#include "sandbox/filter.h"
#include "unit/bpf_sim.h"

#define KILL        SECCOMP_RET_KILL_PROCESS
#define ALLOW       SECCOMP_RET_ALLOW
#define REFUSE(err) (SECCOMP_RET_ERRNO | (err))
#define HIGH        0xdeadbeef00000000ULL

struct place {
	char dir[64];
};

static int set_up(void **state)
{
	static struct place p;

	(void)snprintf(p.dir, sizeof p.dir, "/tmp/profile-test.XXXXXX");
	*state = &p;
	return mkdtemp(p.dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"a.yaml", "b.yaml"};
	const struct place *p = *state;
	char path[128];

	for (size_t i = 0; i < COUNTOF(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", p->dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(p->dir);
}

static void write_text(const struct place *p, const char *name, const char *text)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", p->dir, name);
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

/* The file of this text, read and compiled; *ret to be freed by filter_done. */
static int compile(const struct place *p, const char *text, struct filter *ret, struct err *e)
{
	__attribute__((cleanup(arena_done))) struct arena arena = {0};
	struct profile profile;
	char path[128];

	write_text(p, "a.yaml", text);
	(void)snprintf(path, sizeof path, "%s/a.yaml", p->dir);
	*ret = (struct filter){0};
	return profile_read(&arena, path, &profile, e) < 0 ? -1
							   : filter_of_file(&profile, ret, e);
}

struct question {
	long nr;
	uint64_t args[2];
	uint32_t want;
};

struct row {
	const char *text;
	struct question questions[8]; /* up to one with want 0, which is no answer */
};

static const struct row rows[] = {
	{"allow: [getpid]\n",
		{{SYS_getpid, {0}, ALLOW}, {SYS_getppid, {0}, REFUSE(ENOSYS)}, {SYS_execve, {0}, ALLOW},
			{SYS_exit_group, {0}, ALLOW}, {SYS_rt_sigreturn, {0}, ALLOW}}},
	{"otherwise: kill\nallow: [getpid]\n",
		{{SYS_getpid, {0}, ALLOW}, {SYS_getppid, {0}, KILL}, {100000, {0}, KILL}}},
	{"otherwise: EACCES\n", {{SYS_getpid, {0}, REFUSE(EACCES)}, {SYS_execve, {0}, ALLOW}}},
	{"otherwise: allow\ndeny: [getpid]\n",
		{{SYS_getpid, {0}, REFUSE(EPERM)}, {SYS_mount, {0}, ALLOW}}},
	{"include: none\nkill: [getpid]\n", {{SYS_getpid, {0}, KILL}, {SYS_mount, {0}, ALLOW}}},
	{"include: default\n",
		{{SYS_getpid, {0}, ALLOW}, {SYS_mount, {0}, REFUSE(EPERM)},
			{SYS_socket, {40}, REFUSE(EAFNOSUPPORT)}, {SYS_ioctl, {0, 0x5412}, REFUSE(EPERM)},
			{SYS_clone3, {0}, REFUSE(ENOSYS)}, {SYS_clone, {0x10000000}, REFUSE(EPERM)}}},
	{"include: strict\n",
		{{SYS_getpid, {0}, ALLOW}, {SYS_mount, {0}, KILL}, {SYS_mkdirat, {0}, REFUSE(EPERM)}}},
	{"include: default\nallow: [mount, {call: socket, arg0: 40}]\n",
		{{SYS_mount, {0}, ALLOW}, {SYS_socket, {40}, ALLOW}, {SYS_socket, {40 | HIGH}, ALLOW},
			{SYS_socket, {1}, REFUSE(ENOSYS)}}},
	{"include: default\nerrno: {EIO: [\"@dangerous\"]}\n",
		{{SYS_mount, {0}, REFUSE(EIO)}, {SYS_keyctl, {0}, REFUSE(EIO)}, {SYS_acct, {0}, REFUSE(EIO)}}},
	/* conditions, and the rest of the call */
	{"allow: [{call: ioctl, arg1: {mask: 0xff00, value: 0x6400}}]\ndeny: [ioctl]\n",
		{{SYS_ioctl, {0, 0x6401}, ALLOW}, {SYS_ioctl, {0, HIGH | 0xc0106409}, ALLOW},
			{SYS_ioctl, {0, 0x6301}, REFUSE(EPERM)}}},
	{"deny: [{call: ioctl, arg1: 0x5412}]\nallow: [ioctl]\n",
		{{SYS_ioctl, {0, 0x5412}, REFUSE(EPERM)}, {SYS_ioctl, {0, 0x5412 | HIGH}, REFUSE(EPERM)},
			{SYS_ioctl, {0, 0x5413}, ALLOW}}},
	{"allow: [{call: fcntl, arg0: 1, arg1: 2}]\n",
		{{SYS_fcntl, {1, 2}, ALLOW}, {SYS_fcntl, {1, 3}, REFUSE(ENOSYS)},
			{SYS_fcntl, {2, 2}, REFUSE(ENOSYS)}}},
	/* a condition whose answer is that of calls that are not named */
	{"errno: {ENOSYS: [{call: fcntl, arg1: 7}]}\nallow: [fcntl]\n",
		{{SYS_fcntl, {0, 7}, REFUSE(ENOSYS)}, {SYS_fcntl, {0, 8}, ALLOW}}},
	{"otherwise: kill\nkill: [{call: fcntl, arg1: 7}]\nallow: [fcntl]\n",
		{{SYS_fcntl, {0, 7}, KILL}, {SYS_fcntl, {0, 8}, ALLOW}}},
	{"otherwise: allow\nallow: [{call: fcntl, arg1: 7}]\ndeny: [fcntl]\n",
		{{SYS_fcntl, {0, 7}, ALLOW}, {SYS_fcntl, {0, 8}, REFUSE(EPERM)}}},
	/* what a file says itself counts more than what it includes, whatever the order */
	{"deny: [getpid]\ninclude: [default, b.yaml]\n",
		{{SYS_getpid, {0}, REFUSE(EPERM)}, {SYS_getppid, {0}, REFUSE(EIO)}, {SYS_getuid, {0}, ALLOW}}},
	/* a group allows no more of a call than the default profile does; its name does, or a condition */
	{"allow: [\"@base\", \"@threads\", \"@write-files\", \"@sockets\"]\n",
		{{SYS_prlimit64, {0}, ALLOW}, {SYS_prlimit64, {1}, REFUSE(EPERM)},
			{SYS_clone, {0x10000000}, REFUSE(EPERM)}, {SYS_clone, {0}, ALLOW},
			{SYS_fchmod, {3, 04755}, REFUSE(EPERM)}, {SYS_fchmod, {3, 0755}, ALLOW},
			{SYS_socket, {40}, REFUSE(EAFNOSUPPORT)}, {SYS_socket, {1}, ALLOW}}},
	{"allow: [\"@threads\", \"@processes\", clone, \"@sockets\"]\ndeny: [{call: socket, arg0: 1}]\n",
		{{SYS_clone, {0x10000000}, ALLOW}, {SYS_socket, {40}, ALLOW}, {SYS_socket, {1}, REFUSE(EPERM)}}},
	{"allow: [getpid, getpid, \"@identity\", cachestat]\n",
		{{SYS_getpid, {0}, ALLOW}, {SYS_uname, {0}, ALLOW}, {451, {0}, ALLOW}}},
};

static void test_answers(void **state)
{
	const struct place *p = *state;

	write_text(p, "b.yaml", "errno: {EIO: [getpid, getppid]}\n");
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct filter f;
		struct err e = ERR_INIT;
		if (compile(p, rows[i].text, &f, &e) < 0)
			fail_msg("%s: %s: %s", rows[i].text, e.object, e.text);
		for (const struct question *q = rows[i].questions; q < rows[i].questions + 8 && q->want;
			q++) {
			const struct seccomp_data d = {.arch = call_arch_native(),
				.nr = (int)q->nr,
				.args = {q->args[0], q->args[1]}};
			uint32_t got = bpf_sim(f.insns, f.len, &d);
			if (got != q->want)
				fail_msg("%s: call %ld (0x%llx, 0x%llx): got 0x%x, want 0x%x",
					rows[i].text, q->nr, (unsigned long long)q->args[0],
					(unsigned long long)q->args[1], got, q->want);
			assert_int_equal(filter_answer(&f, &d), got);
			uint32_t asks = bpf_sim(f.asking, f.len, &d);
			assert_int_equal(asks,
				got == ALLOW || q->nr == SYS_clone3 ? got : SECCOMP_RET_USER_NOTIF);
		}
		filter_done(&f);
	}
}

/* Whatever a file says, other architectures' calls are never let through. */
static void test_foreign_calls(void **state)
{
	static const char *const texts[] = {"otherwise: allow\n", "include: none\n", "include: default\n"};
	static const uint32_t archs[] = {AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64,
		AUDIT_ARCH_S390X, AUDIT_ARCH_X86_64, 0};

	for (size_t t = 0; t < COUNTOF(texts); t++) {
		struct filter f;
		struct err e = ERR_INIT;
		assert_int_equal(compile(*state, texts[t], &f, &e), 0);
		for (size_t a = 0; a < COUNTOF(archs); a++) {
			for (int nr = 0; nr < 600 && archs[a] != call_arch_native(); nr++) {
				const struct seccomp_data d = {.arch = archs[a], .nr = nr};
				assert_int_equal(bpf_sim(f.insns, f.len, &d), KILL);
				assert_int_equal(bpf_sim(f.asking, f.len, &d), SECCOMP_RET_USER_NOTIF);
			}
		}
#ifdef __x86_64__
		for (int nr = 0; nr < 600; nr++) {
			const struct seccomp_data d = {
				.arch = AUDIT_ARCH_X86_64, .nr = nr | 0x40000000};
			assert_int_equal(bpf_sim(f.insns, f.len, &d), KILL);
		}
#endif
		filter_done(&f);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *object, *message;
	} cases[] = {
		{"allow: [mout]\n", "a.yaml:1: allow[0]", "there is no system call 'mout'"},
		{"allow: [\"@fles\"]\n", "a.yaml:1: allow[0]", "there is no group '@fles'"},
		{"alow: [read]\n", "a.yaml:1: alow", "did you mean 'allow'?"},
		{"deny: [execve]\n", "a.yaml:1: deny[0]", "always allowed"},
		{"kill: [{call: execve, arg0: 1}]\n", "a.yaml:1: kill[0]", "always allowed"},
		{"include: [default, strict]\n", "a.yaml:1: include[1]", "is included already"},
		{"include: a.yaml\n", "a.yaml:1: include", "more than 8 profiles"},
		{"include: ''\n", "a.yaml:1: include", "must not be empty"},
		{"include: nowhere.yaml\n", "nowhere.yaml", "cannot open"},
		{"allow: [read]\n\ndeny: [read]\n", "a.yaml:3: deny[0]", "has another answer already"},
		{"allow: [{call: read, arg0: 1}]\ndeny: [{call: read, arg0: 2}]\n", "a.yaml:2: deny[0]",
			"has conditions with another answer"},
		{"allow: [{arg0: 1}]\n", "a.yaml:1: allow[0]", "'call' is missing"},
		{"allow: [{call: read, arg6: 1}]\n", "a.yaml:1: allow[0].arg6", "unknown key"},
		{"allow: [{call: read, arg0: 1, arg1: 1, arg2: 1}]\n", "a.yaml:1: allow[0].arg2",
			"more than 2 arguments"},
		{"allow: [{call: read, arg0: {mask: 1, value: 2}}]\n", "a.yaml:1: allow[0].arg0",
			"can never be true"},
		{"allow: [{call: read, arg0: {mask: 1}}]\n", "a.yaml:1: allow[0].arg0", "'value' is missing"},
		{"allow: [{call: read, arg0: 0x100000000}]\n", "a.yaml:1: allow[0].arg0", "expected a number"},
		{"allow: [{call: read, arg0: -1}]\n", "a.yaml:1: allow[0].arg0", "expected a number"},
		{"allow: read\n", "a.yaml:1: allow", "expected a list"},
		{"errno: {EPRM: [read]}\n", "a.yaml:1: errno.EPRM", "expected the name of an errno"},
		{"errno: {kill: [read]}\n", "a.yaml:1: errno.kill", "expected the name of an errno"},
		{"otherwise: no\n", "a.yaml:1: otherwise", "expected allow, kill or"},
		{"- read\n", "a.yaml:1", "expected a profile"},
		{"", "a.yaml", "is empty: a profile"},
		{"# nothing\n", "a.yaml", "is empty: a profile"},
		{"~\n", "a.yaml", "is empty: a profile"},
	};

	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct filter f;
		struct err e = ERR_INIT;
		if (compile(*state, cases[i].text, &f, &e) == 0)
			fail_msg("%s: is accepted", cases[i].text);
		assert_int_equal(e.kind, ERR_BAD);
		if (!strstr(e.object, cases[i].object) || !strstr(e.text, cases[i].message))
			fail_msg("%s: %s: %s", cases[i].text, e.object, e.text);
	}
}

/* One rule more than there may be, and just as many. */
static void test_bound(void **state)
{
	enum { MOST = 4096 };
	char *text = malloc(MOST * 9 + 64);

	assert_non_null(text);
	for (int extra = 0; extra < 2; extra++) {
		struct filter f;
		struct err e = ERR_INIT;
		size_t used = sizeof "allow:\n" - 1;
		memcpy(text, "allow:\n", used);
		for (int i = 0; i < MOST + extra; i++) {
			memcpy(text + used, " - read\n", 8);
			used += 8;
		}
		text[used] = '\0';
		assert_int_equal(compile(*state, text, &f, &e), -extra);
		filter_done(&f);
	}
	free(text);
}

/* Depth alone would let eight files be read a hundred to the power of seven times. */
static void test_files(void **state)
{
	enum { MOST = 64 };

	write_text(*state, "b.yaml", "allow: [read]\n");
	for (int extra = 0; extra < 2; extra++) {
		char text[(MOST + 1) * 16];
		struct filter f;
		struct err e = ERR_INIT;
		size_t used = (size_t)snprintf(text, sizeof text, "include:\n");
		for (int i = 0; i < MOST + extra; i++)
			used += (size_t)snprintf(text + used, sizeof text - used, " - b.yaml\n");
		assert_int_equal(compile(*state, text, &f, &e), -extra);
		if (extra)
			assert_non_null(strstr(e.text, "more than 64 files"));
		filter_done(&f);
	}
}

/* Groups name calls that exist somewhere, each once. */
static void test_groups(void **state)
{
	(void)state;
	for (const struct call_group *g = call_groups; g->name; g++) {
		char calls[2048];
		char *rest = calls;
		(void)snprintf(calls, sizeof calls, "%s", g->calls);
		assert_true(strlen(g->calls) < sizeof calls);
		for (char *one; (one = strsep(&rest, " "));)
			if (call_number(one) == -1)
				fail_msg("@%s: no system call is named '%s'", g->name, one);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_foreign_calls),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests_name("profile", tests, set_up, tear_down);
}
