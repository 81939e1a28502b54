/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes next, and in which submission. A dispatch whose time is known to be short shares a
 * submission with others; any other one goes alone, cut into chunks as far as it may be. A signal
 * and a limit end the job between two submissions, so none of them should take long.
 *
 * Before anything else each pipeline is dispatched with no groups at all: that does no work
 * but makes lavapipe compile, so the compiler's time is neither measured nor limited as a kernel's.
 */
#include "gpu/run.h"

#include "base/auto.h"
#include "gpu/answer.h"
#include "gpu/stop.h"

/* What can go to the device now; NULL: the host has to look at something first, or all is done. */
static struct step *peek(struct runner *r)
{
	size_t i;

	if (walk_peek(&r->walk, &i) != WALK_DO)
		return NULL;
	struct step *s = &r->steps[i];
	if (s->request->work == WORK_CHECK || (s->request->is_indirect && !s->counted))
		return NULL;
	return s;
}

static void advance(struct runner *r, struct step *s)
{
	s->counted = false;
	walk_done(&r->walk);
}

/* ---- what goes together -------------------------------------------------------------------- */

uint64_t run_floor(const struct gpu *g)
{
	return 4 * (uint64_t)g->width;
}

/* How long a dispatch of this step will take, UINT64_MAX: nothing is known. */
static uint64_t guess(const struct step *s)
{
	uint64_t total = chunk_total(s->groups), ns;

	if (!s->kernel)
		return s->copy.bytes / MOVED_PER_NS;
	if (total == 0 || s->last_ns)
		return s->last_ns;
	/* Another step of the same kernel ran, with other data. */
	ns = pace_guess(&s->kernel->pace, total);
	return ns > UINT64_MAX / 4 ? UINT64_MAX : 4 * ns;
}

/* With a tight limit submissions stay so short that a late dispatch is noticed in time. */
static uint64_t batch_target(const struct runner *r)
{
	uint64_t target = r->run->target_ns < BATCH_NS ? r->run->target_ns : BATCH_NS;
	uint64_t limit = r->run->limit_ns;

	return limit && limit / 4 < target ? limit / 4 : target;
}

static void next_chunk(struct runner *r)
{
	struct batch *b = &r->batch;
	struct step *s = r->split.step;
	uint64_t left = r->split.total - r->split.done, want = left;
	bool fits = s->last_ns && s->last_ns <= r->run->target_ns;

	if (!s->whole && !fits)
		want = pace_want(&s->kernel->pace, &r->rules, r->split.total, left);
	b->is_chunk = true;
	r->split.part = chunk_cut(s->groups, r->split.done, want, &b->part);
	b->items[0] = s;
	b->guesses[0] = 0;
	b->item_end[0] = b->count = b->intervals = 1;
}

static void fill(struct runner *r)
{
	struct batch *b = &r->batch;
	uint64_t target = batch_target(r);
	struct step *s = NULL;

	batch_clear(b);
	if (!r->split.step) {
		while (b->count < BATCH_MAX && (s = peek(r)) != NULL) {
			uint64_t ns = guess(s);
			/* A copy cannot be cut; a long one has a submission for itself. */
			if (!s->kernel && b->count == 0 && ns > target)
				ns = target;
			if (ns > target - b->guess_ns)
				break;
			batch_add(r, s, ns);
			advance(r, s);
		}
		if (b->count || !s)
			return;
		r->split.step = s;
		r->split.total = chunk_total(s->groups);
		advance(r, s);
	}
	next_chunk(r);
}

/* ---- what was measured --------------------------------------------------------------------- */

static void finish_split(struct runner *r)
{
	struct step *s = r->split.step;
	struct kernel *k = s->kernel;

	stats_add(&k->stats, r->split.spent_ns);
	k->bytes_bound += s->bytes;
	memcpy(k->groups, s->groups, sizeof k->groups);
	s->last_ns = r->split.spent_ns ? r->split.spent_ns : 1;
	if (r->split.total <= r->rules.floor && r->split.spent_ns > r->run->target_ns && !k->whole)
		k->whole = "it has too few work groups: they keep the device busy only together";
	memset(&r->split, 0, sizeof r->split);
}

