/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of timing. Three kinds of things live longer than a call:
 *
 *   pipeline    what is dispatched, a pipeline or a shader object; leads to a kernel's row in the page
 *   record      a command buffer: which pipelines it dispatches how often, and where it has timestamps
 *   submission  a vkQueueSubmit that has not finished, as far as anybody has noticed; one of which a later
 *               part waits for something is submitted in parts, and each is one
 *
 * Locks: the program synchronizes a command buffer itself while it records, so nothing is locked
 * there but to look up a pipeline. All else is under timing.lock, which is never held while the layer
 * below submits or waits.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "layer/common.h"
#include "layer/identity.h"
#include "layer/map.h"
#include "layer/newer.h"
#include "layer/timing.h"

enum {
	CHUNK_PAIRS = 32, /* timed dispatches that share a query pool */
	FIRST_TIMED = 16, /* of each kernel, before the cost decides */
	/*
	 * After them timing may take one part in so many of the kernel's own time. By the cost of timestamps in a row, that
	 * is: those around a kernel cost up to twice that, so this keeps well under a hundredth.
	 */
	COST_SHARE = 300,
	REUSE_STEP =
	    29, /* dispatches between two timed ones in a command buffer that may be submitted again */
	UNKNOWN_STEP =
	    128,          /* between two of a kernel of which nothing is known after FIRST_TIMED */
	UNREAD_MOST = 64, /* submissions whose times wait to be read */
	TRUST_AFTER = 4,  /* recordings that could have been submitted again and were not */
	/* More would be surer; each costs a software driver 40 us of the start, of which a program has one. */
	CALIBRATION_STAMPS = 5,
	BIND_CACHE = 8,
};

/* ---- kernels (kernel.c, pipeline.c) -------------------------------------------------------- */

struct pipeline {
	_Atomic uint32_t refs; /* the handle's, and one for each use */
	uint32_t row;
	_Atomic uint32_t submitted; /* 1: it was, once */
	struct pipeline *
	    generated; /* what commands that the device generates for it count as; made when needed */
};

/* How often a kernel is to be timed; races make it a little more or less often. */
struct kernel_pace {
	_Atomic int64_t skip; /* dispatches until the next timed one */
	_Atomic uint32_t asked;
};

/* ---- command buffers (record.c, record-calls.c) -------------------------------------------- */

/* A pipeline in a command buffer. */
struct use {
	struct pipeline *pipeline;
	uint64_t count, indirect, group_total;
	uint64_t least, most; /* dispatches of generated commands, whose executions are counted */
	uint32_t groups[3];
	bool first; /* this recording was the pipeline's first one to be submitted */
};

/* A timed dispatch: stamp i has queries 2 * (i % CHUNK_PAIRS) and the next of chunk i / CHUNK_PAIRS. */
struct stamp {
	uint32_t use;
	bool leads; /* the use's first dispatch */
};

struct chunk {
	struct chunk *next;
	VkQueryPool pool;
};

struct pool {
	VkCommandPool handle;
	uint32_t family;
	bool can_stamp;
	struct record *records;
};

struct record {
	VkCommandBuffer handle;
	struct timing *t;
	struct pool *pool;   /* NULL: the handle was freed */
	struct record *next; /* of the pool */
	uint32_t refs;  /* the pool's, and those of submissions and of primary command buffers */
	uint32_t epoch; /* goes on when what was recorded is gone */
	bool is_primary;
	bool may_repeat; /* begun so that it can be submitted again */
	bool is_inline;  /* timestamps go around dispatches, not around the command buffer */
	struct use *uses;
	size_t use_count, use_size;
	uint64_t total,
	    next_stamp;      /* dispatches; how many before one may be timed, while !is_inline */
	struct use *current; /* the bound pipeline's; NULL: none that is known */
	struct {
		uint64_t handle; /* 0: none */
		bool is_shader;
		size_t use;
	} bound[BIND_CACHE];
	uint32_t generation; /* timing.generation for which bound[] is right */
	struct stamp *stamps;
	size_t stamp_count, stamp_size;
	struct chunk *chunks, *last_chunk;
	struct record **children;
	size_t child_count, child_size;
	uint32_t submits;          /* since it was begun */
	uint32_t pending;          /* times that it is in submissions under way */
	uint32_t runs;             /* times that it was submitted since its times were read */
	struct timed_queue *queue; /* of the last one */
	bool
	    is_mixed; /* it was under way on two queues: they overwrote each other's times in any order */
};

