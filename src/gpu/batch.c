/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round's submissions. Between two steps of a queue stands a barrier where one writes what the other uses, and
 * between two intervals always, with a timestamp after it, so the intervals cover all of the work and
 * their sum is never more than the real time. A timestamp can cost more than a small dispatch, so
 * many of those share an interval.
 */
#include "base/auto.h"
#include "base/text.h"
#include "gpu/answer.h"
#include "gpu/run.h"
#include "gpu/stop.h"

/* ---- recording ----------------------------------------------------------------------------- */

/* How far a lane is recorded. */
struct cursor {
	uint32_t item, interval, stamp;
	unsigned piece; /* its number plus 1; 0: none yet */
};

static void timestamp(struct runner *r, unsigned lane, struct cursor *at)
{
	if (r->run->timed)
		r->g->CmdWriteTimestamp(r->g->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
					r->run->queries[lane], at->stamp++);
}

static int begin_piece(struct runner *r, unsigned lane, struct cursor *at, struct fail *f)
{
	const struct lane *l = &r->lanes[lane];
	struct gpu *g = r->g;

	if (gpu_begin_piece(g, lane, at->piece++, f) < 0)
		return -1;
	if (at->piece == 1 && r->run->timed)
		g->CmdResetQueryPool(g->commands, r->run->queries[lane], 0,
				     l->batch.intervals + l->piece_count);
	/* What was uploaded must be visible to copies too. */
	if (!r->started)
		gpu_order_steps(g);
	r->started = true;
	timestamp(r, lane, at);
	return 0;
}

static bool is_guarded(const struct runner *r, const struct batch *b)
{
	return r->guarded && !b->moves;
}

static void begin_interval(struct runner *r, unsigned lane)
{
	if (is_guarded(r, &r->lanes[lane].batch))
		guard_begin(&r->run->guard, r->g);
}

static void end_interval(struct runner *r, unsigned lane, struct cursor *at)
{
	if (is_guarded(r, &r->lanes[lane].batch))
		guard_end(&r->run->guard, r->g);
	at->interval++;
	if (r->run->timed)
		gpu_order_steps(r->g);
	timestamp(r, lane, at);
}

/* What ends the last interval is left to the caller. */
static void record_step(struct runner *r, unsigned lane, struct cursor *at, const struct step *s)
{
	const struct batch *b = &r->lanes[lane].batch;
	struct chunk all = {.count = {s->groups[0], s->groups[1], s->groups[2]}};

	if (!s->kernel) {
		work_record(s, r->run->buffers, r->g);
		return;
	}
	step_record(s, b->is_chunk ? &b->parts[0] : &all, r->g);
	for (uint32_t i = 1; b->is_chunk && i < b->part_count; i++) {
		end_interval(r, lane, at);
		begin_interval(r, lane);
		step_record(s, &b->parts[i], r->g);
	}
}

/* The next item of a lane. */
static int record_item(struct runner *r, unsigned lane, struct cursor *at, struct fail *f)
{
	const struct batch *b = &r->lanes[lane].batch;
	uint32_t i = at->item++;

	if (b->begins_piece[i]) {
		if (begin_piece(r, lane, at, f) < 0)
			return -1;
	} else {
		gpu_resume_piece(r->g, lane, at->piece - 1);
	}
	if (b->after_barrier[i])
		gpu_order_steps(r->g);
	if (i == (at->interval ? b->item_end[at->interval - 1] : 0))
		begin_interval(r, lane);
	record_step(r, lane, at, b->items[i]);
	if (b->item_end[at->interval] == i + 1)
		end_interval(r, lane, at);
	if (r->looks && (i + 1 == b->count || b->begins_piece[i + 1]))
		gpu_show_writes(r->g);
	return 0;
}

static VkSemaphore *semaphore(struct runner *r, uint8_t number, struct fail *f)
{
	VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
	VkSemaphore *s = &r->run->semaphores[number];
	VkResult res = VK_SUCCESS;

	if (!*s)
		res = r->g->CreateSemaphore(r->g->device, &info, NULL, s);
	if (res == VK_SUCCESS)
		return s;
	*s = VK_NULL_HANDLE;
	(void)fail_vk(f, res, "vkCreateSemaphore", "submit work");
	return NULL;
}

static int take_semaphores(struct runner *r, const uint8_t *numbers, uint32_t count,
			   VkSemaphore ret[static GPU_QUEUES], struct fail *f)
{
	for (uint32_t i = 0; i < count; i++) {
		const VkSemaphore *s = semaphore(r, numbers[i], f);
		if (!s)
			return -1;
		ret[i] = *s;
	}
	return 0;
}

