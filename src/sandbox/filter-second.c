/* SPDX-License-Identifier: Apache-2.0 */
/* The second filter of the profile 'strict': its table over that profile's -> rows -> a BPF program. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/arena.h"
#include "base/auto.h"
#include "sandbox/call-args.h"
#include "sandbox/filter-rules.h"

#define LOW32 0xffffffffU

#define ROW(n, act, count, ...) \
	{.name = #n,            \
	 .action = (act),       \
	 .match = MATCH_MASKED, \
	 .test_count = (count), \
	 .tests = {__VA_ARGS__}},
#define TEST(a, m, v)                                                     \
	{                                                                 \
		.arg = (a), .mask = (uint32_t)(m), .value = (uint32_t)(v) \
	}
#define KEEP(n)                    ROW(n, FILTER_ALLOW, 0)
#define END_IF(n, a, m, v)         ROW(n, FILTER_TRAP, 1, TEST(a, m, v))
#define KILL_IF(n, a, m, v)        ROW(n, FILTER_KILL, 1, TEST(a, m, v))
#define REFUSE(n, err)             ROW(n, err, 0)
#define REFUSE_IF(n, err, a, m, v) ROW(n, err, 1, TEST(a, m, v))

#define SOFTWARE(...)              __VA_ARGS__
#define HARDWARE(...)
static const struct filter_rule software[] = {
#include "sandbox/filter-second.def"
};
#undef SOFTWARE
#undef HARDWARE

#define SOFTWARE(...)
#define HARDWARE(...) __VA_ARGS__
static const struct filter_rule hardware[] = {
#include "sandbox/filter-second.def"
};

static const struct {
	const struct filter_rule *rules;
	size_t count;
} tables[FILTER_SECONDS] = {
    [FILTER_SECOND_SOFTWARE] = {software, COUNTOF(software)},
    [FILTER_SECOND_HARDWARE] = {hardware, COUNTOF(hardware)},
};

const struct filter_rule *filter_second_rules(enum filter_second which, size_t *ret_count)
{
	*ret_count = tables[which].count;
	return tables[which].rules;
}

static bool is_named(enum filter_second which, const char *call)
{
	for (size_t i = 0; i < tables[which].count; i++)
		if (strcmp(tables[which].rules[i].name, call) == 0)
			return true;
	return false;
}

/* An errno is not the kernel's to give: the handler of SIGSYS finds it in si_errno, has it counted, and answers. */
static void trap_refused(struct filter *f)
{
	for (size_t i = 0; i < f->len; i++) {
		struct sock_filter *at = &f->insns[i];
		if (at->code == (BPF_RET | BPF_K) &&
		    (at->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
			at->k = SECCOMP_RET_TRAP | (at->k & SECCOMP_RET_DATA);
	}
}

int filter_second_compile(enum filter_second which, struct filter *ret, struct err *e)
{
	__attribute__((cleanup(arena_done))) struct arena arena = {0};
	const struct filter_profile *first = filter_profile(SECCOMP_STRICT);
	size_t most = first->count + tables[which].count, count = 0;
	struct filter_rule *rules = arena_alloc(&arena, most * sizeof *rules);

	*ret = (struct filter){0};
	for (size_t i = 0; i < first->count; i++)
		if (first->rules[i].action == FILTER_ALLOW &&
		    !is_named(which, first->rules[i].name)) {
			rules[count] = (struct filter_rule){.action = FILTER_TRAP,
							    .match = MATCH_ALWAYS};
			filter_rule_name(&rules[count++], first->rules[i].name);
		}
	for (size_t i = 0; i < tables[which].count; i++) {
		const struct filter_rule *r = &tables[which].rules[i];
		if (!r->test_count && r->action == FILTER_ALLOW)
			continue;
		rules[count] = *r;
		rules[count++].match = r->test_count ? MATCH_MASKED : MATCH_ALWAYS;
	}
	/* Foreign architectures are the first filter's, which tells whose call it was. */
	const struct filter_profile all = {
	    .rules = rules, .count = count, .otherwise = FILTER_ALLOW, .foreign_passes = true};
	if (filter_compile_rules(&all, ret, e) < 0)
		return -1;
	trap_refused(ret);
	return 0;
}