/* ---- submissions (time-submit.c, track.c) ------------------------------------------------------- */

/* Command buffers of our own with timestamps: two around one of the program's, or the calibration. */
struct bracket {
	struct bracket *next, *older;
	uint32_t family, stamps;
	VkQueryPool pool;
	VkCommandBuffer begin, end; /* all stamps are in begin, or the last is in end */
};

struct run {
	struct record *record;
	uint32_t epoch;
};

/* A command buffer of ours that sets an event; recorded once. */
struct marker {
	struct marker *next, *older;
	uint32_t family;
	VkEvent event;
	VkCommandBuffer commands;
};

/* A semaphore that a submission waits for. */
struct need {
	VkSemaphore semaphore;
	struct timed_queue *queue; /* of a binary one's signal; NULL: a timeline, or: */
	VkEvent event;   /* is set when the wait is over; VK_NULL_HANDLE: not from outside */
	uint64_t number; /* of the submission on the queue; or the value */
};

struct submission {
	struct submission *next;
	struct timed_queue *queue;
	uint64_t number; /* on its queue, from 1 */
	VkFence fence;
	bool owns_fence, is_foreign;
	bool in_call;      /* the layer below still reads from it */
	bool is_over;      /* it has finished, as the program's behaviour says */
	bool has_work;     /* command buffers */
	uint64_t since_ns; /* when the device can have begun with it; 0: that was not seen yet */
	uint64_t dispatches;
	struct need *needs; /* that were not seen to be met */
	size_t need_count, need_size;
	struct run *runs; /* command buffers, secondary ones after their primary */
	size_t run_count, run_size;
	struct marker *marker; /* begins it; NULL: it waits for nothing from outside */
	struct bracket *bracket, *calibration;
	struct run bracketed; /* what the bracket is around */
	bool first;           /* it has the first dispatch of a pipeline */
	bool is_open;         /* one of its needs is a value that nothing submitted so far sets */
	bool has_times;       /* it is over, and ran to its end */
	uint32_t kernel_count;
	uint16_t kernels[PAGE_CANDIDATES];
	/* Of the program's array, with ours in it: first with the marker, then with those that have timestamps. */
	struct copy {
		void *at;
		size_t size;
	} marked, timed;
};

struct timed_queue {
	VkQueue handle;
	uint32_t family;
	struct submission *head, **tail;
	uint64_t issued, done; /* numbers of the last one, and of the last one that has finished */
	uint64_t done_ns;      /* when that was seen */
};

struct semaphore {
	bool is_timeline;
	struct timed_queue *queue; /* of the last submission that signals it; NULL: none is known */
	uint64_t number, value;    /* that submission's, and what it sets a timeline to */
};

/* What is submitted by one call, in whichever form. */
struct batches {
	uint32_t count;
	const VkSubmitInfo *one;  /* or */
	const VkSubmitInfo2 *two; /* or */
	const VkBindSparseInfo *sparse;
};

struct timing {
	struct timing_setup setup;
#define NEXT(name) PFN_vk##name name;
#include "layer/timing.def"
#undef NEXT
	VkQueueFamilyProperties families[16];
	pthread_mutex_t lock;
	struct map modules, layouts, pipelines, shaders, pools, records, queues, semaphores;
	struct map fences;  /* the program's, that submissions under way will signal */
	struct map foreign; /* the program's, whose state says nothing */
	struct kernel_pace pace[PAGE_KERNELS + 1];
	struct pipeline
	    *generated; /* commands of which nobody knows for what they are; made when needed */
	_Atomic uint32_t generation; /* a pipeline or a shader object was destroyed */
	struct submission *free_submissions;
	struct submission *unread, **unread_tail; /* over, but their times were not read */
	uint32_t unread_count;
	uint32_t open_waits; /* submissions that are open */
	struct chunk *free_chunks;
	struct bracket *free_brackets, *all_brackets;
	struct marker *free_markers, *all_markers;
	VkCommandPool own_pools[16]; /* one a family, made when needed */
	VkFence *free_fences;
	size_t free_fence_count, free_fence_size;
	uint32_t trusted; /* recordings that could have been submitted again and were not */
	bool repeats;     /* this program does submit again */
	bool has_begun;   /* a dispatch was submitted */
	enum { UNCALIBRATED, CALIBRATING, CALIBRATED } calibration;
	_Atomic uint64_t bias_ns, cost_ns;
	int place; /* among the devices of this process, -1: none was left */
};

