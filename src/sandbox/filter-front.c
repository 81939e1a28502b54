/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a binary search over ranges of system call numbers in front of libseccomp's program. Most
 * calls need no look at their arguments and neighbours mostly get the same answer, so the ranges
 * are few; the kernel, which tries a filter with every number when it is installed, is done much
 * sooner. Only what depends on arguments, foreign architectures and numbers above the last row's go
 * on to libseccomp's program, which answers them as it always does.
 */
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#include "base/arena.h"
#include "sandbox/call-name.h"
#include "sandbox/filter-rules.h"

enum { ASK = -2 };           /* libseccomp's program decides */
enum { NUMBERS_MAX = 4096 }; /* of an architecture; larger ones are ASK */
enum { ANSWERS_MAX = 16, HEAD = 3 };

struct range {
	uint32_t first;
	int answer; /* of all numbers up to the next range's first */
};

/* One comparison: numbers below first go to low, the others to high. Below 0: the answer ~low. */
struct node {
	uint32_t first;
	int low, high;
};

struct front {
	const struct range *ranges;
	struct node *nodes;
	int node_count;
	int answers[ANSWERS_MAX]; /* the first is ASK */
	int answer_count;
};

/* What each number below *ret_count gets. */
static void decide(const struct filter_profile *p, int *answers, uint32_t *ret_count)
{
	*ret_count = 0;
	for (size_t i = 0; i < NUMBERS_MAX; i++)
		answers[i] = p->otherwise;
	for (size_t i = 0; i < p->count; i++) {
		int nr = call_number(p->rules[i].name);
		if (nr < 0 || nr >= NUMBERS_MAX)
			continue;
		answers[nr] = p->rules[i].match == MATCH_ALWAYS ? p->rules[i].action : ASK;
		if ((uint32_t)nr >= *ret_count)
			*ret_count = (uint32_t)nr + 1;
	}
}

static size_t find_ranges(const int *answers, uint32_t count, struct range *ranges)
{
	size_t n = 0;

	for (uint32_t nr = 0; nr < count; nr++) {
		if (n == 0 || ranges[n - 1].answer != answers[nr])
			ranges[n++] = (struct range){nr, answers[nr]};
	}
	ranges[n++] = (struct range){count, ASK};
	return n;
}

/* ~n of the n-th answer; a table without room gives the last one, and filter_front refuses it. */
static int find_answer(struct front *f, int answer)
{
	for (int i = 0; i < f->answer_count; i++) {
		if (f->answers[i] == answer)
			return ~i;
	}
	if (f->answer_count < ANSWERS_MAX)
		f->answers[f->answer_count++] = answer;
	return ~(f->answer_count - 1);
}

/* The tree over ranges[from] to ranges[to - 1], parents before children: BPF only jumps forward. */
static int build_tree(struct front *f, size_t from, size_t to)
{
	if (to - from == 1)
		return find_answer(f, f->ranges[from].answer);

	size_t middle = from + (to - from) / 2;
	int at = f->node_count++;
	f->nodes[at].first = f->ranges[middle].first;
	f->nodes[at].low = build_tree(f, from, middle);
	f->nodes[at].high = build_tree(f, middle, to);
	return at;
}

/* The instructions: a head, the comparisons, one return for each answer, libseccomp's program. */
static size_t where(const struct front *f, int target)
{
	if (target >= 0)
		return HEAD + (size_t)target;
	/* ASK, the first answer, is where the returns end. */
	int slot = ~target == 0 ? f->answer_count - 1 : ~target - 1;
	return HEAD + (size_t)f->node_count + (size_t)slot;
}

/* Returns the number of instructions, or 0 when a jump would be too far. */
static size_t emit(const struct front *f, struct sock_filter *insns)
{
	size_t end = where(f, ~0);

	if (end - 2 > UINT8_MAX || f->answer_count == ANSWERS_MAX)
		return 0;
	insns[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						offsetof(struct seccomp_data, arch));
	insns[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 0,
						(uint8_t)(end - 2));
	insns[2] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						offsetof(struct seccomp_data, nr));
	for (int i = 0; i < f->node_count; i++) {
		const struct node *n = &f->nodes[i];
		size_t next = where(f, i) + 1;
		insns[next - 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, n->first,
							       (uint8_t)(where(f, n->high) - next),
							       (uint8_t)(where(f, n->low) - next));
	}
	for (int i = 1; i < f->answer_count; i++)
		insns[where(f, ~i)] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
								   filter_action(f->answers[i]));
	return end;
}

/* Room for the new part in front of the old one, and the new part in it. */
static int put_before(struct filter *f, const struct sock_filter *insns, size_t len)
{
	struct sock_filter *all = realloc(f->insns, (len + f->len) * sizeof *all);

	if (!all)
		return -1;
	memmove(all + len, all, f->len * sizeof *all);
	memcpy(all, insns, len * sizeof *all);
	f->insns = all;
	f->len = (unsigned short)(len + f->len);
	return 0;
}

int filter_front(const struct filter_profile *p, struct filter *f, struct err *e)
{
	struct arena arena = {0};
	int *answers = arena_alloc(&arena, NUMBERS_MAX * sizeof *answers);
	struct range *ranges = arena_alloc(&arena, (NUMBERS_MAX + 1) * sizeof *ranges);
	struct sock_filter *insns = arena_alloc(&arena, (UINT8_MAX + HEAD) * sizeof *insns);
	struct front front = {.ranges = ranges, .answers = {ASK}, .answer_count = 1};
	uint32_t count;
	int rc = 0;

	decide(p, answers, &count);
	size_t n = find_ranges(answers, count, ranges);
	front.nodes = arena_alloc(&arena, n * sizeof *front.nodes);
	(void)build_tree(&front, 0, n);
	size_t len = emit(&front, insns);
	if (len == 0 || len + f->len > BPF_MAXINSNS)
		rc = err_set(e, ERR_OS, "seccomp filter", "%zu ranges of system calls are too many",
			     n);
	else if (put_before(f, insns, len))
		rc = err_os(e, ENOMEM, NULL, "cannot make the seccomp filter");
	arena_done(&arena);
	return rc;
}
