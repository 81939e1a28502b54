/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns a profile's table into a BPF program: libseccomp makes the part that looks at arguments and
 * architectures, filter-front.c the search by number before it. Runs when vkjail is built
 * (gen-filter), in the unit test, and at a launch only where nothing could be embedded.
 */
#include "sandbox/filter.h"
#include "sandbox/call-name.h"
#include "sandbox/filter-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/late-call.h"

#ifndef TIOCLINUX
#define TIOCLINUX 0x541c
#endif

#define LOW32 0xffffffffU

#define ROW(n, act, how, count, ...) \
	{.name = #n,                 \
	 .action = (act),            \
	 .match = (how),             \
	 .test_count = (count),      \
	 .tests = {__VA_ARGS__}},
#define TEST(a, m, v)                                                     \
	{                                                                 \
		.arg = (a), .mask = (uint32_t)(m), .value = (uint32_t)(v) \
	}
#define ALLOW(n)             ROW(n, FILTER_ALLOW, MATCH_ALWAYS, 0)
#define REFUSE(n, err)       ROW(n, err, MATCH_ALWAYS, 0)
#define REFUSE_QUIET(n, err) ROW(n, (err) | FILTER_QUIET, MATCH_ALWAYS, 0)
#define ALLOW_IF(n, a, m, v) ROW(n, FILTER_ALLOW, MATCH_MASKED, 1, TEST(a, m, v))
#define ALLOW_IF2(n, a, m, v, a2, m2, v2) \
	ROW(n, FILTER_ALLOW, MATCH_MASKED, 2, TEST(a, m, v), TEST(a2, m2, v2))
#define REFUSE_IF(n, err, a, m, v) ROW(n, err, MATCH_MASKED, 1, TEST(a, m, v))
#define ALLOW_REST(n)              ROW(n, FILTER_ALLOW, MATCH_REST, 0)
#define REFUSE_REST(n, err)        ROW(n, err, MATCH_REST, 0)

static const struct filter_rule default_rules[] = {
#include "sandbox/filter-default.def"
};

static const struct filter_rule strict_rules[] = {
#include "sandbox/filter-strict.def"
};

static const struct filter_profile default_profile = {
    .rules = default_rules, .count = COUNTOF(default_rules), .otherwise = ENOSYS};
static const struct filter_profile strict_profile = {
    .rules = strict_rules, .count = COUNTOF(strict_rules), .otherwise = FILTER_KILL};

const struct filter_profile *filter_profile(enum spec_seccomp profile)
{
	switch (profile) {
	case SECCOMP_DEFAULT:
		return &default_profile;
	case SECCOMP_STRICT:
		return &strict_profile;
	case SECCOMP_NONE:
	case SECCOMP_FILE:
		break;
	}
	return NULL;
}

uint32_t filter_action(int action)
{
	if (action == FILTER_KILL)
		return SCMP_ACT_KILL_PROCESS;
	if (action == FILTER_TRAP)
		return SCMP_ACT_TRAP;
	return action == FILTER_ALLOW ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint16_t)action);
}

void filter_rule_name(struct filter_rule *r, const char *name)
{
	size_t n = strlen(name);

	memset(r->name, 0, sizeof r->name);
	if (n < sizeof r->name)
		memcpy(r->name, name, n);
}

/*
 * libseccomp takes no rule that says what the default action says, and yet a condition with that answer
 * matters where the rest of the call has another. So it gets one that looks different; split() turns it back.
 */
enum { SAME = 0x800 }; /* libseccomp knows errno values below 4096 only */

static uint32_t action_of(int action, int otherwise)
{
	if (action != otherwise)
		return filter_action(action);
	if (action == FILTER_KILL)
		return SCMP_ACT_KILL_THREAD;
	return action == FILTER_ALLOW ? SCMP_ACT_LOG : SCMP_ACT_ERRNO((uint16_t)action | SAME);
}

static int add_rule(scmp_filter_ctx ctx, const struct filter_rule *r, int otherwise, struct err *e)
{
	int nr = call_number(r->name);

	/* This architecture lacks it: it gets the default action. Rows without conditions are filter_front's. */
	if (nr < 0 || r->match == MATCH_ALWAYS ||
	    (r->match == MATCH_REST && r->action == otherwise))
		return 0;

	struct scmp_arg_cmp cmp[FILTER_TESTS];
	unsigned count = r->test_count;
	for (unsigned i = 0; i < count; i++)
		cmp[i] = SCMP_CMP64(r->tests[i].arg, SCMP_CMP_MASKED_EQ, r->tests[i].mask,
				    r->tests[i].value);
	if (r->match == MATCH_REST) {
		/*
		 * Always true. libseccomp tests high arguments first and '>=' on an argument after every masked
		 * test of it, so that 'argument 0 >= 0' is tried last; the unit test runs the program to see it.
		 */
		cmp[0] = SCMP_CMP64(0, SCMP_CMP_GE, 0);
		count = 1;
	}
	int rc = seccomp_rule_add_array(ctx, action_of(r->action, otherwise), nr, count, cmp);
	return rc ? err_os(e, -rc, r->name, "libseccomp refuses the rule for this system call") : 0;
}