static int submit_piece(struct runner *r, const struct piece *p, struct fail *f)
{
	VkSemaphore waits[GPU_QUEUES], signals[GPU_QUEUES];
	struct gpu_submission s = {
	    .queue = p->lane,
	    .number = p->number,
	    .waits = waits,
	    .wait_count = p->wait_count,
	    .signals = signals,
	    .signal_count = p->signal_count,
	    .last = p->number + 1u == r->lanes[p->lane].piece_count,
	};

	if (take_semaphores(r, p->waits, p->wait_count, waits, f) < 0 ||
	    take_semaphores(r, p->signals, p->signal_count, signals, f) < 0)
		return -1;
	return gpu_submit_piece(r->g, &s, f);
}

/* In the order of the job, because each step takes images as earlier ones leave them. */
static int record(struct runner *r, struct fail *f)
{
	struct cursor at[GPU_QUEUES] = {{.item = 0}};
	const struct round *d = &r->round;

	if (gpu_begin_round(r->g, f) < 0)
		return -1;
	for (uint32_t i = 0; i < d->count; i++)
		if (record_item(r, d->lanes[i], &at[d->lanes[i]], f) < 0)
			return -1;
	for (uint32_t i = 0; i < d->piece_count; i++)
		if (submit_piece(r, &d->pieces[i], f) < 0) {
			/* What went before is under way, and nobody will signal what it may wait for. */
			f->pending = i > 0;
			return -1;
		}
	return 0;
}

/* ---- waiting ------------------------------------------------------------------------------- */

int batch_too_long(struct runner *r, const struct step *s, uint64_t observed, uint32_t of,
		   struct fail *f)
{
	char took[32], most[32], what[64];

	(void)snprintf(what, sizeof what, of > 1 ? "one of %u dispatches" : "a dispatch", of);
	(void)fail_set(f, END_KERNEL_TIME, s->request->where,
		       "kernel '%s': %s of %u x %u x %u groups ran %s%s, the limit is %s",
		       s->kernel->request->name, what, s->groups[0], s->groups[1], s->groups[2],
		       f->pending ? "at least " : "",
		       text_print_duration(observed, took, sizeof took),
		       text_print_duration(r->run->limit_ns, most, sizeof most));
	f->kernel = s->kernel->request->name;
	f->observed_ns = observed;
	return -1;
}

/*
 * How long a submission may take. Of n dispatches one has surely been too long after n times the
 * limit; that is late when n is large, so many times what was expected is enough as well.
 */
static uint64_t patience(const struct runner *r, uint32_t n, uint64_t spent_ns, uint64_t guess_ns)
{
	uint64_t limit = r->run->limit_ns, certain, likely;

	if (limit == 0 || __builtin_add_overflow(limit, WAIT_GRACE_NS, &limit))
		return UINT64_MAX;
	if (n == 1)
		return limit - (spent_ns < limit ? spent_ns : limit);
	if (__builtin_mul_overflow(limit, n, &certain))
		certain = UINT64_MAX;
	/* A busy machine makes short dispatches late, too: none is accused of that. */
	if (__builtin_add_overflow(limit, limit, &likely) ||
	    __builtin_add_overflow(likely, 10 * guess_ns + 250 * WAIT_GRACE_NS, &likely))
		likely = UINT64_MAX;
	return certain < likely ? certain : likely;
}

/* The first dispatch of a batch, NULL: there is none. */
static const struct step *first_dispatch(const struct batch *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (b->items[i]->kernel)
			return b->items[i];
	return NULL;
}

/*
 * All that is waited for: the device may do one lane's work after the other's. Where nothing is
 * dispatched there is no limit.
 */
static uint64_t round_patience(const struct runner *r)
{
	uint64_t sum = 0, copies = 0, most;

	for (unsigned i = 0; i < r->lane_count; i++) {
		const struct lane *l = &r->lanes[i];
		if (l->batch.count && !first_dispatch(&l->batch)) {
			copies += 10 * l->batch.guess_ns + 250 * WAIT_GRACE_NS;
			continue;
		}
		most = l->batch.count
			   ? patience(r, l->batch.count, l->split.spent_ns, l->batch.guess_ns)
			   : 0;
		if (__builtin_add_overflow(sum, most, &sum))
			return UINT64_MAX;
	}
	if (sum == 0 || __builtin_add_overflow(sum, copies, &sum))
		return UINT64_MAX;
	return sum;
}

/* The lane that keeps us waiting. */
static const struct lane *late_lane(struct runner *r)
{
	for (unsigned i = 0; i < r->lane_count; i++)
		if (first_dispatch(&r->lanes[i].batch) && !gpu_is_idle(r->g, i))
			return &r->lanes[i];
	return &r->lanes[0];
}

static int stopped(const struct step *s, struct fail *f)
{
	if (s)
		return fail_set(f, END_CANCELLED, NULL, "cancelled while kernel '%s' ran",
				s->kernel->request->name);
	return fail_set(f, END_CANCELLED, NULL, "cancelled while buffers were copied or cleared");
}

/* 1: the device is done; 0: that took longer than `most` and f->pending; -1: *f. s: what is waited for, or NULL. */
static int wait_for(struct runner *r, const struct step *s, uint64_t most, uint64_t *ret_elapsed,
		    struct fail *f)
{
	uint64_t start = now_ns();

