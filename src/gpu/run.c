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

struct cursor {
	struct step *steps;
	size_t count, step;
	uint32_t done; /* repeats of the current step */
};

static struct step *cursor_peek(struct cursor *c)
{
	while (c->step < c->count && c->done == c->steps[c->step].request->repeat) {
		c->step++;
		c->done = 0;
	}
	return c->step < c->count ? &c->steps[c->step] : NULL;
}

static void cursor_advance(struct cursor *c)
{
	c->done++;
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

static void fill(struct runner *r, struct cursor *c)
{
	struct batch *b = &r->batch;
	uint64_t target = batch_target(r);
	struct step *s;

	batch_clear(b);
	if (!r->split.step) {
		while (b->count < BATCH_MAX && (s = cursor_peek(c)) != NULL) {
			uint64_t ns = guess(s);
			if (ns > target - b->guess_ns)
				break;
			batch_add(r, s, ns);
			cursor_advance(c);
		}
		if (b->count || !s)
			return;
		r->split.step = s;
		r->split.total = chunk_total(s->groups);
		cursor_advance(c);
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

	if (alone || !r->queries)
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
	return batch_too_long(r, b->items[from], ns - others, count, f);
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

static void tell_progress(struct runner *r, const struct cursor *c)
{
	const struct step *now = r->batch.items[r->batch.count - 1];
	double part = r->split.step ? (double)r->split.done / (double)r->split.total : 0;

	progress_tick(r->run->progress, now, (size_t)(now - c->steps), part);
}

static int run_all(struct runner *r, struct cursor *c, struct fail *f)
{
	for (size_t i = 0; i < c->count; i++)
		if (!c->steps[i].variant->warm && batch_warm_up(r, &c->steps[i], f) < 0)
			return -1;
	for (;;) {
		if (stop_asked())
			return fail_set(f, END_CANCELLED, NULL,
					"cancelled between two submissions");
		fill(r, c);
		if (r->batch.count == 0)
			return 0;
		if (batch_run(r, f) < 0 || account(r, f) < 0)
			return -1;
		tell_progress(r, c);
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
	res = r->g->CreateQueryPool(r->g->device, &info, NULL, &r->queries);
	return res == VK_SUCCESS ? 0 : fail_vk(f, res, "vkCreateQueryPool", "time dispatches");
}

int run_steps(struct run *run, struct step *steps, size_t count, struct fail *f)
{
	AUTO_FREE struct runner *r = calloc(1, sizeof *r);
	struct cursor c = {.steps = steps, .count = count};

	if (!r)
		return fail_set(f, END_FAILED, NULL, "out of memory");
	r->run = run;
	r->g = run->gpu;
	r->rules = (struct pace_rules){
	    .target_ns = run->target_ns, .floor = run_floor(r->g), .align = r->g->width};
	if (make_queries(r, f) < 0)
		return -1;
	int rc = run_all(r, &c, f);
	if (r->queries && !f->pending)
		r->g->DestroyQueryPool(r->g->device, r->queries, NULL);
	return rc;
}