static int account_chunk(struct runner *r, struct fail *f)
{
	struct step *s = r->split.step;
	struct kernel *k = s->kernel;
	uint64_t ns = r->batch.ns[0];

	pace_learn(&k->pace, r->split.part, ns);
	k->chunks++;
	if (ns > k->longest_ns)
		k->longest_ns = ns;
	r->split.spent_ns += ns;
	r->split.done += r->split.part;
	if (r->run->limit_ns && r->split.spent_ns > r->run->limit_ns) {
		uint64_t spent = r->split.spent_ns;
		finish_split(r);
		return batch_too_long(r, s, spent, 1, f);
	}
	if (r->split.done == r->split.total)
		finish_split(r);
	return 0;
}

static void account_one(struct runner *r, struct step *s, uint64_t ns, bool alone)
{
	struct kernel *k = s->kernel;

	if (!k)
		return;
	if (alone || !r->run->queries)
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
static int account_interval(struct runner *r, uint32_t from, uint32_t to, uint64_t ns,
			    struct fail *f)
{
	const struct batch *b = &r->batch;
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

static int account(struct runner *r, struct fail *f)
{
	const struct batch *b = &r->batch;
	uint32_t from = 0;

	if (b->is_chunk)
		return account_chunk(r, f);
	for (uint32_t i = 0; i < b->intervals; i++) {
		if (account_interval(r, from, b->item_end[i], b->ns[i], f) < 0)
			return -1;
		from = b->item_end[i];
	}
	return 0;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void tell_progress(struct runner *r)
{
	double part = r->split.step ? (double)r->split.done / (double)r->split.total : 0;

	/* The last dispatch: what was copied or cleared after it has no name. */
	for (uint32_t i = r->batch.count; i > 0; i--) {
		const struct step *now = r->batch.items[i - 1];
		if (!now->kernel)
			continue;
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
	for (;;) {
		if (stop_asked())
			return fail_set(f, END_CANCELLED, NULL,
					"cancelled between two submissions");
		fill(r);
		if (r->batch.count == 0) {
			int more = look(r, f);
			if (more <= 0)
				return more;
			continue;
		}
		if (batch_run(r, f) < 0 || account(r, f) < 0)
			return -1;
		tell_progress(r);
	}
}

static int make_queries(struct runner *r, struct fail *f)
{
	VkQueryPoolCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
	    .queryType = VK_QUERY_TYPE_TIMESTAMP,
	    .queryCount = BATCH_MAX + 1,
	};
	VkResult res;

	r->run->timed = r->g->info->timestamp_valid_bits > 0;
	if (!r->run->timed) {
		answer_warning(
		    "the queue has no timestamps: dispatches are timed by the host, from submission to completion");
		return 0;
	}
	res = r->g->CreateQueryPool(r->g->device, &info, NULL, &r->run->queries);
	return res == VK_SUCCESS ? 0 : fail_vk(f, res, "vkCreateQueryPool", "time dispatches");
}

static void say_queues(const struct request *q)
{
	for (size_t i = 0; i < q->step_count; i++)
		if (q->steps[i].queue) {
			answer_warning(
			    "steps of all queues are put into one queue of the device, in the order of the job");
			return;
		}
}

int run_steps(struct run *run, struct step *steps, size_t count, struct fail *f)
{
	AUTO_FREE struct runner *r = calloc(1, sizeof *r);

	if (!r)
		return fail_set(f, END_FAILED, NULL, "out of memory");
	r->run = run;
	r->g = run->gpu;
	r->steps = steps;
	walk_start(&r->walk, run->request->steps, count);
	schedule_init(&r->schedule, 1);
	say_queues(run->request);
	for (size_t i = 0; i < count; i++)
		r->looks = r->looks || steps[i].request->until.every ||
			   steps[i].request->is_indirect || steps[i].request->work == WORK_CHECK;
	r->rules = (struct pace_rules){
	    .target_ns = run->target_ns, .floor = run_floor(r->g), .align = r->g->width};
	if (make_queries(r, f) < 0)
		return -1;
	return run_all(r, count, f);
}

void run_done(struct run *run)
{
	if (!run->gpu)
		return;
	if (run->queries)
		run->gpu->DestroyQueryPool(run->gpu->device, run->queries, NULL);
	gpu_buffer_destroy(run->gpu, &run->peek);
	run->queries = VK_NULL_HANDLE;
}
