/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The size of a chunk follows the measured rate, but carefully: the next groups may cost many times
 * what the last ones did. So it grows step by step, and while a kernel is not known to be even
 * no chunk is a large part of the whole.
 */
#include "gpu/chunk.h"

enum {
	QUICK_NS = 1000000, /* after so short a chunk the next one may be much larger */
	SMALL_NS = 2000000, /* so short that even many times that is no harm */
	GROWTH = 2,
	GROWTH_QUICK = 8,
	PART_BITS = 6,   /* at first no chunk is more than 1/64 of the dispatch, */
	EVEN_BITS = 3,   /* later 1/8, */
	EVEN_EACH = 2,   /* one bit for so many even chunks */
	PROVEN_PART = 8, /* a chunk smaller than 1/8 of the largest says little about the rate */
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t chunk_total(const uint32_t groups[static 3])
{
	uint64_t total = (uint64_t)groups[0] * groups[1];

	return __builtin_mul_overflow(total, groups[2], &total) ? UINT64_MAX : total;
}

/* About want of left, so that the last part is not much smaller than the others. */
static uint32_t even_part(uint64_t left, uint64_t want)
{
	uint64_t parts = left / want + (left % want != 0);

	return (uint32_t)(left / parts + (left % parts != 0));
}

uint64_t chunk_cut(const uint32_t groups[static 3], uint64_t done, uint64_t want, struct chunk *ret)
{
	uint64_t row = groups[0], layer = row * groups[1];
	uint32_t x = (uint32_t)(done % row), y = (uint32_t)(done % layer / row),
		 z = (uint32_t)(done / layer);

	*ret = (struct chunk){.base = {x, y, z}, .count = {groups[0], groups[1], 1}};
	if (want == 0)
		want = 1;
	if (x == 0 && y == 0 && want >= layer) {
		ret->count[2] = even_part(groups[2] - z, want / layer);
	} else if (x == 0 && want >= row) {
		ret->count[1] = even_part(groups[1] - y, want / row);
	} else {
		ret->count[1] = 1;
		ret->count[0] = (uint32_t)least(row - x, want);
	}
	return chunk_groups(ret);
}

uint64_t chunk_groups(const struct chunk *c)
{
	return (uint64_t)c->count[0] * c->count[1] * c->count[2];
}

/* Past any count of groups a double is not exact, and need not be. */
static uint64_t groups_in(const struct pace *p, double ns)
{
	double groups = p->rate * ns;

	return groups >= 0x1p63 ? UINT64_MAX / 2 : (uint64_t)groups;
}

uint64_t pace_guess(const struct pace *p, uint64_t groups)
{
	double ns = p->rate > 0 ? (double)groups / p->rate : 0x1p64;

	return ns >= 0x1p63 ? UINT64_MAX : (uint64_t)ns;
}

uint64_t pace_want(const struct pace *p, const struct pace_rules *r, uint64_t total, uint64_t left)
{
	uint64_t want = r->floor, most;

	if (p->rate > 0) {
		want = groups_in(p, (double)r->target_ns);
		most = pace_guess(p, p->proven) < QUICK_NS ? GROWTH_QUICK : GROWTH;
		if (!__builtin_mul_overflow(most, p->proven, &most))
			want = least(want, most);
		unsigned bits = p->even / EVEN_EACH;
		most = total >> (PART_BITS - (bits < EVEN_BITS ? bits : EVEN_BITS));
		if (most < groups_in(p, SMALL_NS))
			most = groups_in(p, SMALL_NS);
		want = least(want, most);
	}
	if (want < r->floor)
		want = r->floor;
	if (r->align > 1 && want < left)
		want = (want + r->align - 1) / r->align * r->align;
	/* A small rest would keep the device waiting once more for little. */
	return left <= want || left - want < want / 4 ? left : want;
}

bool pace_together(const struct pace *p, const struct pace_rules *r, unsigned count,
		   uint64_t groups, uint64_t next)
{
	return p->rate > 0 && count <= p->even && groups + next <= groups_in(p, (double)r->span_ns);
}

void pace_learn(struct pace *p, uint64_t groups, uint64_t ns)
{
	double rate = (double)groups / (double)(ns ? ns : 1);

	if (groups < p->proven / PROVEN_PART)
		return;
	if (groups > p->proven)
		p->proven = groups;
	if (p->rate > 0 && rate < 1.5 * p->rate && p->rate < 1.5 * rate)
		p->even++;
	else
		p->even = 0;
	/* Slower is believed at once, faster only half: a chunk that is too short costs less. */
	p->rate = p->rate == 0 || rate < p->rate ? rate : (p->rate + rate) / 2;
}
