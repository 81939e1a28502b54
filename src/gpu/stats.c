/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest-rank percentiles; when the sample is full it is halved evenly, so memory stays bounded. */
#include "gpu/stats.h"

#include <stdlib.h>
#include <string.h>

void stats_init(struct stats *s)
{
	memset(s, 0, sizeof *s);
	s->stride = 1;
}

static void halve(struct stats *s)
{
	for (size_t i = 0; i < s->kept / 2; i++)
		s->ns[i] = s->ns[2 * i];
	s->kept /= 2;
	s->stride *= 2;
}

void stats_add(struct stats *s, uint64_t ns)
{
	uint64_t index = s->timed++; /* 0 is the first dispatch, which has a place of its own */

	s->count++;
	s->total += ns;
	if (index == 0) {
		s->first = ns;
		return;
	}
	if (index == 1 || ns < s->min)
		s->min = ns;
	if (ns > s->max)
		s->max = ns;
	if ((index - 1) % s->stride != 0)
		return;
	if (s->kept == STATS_KEPT) {
		halve(s);
		if ((index - 1) % s->stride != 0)
			return;
	}
	s->ns[s->kept++] = ns;
}

void stats_add_shared(struct stats *s, uint64_t ns)
{
	s->count++;
	s->total += ns;
}

static int compare(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static uint64_t percentile(const struct stats *s, unsigned percent)
{
	size_t rank = (s->kept * percent + 99) / 100; /* 1-based, nearest rank */
	return s->ns[rank ? rank - 1 : 0];
}

void stats_finish(struct stats *s, struct stats_summary *ret)
{
	*ret = (struct stats_summary){
	    .count = s->count, .timed = s->timed, .total = s->total, .first = s->first};
	if (s->timed <= 1) {
		ret->min = ret->p50 = ret->p95 = ret->p99 = ret->max = s->first;
		return;
	}
	qsort(s->ns, s->kept, sizeof s->ns[0], compare);
	ret->min = s->min;
	ret->max = s->max;
	ret->p50 = percentile(s, 50);
	ret->p95 = percentile(s, 95);
	ret->p99 = percentile(s, 99);
}
