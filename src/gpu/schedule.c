/* SPDX-License-Identifier: Apache-2.0 */
/* See schedule.h: for each queue and buffer the last read and write are enough. */
#include "gpu/schedule.h"

void schedule_init(struct schedule *s, unsigned queue_count)
{
	*s = (struct schedule){.queue_count = queue_count};
}

/* The last piece of a queue that this access must come after. */
static uint64_t hazard(const struct schedule_use *u, const struct access *a)
{
	uint64_t last = a->reads || a->writes ? u->written : 0;

	return a->writes && u->read > last ? u->read : last;
}

static void wait_for(struct schedule *s, unsigned queue, unsigned other)
{
	struct schedule_queue *q = &s->queues[queue];
	const struct schedule_queue *o = &s->queues[other];

	/* All of the other's work so far, and with it all that this work had waited for. */
	q->known[other] = o->pieces;
	for (unsigned i = 0; i < s->queue_count; i++)
		if (i != queue && o->known[i] > q->known[i])
			q->known[i] = o->known[i];
}

/* The last piece of a queue that work with these accesses must come after. */
static uint64_t last_hazard(const struct schedule_queue *q, const struct access *uses, size_t count)
{
	uint64_t after = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t h = hazard(&q->use[uses[i].buffer], &uses[i]);
		after = h > after ? h : after;
	}
	return after;
}

static void note(struct schedule_queue *q, const struct access *uses, size_t count)
{
	q->pieces++;
	for (size_t i = 0; i < count; i++) {
		struct schedule_use *u = &q->use[uses[i].buffer];
		if (uses[i].reads)
			u->read = q->pieces;
		if (uses[i].writes)
			u->written = q->pieces;
	}
}

/* Whether waiting for another queue, which has to be done too, would do for this one. */
static bool is_covered(const struct schedule *s, unsigned queue, unsigned i,
		       const uint64_t after[static SCHEDULE_QUEUES])
{
	for (unsigned via = 0; via < s->queue_count; via++)
		if (via != i && via != queue && after[via] > s->queues[queue].known[via] &&
		    s->queues[via].known[i] >= after[i])
			return true;
	return false;
}

struct schedule_order schedule_add(struct schedule *s, unsigned queue, const struct access *uses,
				   size_t count)
{
	struct schedule_queue *q = &s->queues[queue];
	struct schedule_order order = {.barrier = false};
	uint64_t after[SCHEDULE_QUEUES];

	for (unsigned i = 0; i < s->queue_count; i++)
		after[i] = last_hazard(&s->queues[i], uses, count);
	/* First those that no other one has waited for already; then the rest may need no waiting. */
	for (int rest = 0; rest < 2; rest++)
		for (unsigned i = 0; i < s->queue_count; i++) {
			if (i == queue || after[i] <= q->known[i] ||
			    (!rest && is_covered(s, queue, i, after)))
				continue;
			order.waits |= (uint8_t)(1u << i);
			wait_for(s, queue, i);
		}
	order.barrier = after[queue] > q->barrier;
	if (order.barrier)
		q->barrier = q->pieces;
	note(q, uses, count);
	return order;
}

void schedule_barrier(struct schedule *s, unsigned queue)
{
	s->queues[queue].barrier = s->queues[queue].pieces;
}

void schedule_sync(struct schedule *s)
{
	for (unsigned i = 0; i < s->queue_count; i++)
		for (unsigned other = 0; other < s->queue_count; other++)
			if (i != other)
				s->queues[i].known[other] = s->queues[other].pieces;
}