/* libseccomp exports to a descriptor only. */
static int export_program(scmp_filter_ctx ctx, struct filter *ret, struct err *e)
{
	AUTO_FD int fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0)
		return err_os(e, errno, NULL, "cannot create a memory file for the seccomp filter");
	int rc = seccomp_export_bpf(ctx, fd);
	if (rc)
		return err_os(e, -rc, NULL, "libseccomp cannot make the seccomp filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_os(e, errno, NULL, "cannot rewind the seccomp filter");

	AUTO_FREE char *data = NULL;
	size_t size = 0;
	if (fd_read_all(fd, "seccomp filter", BPF_MAXINSNS * sizeof(struct sock_filter), &data,
			&size, e))
		return -1;
	if (size == 0 || size % sizeof(struct sock_filter))
		return err_set(e, ERR_OS, "seccomp filter",
			       "libseccomp made a broken program of %zu bytes", size);
	*ret = (struct filter){
	    .insns = (struct sock_filter *)(void *)TAKE_PTR(data),
	    .len = (unsigned short)(size / sizeof(struct sock_filter)),
	    .owned = true,
	};
	return 0;
}

/* What action_of and filter-front.c meant. */
static uint32_t plain_of(uint32_t k)
{
	if (k == SECCOMP_RET_LOG)
		return SECCOMP_RET_ALLOW;
	if (k == SECCOMP_RET_KILL_THREAD)
		return SECCOMP_RET_KILL_PROCESS;
	return (k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ? k & ~(uint32_t)SAME : k;
}

/*
 * Makes two programs of the one: f->insns refuses, f->asking asks the listener about each refusal but the
 * quiet ones. A kill is one of the listener's too: it knows what was called, and ends the whole job.
 */
static int split(struct filter *f, struct err *e)
{
	struct sock_filter *all = realloc(f->insns, 2 * f->len * sizeof *all);

	if (!all)
		return err_os(e, ENOMEM, NULL, "cannot make the seccomp filter");
	f->insns = all;
	f->asking = all + f->len;
	memcpy(f->asking, all, f->len * sizeof *all);
	for (size_t i = 0; i < f->len; i++) {
		if (all[i].code != (BPF_RET | BPF_K))
			continue;
		all[i].k = plain_of(all[i].k);
		bool quiet = (all[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
			     all[i].k & FILTER_QUIET;
		all[i].k &= quiet ? ~(uint32_t)FILTER_QUIET : UINT32_MAX;
		f->asking[i].k = quiet || all[i].k == SECCOMP_RET_ALLOW ? all[i].k
									: SECCOMP_RET_USER_NOTIF;
	}
	return 0;
}

static int build(scmp_filter_ctx ctx, const struct filter_profile *p, struct filter *ret,
		 struct err *e)
{
	/* Without this a foreign architecture kills only the calling thread. */
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
				  p->foreign_passes ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS);
	/* A binary tree over the numbers: faster to install than a list, and to run (docs/benchmarks.md). */
	if (!rc)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc)
		return err_os(e, -rc, NULL, "libseccomp refuses an attribute of the filter");
	for (size_t i = 0; i < p->count; i++) {
		if (add_rule(ctx, &p->rules[i], p->otherwise, e))
			return -1;
	}
	if (export_program(ctx, ret, e))
		return -1;
	if (filter_front(p, ret, e) || split(ret, e)) {
		free(ret->insns);
		*ret = (struct filter){0};
		return -1;
	}
	return 0;
}

int filter_compile_rules(const struct filter_profile *p, struct filter *ret, struct err *e)
{
	/* Say what the target kernel can do instead of asking the one that builds (api 3: KILL_PROCESS). */
	if (seccomp_api_get() < 3)
		(void)seccomp_api_set(3);
	scmp_filter_ctx ctx = seccomp_init(filter_action(p->otherwise));
	if (!ctx)
		return err_set(
		    e, ERR_OS, "libseccomp",
		    "cannot start a seccomp filter: the kernel or libseccomp lacks SECCOMP_RET_KILL_PROCESS");
	int rc = build(ctx, p, ret, e);
	seccomp_release(ctx);
	return rc;
}

int filter_compile(enum spec_seccomp profile, struct filter *ret, struct err *e)
{
	const struct filter_profile *p = filter_profile(profile);

	*ret = (struct filter){0};
	return p ? filter_compile_rules(p, ret, e) : 0;
}