static inline uint64_t key_of(const void *dispatchable)
{
	return (uint64_t)(uintptr_t)dispatchable;
}

/* ---- kernel.c: the rows in the page -------------------------------------------------------- */

uint32_t kernel_row(struct timing *t, const struct identity *id);
/* Of commands generated for that kernel; UINT32_MAX: for any. */
uint32_t kernel_row_generated(struct timing *t, uint32_t row);
void kernel_name(struct timing *t, uint32_t row, const char *name);
void kernel_time(struct timing *t, uint32_t row, uint64_t ns, bool first);
void kernel_time_by_host(struct timing *t, uint32_t row, uint64_t ns, bool first);
void kernel_lost(struct timing *t, uint32_t row, uint64_t times);
/* times: 1, or -1 to take it back */
void kernel_submitted(struct timing *t, const struct use *u, int times);
uint64_t kernel_mean(const struct timing *t, uint32_t row); /* 0: not known yet */
/* How many dispatches lie between two timed ones, so that the cost stays where it should. */
uint64_t kernel_step(const struct timing *t, uint32_t row);
/* Whether the next dispatches of it, so many, are to be timed (as one). */
bool kernel_wants(struct timing *t, uint32_t row, uint64_t dispatches);
void kernel_count(struct timing *t, enum page_counter which, uint64_t by);

/* ---- pipeline.c ---------------------------------------------------------------------------- */

/* Of a handle that was just made, in the map of its kind; NULL: no memory, and it is none that is known. */
struct pipeline *pipeline_add(struct timing *t, struct map *map, uint64_t handle,
			      const struct identity *id);
/* What commands that are generated for it count as, for NULL those for any; NULL: no memory. */
struct pipeline *pipeline_generated(struct timing *t, struct pipeline *of);
/* It is being destroyed. Takes the lock. */
void pipeline_remove(struct timing *t, struct map *map, uint64_t handle);
void pipeline_unref(struct pipeline *p);
void pipeline_done(struct timing *t);
/* What does not depend on where the code comes from; words NULL: nobody showed it. */
void pipeline_entry(const uint32_t *words, size_t count, const char *entry,
		    const VkSpecializationInfo *special, struct identity *id);
uint32_t pipeline_push_bytes(const VkPushConstantRange *ranges, uint32_t count);

/* ---- record.c: all but record_of, _use, _dispatch, _generated and _stamp with the lock held -- */

/* Finds the record in this thread's memory of the last one, or under the lock; NULL: not known. */
struct record *record_of(VkCommandBuffer handle);
struct record *record_new(struct timing *t, struct pool *pool, VkCommandBuffer handle);
void record_ref(struct record *r);
void record_unref(struct record *r);
/* No thread may use what it remembers. */
void record_forget_all(void);
/* The handle is freed: nobody finds it any more. */
void record_drop(struct record *r);
/* Forgets what was recorded; times that were not read are read first. */
void record_clear(struct record *r);
void record_begin(struct record *r, VkCommandBufferUsageFlags flags);
int record_child(struct record *r, struct record *child);
/* Binds a pipeline or a shader object for compute; 0: nothing is bound any more. */
void record_use(struct record *r, bool is_shader, uint64_t handle);
/* Counts a dispatch; groups NULL: indirect. True: timestamps go around it, and there is room. */
bool record_dispatch(struct record *r, const uint32_t groups[3]);
/* The same for an execution of commands generated for a pipeline, of so many dispatches; NULL: it is not known for which. */
bool record_generated(struct record *r, struct pipeline *of, uint64_t least, uint64_t most);
void record_stamp(struct record *r, unsigned end);

/* ---- stamp.c: reading timestamps; with the lock held ---------------------------------------- */

struct chunk *stamp_chunk(struct timing *t);
void stamp_harvest(struct record *r);
/* They cannot be read, or say nothing: all of its runs count as lost. */
void stamp_lose(struct record *r);
uint64_t stamp_ns(const struct timing *t, uint32_t family, uint64_t from, uint64_t to);
void stamp_recycle(struct record *r);
void stamp_done(struct timing *t);

