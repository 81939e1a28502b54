/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over rounds, and what each says about the times of the kernels. A signal and a limit end the
 * job between two rounds, so none of them should take long.
 *
 * Before anything else each pipeline is dispatched with no groups at all: that does no work
 * but makes lavapipe compile, so the compiler's time is neither measured nor limited as a kernel's.
 */
#include "gpu/run.h"

#include "base/auto.h"
#include "gpu/answer.h"
#include "gpu/check.h"
#include "gpu/lanes.h"
#include "gpu/stop.h"

uint64_t run_floor(const struct gpu *g)
{
	return 4 * (uint64_t)g->width;
}

/* ---- what was measured --------------------------------------------------------------------- */

static void finish_split(struct runner *r, struct lane *l)
{
	struct step *s = l->split.step;
	struct kernel *k = s->kernel;

	stats_add(&k->stats, l->split.spent_ns);
	k->bytes_bound += s->bytes;
	memcpy(k->groups, s->groups, sizeof k->groups);
	s->last_ns = l->split.spent_ns ? l->split.spent_ns : 1;
	if (l->split.total <= r->rules.floor && l->split.spent_ns > r->run->target_ns && !k->whole)
		k->whole = "it has too few work groups: they keep the device busy only together";
	memset(&l->split, 0, sizeof l->split);
}

static int account_chunk(struct runner *r, struct lane *l, uint64_t groups, uint64_t ns,
			 struct fail *f)
{
	struct step *s = l->split.step;
	struct kernel *k = s->kernel;

	pace_learn(&k->pace, groups, ns);
	k->chunks++;
	if (ns > k->longest_ns)
		k->longest_ns = ns;
	l->split.spent_ns += ns;
	l->split.done += groups;
	if (r->run->limit_ns && l->split.spent_ns > r->run->limit_ns) {
		uint64_t spent = l->split.spent_ns;
		finish_split(r, l);
		return batch_too_long(r, s, spent, 1, f);
	}
	if (l->split.done == l->split.total)
		finish_split(r, l);
	return 0;
}

static void account_one(struct runner *r, struct step *s, uint64_t ns, bool alone)
{
	struct kernel *k = s->kernel;

	if (!k)
		return;
	if (alone || !r->run->timed)
		stats_add(&k->stats, ns);
	else
		stats_add_shared(&k->stats, ns);
	if (alone)
		pace_learn(&k->pace, chunk_total(s->groups), ns);
	memcpy(k->groups, s->groups, sizeof k->groups);
	k->bytes_bound += s->bytes;
	k->chunks++;
	if (ns > k->longest_ns)
		k->longest_ns = ns;
	s->last_ns = ns ? ns : 1;
}

/* The dispatches of an interval share its time in proportion to what each was expected to take. */
static int account_interval(struct runner *r, const struct batch *b, uint32_t from, uint32_t to,
			    uint64_t ns, struct fail *f)
{
	uint32_t count = to - from;
	double expected = 0;

	for (uint32_t i = from; i < to; i++)
		expected += (double)b->guesses[i] + 1;
	for (uint32_t i = from; i < to; i++)
		account_one(r, b->items[i],
			    (uint64_t)((double)ns * ((double)b->guesses[i] + 1) / expected),
			    count == 1);
	if (r->run->limit_ns == 0 || ns <= r->run->limit_ns)
		return 0;
	/* All but one took what was expected. */
	uint64_t others = (uint64_t)(expected / count * (count - 1));
	if (ns < others || ns - others <= r->run->limit_ns)
		return 0;
	while (from < to && !b->items[from]->kernel)
		from++;
	return from < to ? batch_too_long(r, b->items[from], ns - others, count, f) : 0;
}