	for (;;) {
		uint64_t elapsed = now_ns() - start;
		uint64_t slice = budget_tick(r->run->budget);
		if (slice > WAIT_SLICE_NS)
			slice = WAIT_SLICE_NS;
		if (elapsed < most && most - elapsed < slice)
			slice = most - elapsed + 1;
		int done = gpu_wait(r->g, slice, f);
		*ret_elapsed = now_ns() - start;
		f->pending = done <= 0;
		if (done)
			return done;
		if (!stop_asked() && *ret_elapsed <= most)
			continue;
		guard_drop(&r->run->guard);
		return stop_asked() ? stopped(s, f) : 0;
	}
}

/* ---- times --------------------------------------------------------------------------------- */

static int read_stamps(struct runner *r, unsigned lane, uint32_t count, uint64_t *stamps,
		       struct fail *f)
{
	VkResult res = r->g->GetQueryPoolResults(r->g->device, r->run->queries[lane], 0, count,
						 count * sizeof *stamps, stamps, sizeof *stamps,
						 VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);

	return res == VK_SUCCESS
		   ? 0
		   : fail_vk(f, res, "vkGetQueryPoolResults", "read the times of dispatches");
}

static uint64_t between(const struct runner *r, unsigned lane, const uint64_t stamps[static 2])
{
	uint32_t bits = r->g->queues[lane].timestamp_valid_bits;
	uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

	return (uint64_t)((double)((stamps[1] - stamps[0]) & mask) *
			  (double)r->g->info->props.limits.timestampPeriod);
}

static int read_times(struct runner *r, unsigned lane, struct fail *f)
{
	struct batch *b = &r->lanes[lane].batch;
	uint64_t stamps[STAMPS_MAX];

	if (!r->run->timed) {
		b->ns[0] = b->elapsed_ns; /* there is just one interval */
		return 0;
	}
	/* Each piece begins with one, and each interval ends with one. */
	if (read_stamps(r, lane, b->intervals + r->lanes[lane].piece_count, stamps, f) < 0)
		return -1;
	for (uint32_t i = 0; i < b->intervals; i++)
		b->ns[i] = between(r, lane, &stamps[i + b->interval_piece[i]]);
	return 0;
}

/* ---- warming up ---------------------------------------------------------------------------- */

/* Timestamps with nothing between them say what one costs. */
static void record_stamps(struct runner *r)
{
	struct gpu *g = r->g;

	g->CmdResetQueryPool(g->commands, r->run->queries[0], 0, WARM_STAMPS);
	for (uint32_t i = 0; i < WARM_STAMPS; i++) {
		gpu_order_steps(g);
		g->CmdWriteTimestamp(g->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
				     r->run->queries[0], i);
	}
}

static int read_stamp_cost(struct runner *r, struct fail *f)
{
	uint64_t stamps[WARM_STAMPS], ns;

	if (read_stamps(r, 0, WARM_STAMPS, stamps, f) < 0)
		return -1;
	for (uint32_t i = 0; i + 1 < WARM_STAMPS; i++)
		if ((ns = between(r, 0, &stamps[i])) < r->run->stamp_ns)
			r->run->stamp_ns = ns;
	return 0;
}

int batch_warm_up(struct runner *r, struct step *s, struct fail *f)
{
	static const struct chunk nothing;
	uint64_t elapsed, most = patience(r, 1, 0, 0);

	if (__builtin_add_overflow(most, COMPILE_ALLOWANCE_NS, &most))
		most = UINT64_MAX;
	if (gpu_begin(r->g, f) < 0)
		return -1;
	step_record(s, &nothing, r->g);
	bool first = r->run->timed && r->run->stamp_ns == UINT64_MAX;
	if (first)
		record_stamps(r);
	if (gpu_submit(r->g, f) < 0)
		return -1;
	int done = wait_for(r, s, most, &elapsed, f);
	if (done == 0)
		return batch_too_long(r, s, elapsed, 1, f);
	s->variant->warm = done > 0;
	if (done < 0)
		return -1;
	return first ? read_stamp_cost(r, f) : 0;
}

/* ---- a round -------------------------------------------------------------------------------- */

int batch_run(struct runner *r, struct fail *f)
{
	const struct step *first = NULL;
	uint64_t elapsed;

	for (unsigned i = 0; i < r->lane_count && !first; i++)
		first = first_dispatch(&r->lanes[i].batch);
	if (record(r, f) < 0)
		return -1;
	int done = wait_for(r, first, round_patience(r), &elapsed, f);
	if (done == 0) {
		const struct lane *l = late_lane(r);
		return batch_too_long(r, first_dispatch(&l->batch), l->split.spent_ns + elapsed,
				      l->batch.count, f);
	}
	if (done < 0)
		return -1;
	for (unsigned i = 0; i < r->lane_count; i++) {
		r->lanes[i].batch.elapsed_ns = elapsed;
		if (r->lanes[i].batch.count && read_times(r, i, f) < 0)
			return -1;
	}
	return 0;
}