/* ---- bracket.c; with the lock held ---------------------------------------------------------- */

/* NULL: not possible */
struct bracket *bracket_get(struct timing *t, uint32_t family, uint32_t stamps);
void bracket_put(struct timing *t, struct bracket *b);
bool bracket_wanted(struct timing *t, const struct record *r);
void bracket_harvest(struct timing *t, const struct submission *s);
void calibration_harvest(struct timing *t, const struct submission *s, bool has_times);
void bracket_done(struct timing *t);
/* For command buffers of our own. The pool is made when needed; a buffer is begun. VK_NULL_HANDLE: not possible. */
VkCommandPool bracket_pool(struct timing *t, uint32_t family);
VkCommandBuffer bracket_buffer(struct timing *t, VkCommandPool pool);

/* ---- marker.c; with the lock held ------------------------------------------------------------ */

/* Whether one can be put into that batch, and is of use. */
bool marker_fits(const struct timing *t, const struct timed_queue *q, const struct batches *b,
		 uint32_t i);
struct marker *marker_get(struct timing *t, uint32_t family); /* NULL: not possible */
bool marker_passed(const struct timing *t, VkEvent event);
void marker_put(struct timing *t, struct marker *m); /* the device is done with it */
void marker_done(struct timing *t);

/* ---- time-submit.c --------------------------------------------------------------------------- */

/* With these limits copies count as well: they keep the device at work, and may never end. */
bool submit_counts_all(const struct timing *t);
/* Whether command buffers of ours may go into that batch. */
bool submit_can_add(const struct batches *b, uint32_t i);

/* ---- semaphore.c; with the lock held ----------------------------------------------------------- */

/* Whether anything in it waits or signals. */
bool semaphore_any(const struct batches *b);
/* Notes what the submission waits for and what it signals; NULL: one that is not looked after. */
void semaphore_pass(struct timing *t, struct submission *s, const struct batches *b);
/* Whether a batch would wait for something, were it submitted to that queue now. */
bool semaphore_blocks(const struct timing *t, const struct timed_queue *q, const struct batches *b,
		      uint32_t i);
/* Whether it still does. */
bool semaphore_waits(struct timing *t, struct submission *s);
/* It is over, or was never made. */
void semaphore_forget(struct timing *t, struct submission *s);
/* It has no marker after all. */
void semaphore_unmark(struct timing *t, struct submission *s);
/* It was not submitted after all. */
void semaphore_undo(struct timing *t, struct submission *s);
void semaphore_done(struct timing *t);

/* ---- track.c: what is under way; with the lock held ----------------------------------------- */

/* The family counts when the queue is new; UINT32_MAX: not known. */
struct timed_queue *track_queue(struct timing *t, VkQueue handle, uint32_t family);
struct submission *track_new(struct timing *t, struct timed_queue *q);
/* One of ours, not signalled; VK_NULL_HANDLE: none can be had. */
VkFence track_fence(struct timing *t);
int track_run(struct submission *s, struct record *r);
/* Makes it the queue's last one; its fence is known. */
int track_append(struct timing *t, struct submission *s);
/* The layer below has returned. After a failure it is as if it had never been. */
void track_called(struct timing *t, struct submission *s, bool succeeded);
/* It was submitted, and nobody will tell when it is over. */
void track_untold(struct timing *t, struct submission *s);
void track_free(struct timing *t, struct submission *s);
void track_poll(struct timing *t, struct timed_queue *q);
void track_poll_device(struct timing *t);
void track_idle(struct timing *t, const struct timed_queue *only); /* NULL: all */
void track_signalled(struct timing *t, VkFence fence);
void track_done(struct timing *t);

/* ---- oldest.c: the submission under way for the longest time, of all devices of the process -- */

int oldest_enter(struct timing *t);
void oldest_leave(struct timing *t);
void oldest_update(struct timing *t); /* with the lock held */

/* ---- our answers to device calls ------------------------------------------------------------ */

struct timing_hook {
	const char *name;
	PFN_vkVoidFunction function;
};
#define TIMING_HOOK(name)                                 \
	{                                                 \
		"vk" #name, (PFN_vkVoidFunction)on_##name \
	}
extern const struct timing_hook pipeline_hooks[], shader_hooks[], record_hooks[], generated_hooks[],
    submit_hooks[], semaphore_hooks[], wait_hooks[];