static int account(struct runner *r, struct lane *l, struct fail *f)
{
	const struct batch *b = &l->batch;
	uint32_t from = 0;

	if (b->is_chunk) {
		for (uint32_t i = 0; i < b->part_count; i++)
			if (account_chunk(r, l, chunk_groups(&b->parts[i]), b->ns[i], f) < 0)
				return -1;
		return 0;
	}
	for (uint32_t i = 0; i < b->intervals; i++) {
		if (account_interval(r, b, from, b->item_end[i], b->ns[i], f) < 0)
			return -1;
		from = b->item_end[i];
	}
	return 0;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void tell_progress(struct runner *r)
{
	uint32_t left[GPU_QUEUES];

	for (unsigned i = 0; i < r->lane_count; i++)
		left[i] = r->lanes[i].batch.count;
	/* The last dispatch: what was copied or cleared after it has no name. */
	for (uint32_t i = r->round.count; i > 0; i--) {
		unsigned lane = r->round.lanes[i - 1];
		const struct lane *l = &r->lanes[lane];
		const struct step *now = l->batch.items[--left[lane]];
		if (!now->kernel)
			continue;
		double part = l->split.step ? (double)l->split.done / (double)l->split.total : 0;
		progress_tick(r->run->progress, now, (size_t)(now - r->steps), part);
		return;
	}
}

/* What the host has to do before the next step. 1: done, 0: there is nothing left, -1: *f. */
static int look(struct runner *r, struct fail *f)
{
	bool is_over;
	size_t i;

	switch (walk_peek(&r->walk, &i)) {
	case WALK_END:
		return 0;
	case WALK_ASK:
		if (look_until(r, &r->steps[i], &is_over, f) < 0)
			return -1;
		walk_answer(&r->walk, is_over);
		return 1;
	case WALK_DO:
		break;
	}
	if (r->steps[i].request->is_indirect)
		return look_groups(r, &r->steps[i], f) < 0 ? -1 : 1;
	if (look_check(r, &r->steps[i], f) < 0)
		return -1;
	walk_done(&r->walk);
	return 1;
}

static int run_all(struct runner *r, size_t count, struct fail *f)
{
	for (size_t i = 0; i < count; i++)
		if (r->steps[i].kernel && !r->steps[i].variant->warm &&
		    batch_warm_up(r, &r->steps[i], f) < 0)
			return -1;
	r->sample_ns = SAMPLE_EACH_NS;
	if (r->run->stamp_ns > SAMPLE_EACH_NS / SAMPLE_COSTS && r->run->stamp_ns < UINT64_MAX)
		r->sample_ns = r->run->stamp_ns * SAMPLE_COSTS;
	for (;;) {
		if (stop_asked())
			return fail_set(f, END_CANCELLED, NULL,
					"cancelled between two submissions");
		round_fill(r);
		if (r->round.count == 0) {
			int more = look(r, f);
			if (more <= 0)
				return more;
			continue;
		}
		if (batch_run(r, f) < 0)
			return -1;
		for (unsigned i = 0; i < r->lane_count; i++)
			if (r->lanes[i].batch.count && account(r, &r->lanes[i], f) < 0)
				return -1;
		tell_progress(r);
	}
}

static int make_queries(struct runner *r, struct fail *f)
{
	VkQueryPoolCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
	    .queryType = VK_QUERY_TYPE_TIMESTAMP,
	    .queryCount = STAMPS_MAX,
	};

	r->run->timed = r->g->info->timestamp_valid_bits > 0;
	r->run->stamp_ns = UINT64_MAX;
	if (!r->run->timed) {
		answer_warning(
		    "the queue has no timestamps: dispatches are timed by the host, from submission to completion");
		return 0;
	}
	for (unsigned i = 0; i < r->lane_count; i++) {
		VkResult res = r->g->CreateQueryPool(r->g->device, &info, NULL,
						     &r->run->queries[i]);
		if (res != VK_SUCCESS)
			return fail_vk(f, res, "vkCreateQueryPool", "time dispatches");
	}
	return 0;
}

/* A buffer that is an image as well is one or the other, so whoever uses it may change it. */
static void note_images(struct runner *r, struct step *s)
{
	for (size_t i = 0; i < s->use_count; i++)
		if (r->run->buffers[s->uses[i].buffer].image)
			s->uses[i].writes = true;
}

