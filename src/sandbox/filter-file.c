/* SPDX-License-Identifier: Apache-2.0 */
/* A profile file's rules over those of the built-in profile beneath -> rows -> a BPF program. */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/text.h"
#include "job/profile.h"
#include "sandbox/call-name.h"
#include "sandbox/filter-rules.h"

/*
 * The launch and the return from signals need these, whatever the file says: the job executes its command
 * under the filter, and nobody answers for it yet.
 */
static const char *const always[] = {"execve",    "exit",         "exit_group",
				     "faccessat", "rt_sigreturn", "restart_syscall"};

struct rows {
	struct arena *arena;
	struct filter_rule *rules;
	size_t count;
};

static void add(struct rows *rows, const struct filter_rule *r)
{
	rows->rules = arena_grow(rows->arena, rows->rules, rows->count, sizeof *rows->rules);
	rows->rules[rows->count++] = *r;
}

static bool is_always(const char *call)
{
	for (size_t i = 0; i < COUNTOF(always); i++)
		if (strcmp(always[i], call) == 0)
			return true;
	return false;
}

/* The highest layer that names this call; 0: none does. */
static unsigned layer_of(const struct profile *p, const char *call)
{
	unsigned layer = 0;

	for (size_t i = 0; i < p->rule_count; i++)
		if (p->rules[i].layer > layer && strcmp(p->rules[i].call, call) == 0)
			layer = p->rules[i].layer;
	return layer;
}

static int check_call(const struct profile_rule *r, struct err *e)
{
	char shown[64];

	if (call_number(r->call) == -1 && !r->grouped)
		return err_bad(e, r->where, "there is no system call '%s'",
			       text_show(r->call, shown, sizeof shown));
	if (is_always(r->call) && (r->action != PROFILE_ALLOW || r->test_count))
		return err_bad(e, r->where, "'%s' is needed to start the job: it is always allowed",
			       r->call);
	return 0;
}

/* Of one call in one layer: conditions with one answer, and at most one rule for the rest. */
static int check_pair(const struct profile_rule *a, const struct profile_rule *b, struct err *e)
{
	if (!a->test_count && !b->test_count && a->action != b->action)
		return err_bad(e, b->where, "'%s' has another answer already, at %s", b->call,
			       a->where);
	if (a->test_count && b->test_count && a->action != b->action)
		return err_bad(
		    e, b->where,
		    "'%s' has conditions with another answer, at %s: only one kind can be told from the rest",
		    b->call, a->where);
	return 0;
}

static struct filter_rule row_of(const struct profile_rule *r, bool conditions)
{
	struct filter_rule row = {.action = r->action,
				  .match = r->test_count ? MATCH_MASKED
					   : conditions  ? MATCH_REST
							 : MATCH_ALWAYS,
				  .test_count = r->test_count};

	filter_rule_name(&row, r->call);
	for (unsigned i = 0; i < r->test_count; i++)
		row.tests[i] = (struct filter_test){
		    .arg = r->tests[i].arg, .mask = r->tests[i].mask, .value = r->tests[i].value};
	/* As in the built-in profiles: every thread is started with it first. */
	if (row.match == MATCH_ALWAYS && strcmp(r->call, "clone3") == 0 && r->action > 0)
		row.action |= FILTER_QUIET;
	return row;
}

/* The rows in which the default profile looks at this call's arguments. Returns how many there are. */
static size_t add_default(struct rows *rows, const char *call)
{
	const struct filter_profile *p = filter_profile(SECCOMP_DEFAULT);
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->rules[i].match != MATCH_ALWAYS && strcmp(p->rules[i].name, call) == 0) {
			add(rows, &p->rules[i]);
			n++;
		}
	return n;
}

static int add_own(struct rows *rows, const struct profile *p, size_t at, struct err *e)
{
	const struct profile_rule *r = &p->rules[at];
	bool conditions = false, repeated = false, named = !r->grouped;

	if (check_call(r, e) < 0)
		return -1;
	if (r->layer != layer_of(p, r->call) || is_always(r->call))
		return 0;
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct profile_rule *other = &p->rules[i];
		if (i == at || other->layer != r->layer || strcmp(other->call, r->call) != 0)
			continue;
		if (check_pair(i < at ? other : r, i < at ? r : other, e) < 0)
			return -1;
		conditions |= other->test_count != 0;
		named |= !other->grouped;
		repeated |= i < at && !r->test_count && !other->test_count;
	}
	/* Who allows a whole group has not thought of namespaces, set-user-id files or the limits of pid 1. */
	if (!repeated && !named && r->action == PROFILE_ALLOW && add_default(rows, r->call))
		return 0;
	if (!repeated) {
		const struct filter_rule row = row_of(r, conditions);
		add(rows, &row);
	}
	return 0;
}

static int otherwise_of(const struct profile *p, const struct filter_profile *base)
{
	if (p->otherwise_given)
		return p->otherwise;
	if (p->base == SECCOMP_NONE)
		return FILTER_ALLOW;
	return base ? base->otherwise : ENOSYS;
}

int filter_of_file(const struct profile *p, struct filter *ret, struct err *e)
{
	__attribute__((cleanup(arena_done))) struct arena arena = {0};
	struct rows rows = {.arena = &arena};
	const struct filter_profile *base = p->base < 0
						? NULL
						: filter_profile((enum spec_seccomp)p->base);

	*ret = (struct filter){0};
	for (size_t i = 0; i < COUNTOF(always); i++) {
		struct filter_rule row = {.match = MATCH_ALWAYS};
		filter_rule_name(&row, always[i]);
		add(&rows, &row);
	}
	for (size_t i = 0; base && i < base->count; i++)
		if (!layer_of(p, base->rules[i].name) && !is_always(base->rules[i].name))
			add(&rows, &base->rules[i]);
	for (size_t i = 0; i < p->rule_count; i++)
		if (add_own(&rows, p, i, e) < 0)
			return -1;
	const struct filter_profile all = {
	    .rules = rows.rules, .count = rows.count, .otherwise = otherwise_of(p, base)};
	return filter_compile_rules(&all, ret, e);
}
