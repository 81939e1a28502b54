/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Query pools for timestamps inside of command buffers, and what becomes of the timestamps. Their
 * values are read when the program's own behaviour says that the command buffer has finished; nobody ever waits.
 */
#include <stdlib.h>

#include "layer/timing-parts.h"

struct chunk *stamp_chunk(struct timing *t)
{
	static const VkQueryPoolCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
	    .queryType = VK_QUERY_TYPE_TIMESTAMP,
	    .queryCount = 2 * CHUNK_PAIRS,
	};
	struct chunk *c = t->free_chunks;

	if (c) {
		t->free_chunks = c->next;
		c->next = NULL;
		return c;
	}
	c = calloc(1, sizeof *c);
	if (c && t->CreateQueryPool(t->setup.device, &info, NULL, &c->pool) != VK_SUCCESS) {
		free(c);
		return NULL;
	}
	return c;
}

uint64_t stamp_ns(const struct timing *t, uint32_t family, uint64_t from, uint64_t to)
{
	uint32_t bits = t->families[family].timestampValidBits;
	uint64_t ticks = to - from;

	/* The counter may have started anew in between; above the valid bits there is nothing. */
	if (bits < 64)
		ticks &= (UINT64_C(1) << bits) - 1;
	double ns = (double)ticks * (double)t->setup.period_ns;
	/* Half the counter's range: it did not wrap, it went backwards. */
	if (bits > 1 && ticks >> (bits - 1))
		return 0;
	return (uint64_t)ns;
}

static void take_time(struct record *r, const struct stamp *s, const uint64_t value[4])
{
	struct timing *t = r->t;
	struct use *u = &r->uses[s->use];
	uint64_t bias = atomic_load_explicit(&t->bias_ns, memory_order_relaxed);

	if (!value[1] || !value[3]) {
		kernel_lost(t, u->pipeline->row, 1);
		return;
	}
	uint64_t ns = stamp_ns(t, r->pool->family, value[0], value[2]);
	bool first = u->first && s->leads;
	if (first)
		u->first = false;
	kernel_time(t, u->pipeline->row, ns > bias ? ns - bias : 0, first);
}

void stamp_harvest(struct record *r)
{
	struct timing *t = r->t;
	const struct chunk *c = r->chunks;
	uint64_t values[CHUNK_PAIRS][4]; /* from, available, to, available */

	if (r->is_mixed) {
		stamp_lose(r);
		return;
	}
	for (size_t at = 0; at < r->stamp_count && c; at += CHUNK_PAIRS, c = c->next) {
		size_t pairs = r->stamp_count - at < CHUNK_PAIRS ? r->stamp_count - at
								 : CHUNK_PAIRS;
		for (size_t i = 0; i < pairs; i++)
			values[i][1] = values[i][3] = 0;
		(void)t->GetQueryPoolResults(t->setup.device, c->pool, 0, 2 * (uint32_t)pairs,
					     sizeof values, values, sizeof values[0] / 2,
					     VK_QUERY_RESULT_64_BIT |
						 VK_QUERY_RESULT_WITH_AVAILABILITY_BIT);
		for (size_t i = 0; i < pairs; i++)
			take_time(r, &r->stamps[at + i], values[i]);
	}
	/* Of those that ran more than once since, only the last time was there to read. */
	for (size_t i = 0; i < r->stamp_count && r->runs > 1; i++)
		kernel_lost(t, r->uses[r->stamps[i].use].pipeline->row, r->runs - 1);
	r->runs = 0;
}

void stamp_lose(struct record *r)
{
	for (size_t i = 0; i < r->stamp_count; i++)
		kernel_lost(r->t, r->uses[r->stamps[i].use].pipeline->row, r->runs);
	r->runs = 0;
	r->is_mixed = false;
}

void stamp_recycle(struct record *r)
{
	if (r->last_chunk) {
		r->last_chunk->next = r->t->free_chunks;
		r->t->free_chunks = r->chunks;
	}
	r->chunks = r->last_chunk = NULL;
	r->stamp_count = 0;
}

void stamp_done(struct timing *t)
{
	while (t->free_chunks) {
		struct chunk *c = t->free_chunks;
		t->free_chunks = c->next;
		t->DestroyQueryPool(t->setup.device, c->pool, NULL);
		free(c);
	}
}