/* ---- loops --------------------------------------------------------------------------------- */

static void note_loop(void *arg, size_t step, uint32_t rounds, bool is_over)
{
	struct runner *r = arg;
	struct loop_seen *l = &r->steps[step].loop;

	l->times++;
	l->rounds = rounds;
	l->rounds_total += rounds;
	l->met = is_over;
}

/* Those in the middle of which the job ended. */
static void note_open_loops(struct runner *r)
{
	for (unsigned i = 0; i < r->walk.depth; i++) {
		const struct walk_loop *at = &r->walk.loops[i];
		note_loop(r, at->step, at->rounds, false);
		r->steps[at->step].loop.is_open = true;
	}
}

static void answer_loop(const struct run *run, const struct step *s, size_t index)
{
	const struct request_until *u = &s->request->until;
	const struct loop_seen *l = &s->loop;
	const char *ended = l->is_open ? "unfinished" : l->met ? "condition" : "repeat";
	char value[CHECK_VALUE];
	json_t *o = json_pack("{s:I, s:s, s:I, s:I, s:I, s:s}", "step", (json_int_t)index + 1,
			      "buffer", run->request->buffers[u->at.buffer].name, "times",
			      (json_int_t)l->times, "rounds", (json_int_t)l->rounds, "rounds_total",
			      (json_int_t)l->rounds_total, "ended", ended);

	if (l->looked)
		json_object_set_new(
		    o, "value",
		    json_string(value_print(run->shapes[u->at.buffer].type, l->value, value)));
	answer_send("loop", o);
}

void run_answer_loops(const struct run *run, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (steps[i].request->until.every && steps[i].loop.times)
			answer_loop(run, &steps[i], i);
}

int run_steps(struct run *run, struct step *steps, size_t count, struct fail *f)
{
	AUTO_FREE struct runner *r = calloc(1, sizeof *r);

	if (!r)
		return fail_set(f, END_FAILED, NULL, "out of memory");
	r->run = run;
	r->g = run->gpu;
	r->steps = steps;
	r->lane_count = r->g->queue_count;
	walk_start(&r->walk, run->request->steps, count);
	r->walk.ended = note_loop;
	r->walk.arg = r;
	schedule_init(&r->schedule, r->lane_count);
	lanes_assign(run->request, r->lane_count, steps);
	for (size_t i = 0; i < count; i++) {
		r->looks = r->looks || steps[i].request->until.every ||
			   steps[i].request->is_indirect || steps[i].request->work == WORK_CHECK;
		if (r->lane_count > 1)
			note_images(r, &steps[i]);
	}
	r->rules = (struct pace_rules){
	    .target_ns = run->target_ns, .floor = run_floor(r->g), .align = r->g->width};
	if (make_queries(r, f) < 0)
		return -1;
	/* Queues that wait for each other are left to themselves. */
	r->guarded = r->lane_count == 1 && guard_open(&run->guard, r->g);
	if (r->guarded && run->timed)
		r->rules.span_ns = GUARDED_NS;
	int rc = run_all(r, count, f);
	note_open_loops(r);
	return rc;
}

void run_done(struct run *run)
{
	if (!run->gpu)
		return;
	for (size_t i = 0; i < COUNTOF(run->queries); i++)
		if (run->queries[i])
			run->gpu->DestroyQueryPool(run->gpu->device, run->queries[i], NULL);
	for (size_t i = 0; i < COUNTOF(run->semaphores); i++)
		if (run->semaphores[i])
			run->gpu->DestroySemaphore(run->gpu->device, run->semaphores[i], NULL);
	memset(run->queries, 0, sizeof run->queries);
	memset(run->semaphores, 0, sizeof run->semaphores);
	gpu_buffer_destroy(run->gpu, &run->peek);
	guard_close(&run->guard, run->gpu);
}
