/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to wait for what: where a barrier must stand between two pieces of work on one queue,
 * and where one queue must wait for another. Pure: it knows buffers by number and queues by number.
 *
 * Work comes in the order of the job. Two pieces are ordered only when one writes what the other
 * reads or writes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCHEDULE_BUFFERS = 256, SCHEDULE_QUEUES = 4 };

struct access {
	uint16_t buffer;
	bool reads, writes;
};

/* How a queue last used a buffer: the numbers of its own pieces, from 1; 0: never. */
struct schedule_use {
	uint64_t read, written;
};

/* What one queue has done and what it may rely on. */
struct schedule_queue {
	uint64_t pieces;
	uint64_t barrier;                /* its own pieces up to here are over for later ones */
	uint64_t known[SCHEDULE_QUEUES]; /* pieces of the others that it has waited for */
	struct schedule_use use[SCHEDULE_BUFFERS];
};

struct schedule {
	unsigned queue_count;
	struct schedule_queue queues[SCHEDULE_QUEUES];
};

/* What must come before a piece of work. */
struct schedule_order {
	bool barrier;  /* of its own queue */
	uint8_t waits; /* bit 1 << queue: everything that queue has got so far must be over */
};

void schedule_init(struct schedule *s, unsigned queue_count);
/* Notes the piece and says what it needs; needs that earlier answers have met are not repeated. */
struct schedule_order schedule_add(struct schedule *s, unsigned queue, const struct access *uses,
				   size_t count);
/* A barrier that was put there for another reason. */
void schedule_barrier(struct schedule *s, unsigned queue);
/* The host has waited for everything: queues need not wait for each other for what was before. */
void schedule_sync(struct schedule *s);
