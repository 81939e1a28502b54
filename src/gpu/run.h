/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs all steps in order: short dispatches many to a submission, long ones cut into chunks with a
 * submission each, or a few in one; times them and holds each dispatch to the limit. Work goes to the device in rounds, in which each
 * queue gets a submission or more; between two rounds the device is idle.
 */
#pragma once

#include "gpu/budget.h"
#include "gpu/guard.h"
#include "gpu/pipeline.h"
#include "gpu/progress.h"
#include "gpu/walk.h"

enum {
	BATCH_MAX = 4096,
	WARM_STAMPS = 5,          /* timestamps that say what one takes */
	PARTS_MAX = 16,           /* chunks in a submission */
	BATCH_NS = 20000000,      /* no more expected work than this in a submission, */
	GUARDED_NS = 60000000,    /* or than this where what has not begun can be left out again */
	SAMPLE_FIRST = 16,        /* so many short dispatches of a kernel are timed one by one, */
	SAMPLE_EACH_NS = 1000000, /* then one whenever the kernel has worked for so long, */
	SAMPLE_COSTS = 100,       /* and for so many times what a timestamp takes */
	WAIT_SLICE_NS = 5000000,  /* how long a signal may go unnoticed */
	MOVED_PER_NS = 4,         /* bytes that copies and clears move, a guess on the low side */
	LOOK_BYTES = 16,          /* the most that is looked at between steps */
	SEMAPHORES_MAX = 64,      /* waits of one queue for another in a round */
	STAMPS_MAX = BATCH_MAX + GPU_PIECES,
	WAIT_GRACE_NS = 2000000, /* submitting and waking up are not the dispatch's time */
};
#define COMPILE_ALLOWANCE_NS \
	UINT64_C(10000000000) /* for the driver's own compiler, once a pipeline */

struct run {
	struct gpu *gpu;
	const struct request *request;
	const struct shape *shapes;       /* one for each buffer, */
	const struct gpu_buffer *buffers; /* so are these */
	/* All bytes of a buffer, in *ret_own (malloc'ed) when it is not mapped; NULL: *f. */
	const unsigned char *(*fetch)(void *owner, size_t buffer, unsigned char **ret_own,
				      struct fail *f);
	void *owner;
	struct budget *budget;
	struct progress *progress;
	uint64_t limit_ns;  /* of one dispatch, 0: none */
	uint64_t target_ns; /* of a chunk */
	bool timed;         /* by the device; else by the host, from submission to completion */
	uint64_t stamp_ns;  /* what a timestamp takes, UINT64_MAX: not known */
	/* Owned, until run_done: a submission that nobody waited for may still use them. */
	VkQueryPool queries[GPU_QUEUES];        /* VK_NULL_HANDLE: the queue has no timestamps */
	VkSemaphore semaphores[SEMAPHORES_MAX]; /* made when they are needed */
	struct guard guard;                     /* of what is under way */
	struct gpu_buffer
	    peek; /* where the host reads buffers that are not mapped; made when it is needed */
};

/* What goes to one queue in a round: short dispatches, or some chunks of a long one. */
struct batch {
	struct step *items[BATCH_MAX];
	uint64_t guesses[BATCH_MAX];   /* how long each should take */
	bool after_barrier[BATCH_MAX]; /* something before it on the same queue must be over */
	bool begins_piece[BATCH_MAX];
	uint32_t count;
	/* Items that are timed together; item_end[i] is the first one after the i-th such interval. */
	uint32_t item_end[BATCH_MAX];
	uint8_t interval_piece[BATCH_MAX];
	uint64_t ns[BATCH_MAX];
	uint32_t intervals;
	bool last_alone; /* the last interval is one dispatch that is timed by itself */
	uint64_t guess_ns, elapsed_ns;
	bool moves;    /* some of it copies or clears, which no guard leaves out */
	bool is_chunk; /* items[0], but only these parts of it, each an interval */
	struct chunk parts[PARTS_MAX];
	uint32_t part_count;
};

/* A part of a batch that is a submission, because another queue waits for it or it for another. */
struct piece {
	uint8_t lane, number; /* it is this one of its lane's */
	bool closed; /* what follows is another piece: somebody waits for the end of this one */
	uint32_t wait_count, signal_count;
	uint8_t waits[GPU_QUEUES], signals[GPU_QUEUES]; /* numbers of semaphores */
};

/* What goes to the device at the same time. */
struct round {
	uint8_t lanes[GPU_QUEUES * BATCH_MAX]; /* whose item comes next, in the order of the job */
	uint32_t count;
	struct piece pieces[GPU_QUEUES * GPU_PIECES]; /* each after those that it waits for */
	uint32_t piece_count, semaphore_count;
};

/* One queue of the device. */
struct lane {
	struct batch batch;
	/* The dispatch that is being cut into chunks. */
	struct {
		struct step *step; /* NULL: none */
		uint64_t total, done, spent_ns;
	} split;
	uint8_t pieces[GPU_PIECES]; /* of the round's */
	uint32_t piece_count;
};

struct runner {
	struct run *run;
	struct gpu *g;
	struct pace_rules rules;
	struct walk walk;
	struct step *steps;
	struct schedule schedule;
	bool started; /* something was submitted */
	bool looks;   /* the host reads buffers between steps */
	bool guarded; /* there is a guard */
	uint64_t
	    sample_ns; /* a short dispatch is timed alone whenever its kernel worked for so long */
	struct lane lanes[GPU_QUEUES];
	unsigned lane_count;
	struct round round;
};

/* Fewer work groups than this are not cut: they keep the device busy only together. */
uint64_t run_floor(const struct gpu *g);

/* Sets run->timed. On END_KERNEL_TIME and END_CANCELLED f->pending says whether the device still works. */
int run_steps(struct run *run, struct step *steps, size_t count, struct fail *f);
/* How each loop with a condition went, as answers. */
void run_answer_loops(const struct run *run, const struct step *steps, size_t count);
/* The device must have come to the end of all work. */
void run_done(struct run *run);

/* ---- round.c: what goes to the device at the same time ------------------------------------- */

/* Takes from the walk what can be done now; round.count stays 0 when the host has to look first. */
void round_fill(struct runner *r);

/* ---- batch.c: recording, submitting, times ------------------------------------------------- */

/* Records and submits the round, waits for it, reads its times. */
int batch_run(struct runner *r, struct fail *f);
/* Makes the driver compile the pipeline, so that no dispatch is charged with that. */
int batch_warm_up(struct runner *r, struct step *s, struct fail *f);
/* Ends as kernel-time: one of these dispatches took so long, or longer when f->pending. */
int batch_too_long(struct runner *r, const struct step *s, uint64_t observed, uint32_t of,
		   struct fail *f);

/* ---- look.c: between two submissions, when all is done that was submitted ------------------ */

/* Whether the loop's condition has come true. */
int look_until(struct runner *r, struct step *s, bool *ret_is_over, struct fail *f);
/* Takes the groups of an indirect dispatch from their buffer. */
int look_groups(struct runner *r, struct step *s, struct fail *f);
/* Ends as check-failed when the buffer is not what it should be. */
int look_check(struct runner *r, const struct step *s, struct fail *f);
