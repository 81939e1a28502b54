/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One submission. Between two steps stands a barrier where one writes what the other uses, and
 * between two intervals always, with a timestamp after it, so the intervals cover all of the work and
 * their sum is never more than the real time. A timestamp can cost more than a small dispatch, so
 * many of those share an interval.
 */
#include "base/auto.h"
#include "base/text.h"
#include "gpu/answer.h"
#include "gpu/run.h"
#include "gpu/stop.h"

void batch_clear(struct batch *b)
{
	b->count = b->intervals = 0;
	b->guess_ns = 0;
	b->is_chunk = b->last_alone = false;
}

static bool time_alone(const struct runner *r, struct kernel *k, uint64_t guess_ns)
{
	if (!r->run->queries)
		return false;
	k->untimed_ns += guess_ns;
	if (k->timed_alone >= SAMPLE_FIRST && k->untimed_ns < SAMPLE_EACH_NS)
		return false;
	k->timed_alone++;
	k->untimed_ns = 0;
	return true;
}

void batch_add(struct runner *r, struct step *s, uint64_t guess_ns)
{
	struct batch *b = &r->batch;
	bool alone = s->kernel && time_alone(r, s->kernel, guess_ns);

	if (b->intervals == 0 || alone || b->last_alone)
		b->intervals++;
	b->last_alone = alone;
	b->items[b->count] = s;
	b->guesses[b->count++] = guess_ns;
	b->item_end[b->intervals - 1] = b->count;
	b->guess_ns += guess_ns;
}

/* ---- recording ----------------------------------------------------------------------------- */

static void timestamp(struct runner *r, uint32_t query)
{
	if (r->run->queries)
		r->g->CmdWriteTimestamp(r->g->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
					r->run->queries, query);
}

static void record_item(struct runner *r, const struct step *s)
{
	struct gpu *g = r->g;
	struct chunk all = {.count = {s->groups[0], s->groups[1], s->groups[2]}};

	/* The chunks of a dispatch are as little ordered as its groups. */
	if ((!r->batch.is_chunk || r->split.done == 0) &&
	    schedule_add(&r->schedule, 0, s->uses, s->use_count).barrier)
		gpu_order_steps(g);
	if (s->kernel)
		step_record(s, r->batch.is_chunk ? &r->batch.part : &all, g);
	else
		work_record(s, r->run->buffers, g);
}

static void end_interval(struct runner *r, uint32_t query)
{
	if (!r->run->queries)
		return;
	gpu_order_steps(r->g);
	schedule_barrier(&r->schedule, 0);
	timestamp(r, query);
}

static int record(struct runner *r, struct fail *f)
{
	const struct batch *b = &r->batch;
	struct gpu *g = r->g;
	uint32_t i = 0;

	if (gpu_begin(g, f) < 0)
		return -1;
	if (r->run->queries)
		g->CmdResetQueryPool(g->commands, r->run->queries, 0, b->intervals + 1);
	/* What was uploaded must be visible to copies too. */
	if (!r->started)
		gpu_order_steps(g);
	r->started = true;
	timestamp(r, 0);
	for (uint32_t part = 0; part < b->intervals; part++) {
		for (; i < b->item_end[part]; i++)
			record_item(r, b->items[i]);
		end_interval(r, part + 1);
	}
	if (r->looks)
		gpu_show_writes(g);
	return gpu_submit(g, f);
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
static uint64_t patience(const struct runner *r, uint32_t n, uint64_t guess_ns)
{
	uint64_t limit = r->run->limit_ns, certain, likely;

	if (limit == 0 || __builtin_add_overflow(limit, WAIT_GRACE_NS, &limit))
		return UINT64_MAX;
	if (n == 1)
		return limit - (r->split.spent_ns < limit ? r->split.spent_ns : limit);
	if (__builtin_mul_overflow(limit, n, &certain))
		certain = UINT64_MAX;
	/* A busy machine makes short dispatches late, too: none is accused of that. */
	if (__builtin_add_overflow(limit, limit, &likely) ||
	    __builtin_add_overflow(likely, 10 * guess_ns + 250 * WAIT_GRACE_NS, &likely))
		likely = UINT64_MAX;
	return certain < likely ? certain : likely;
}

/* s: a dispatch that is waited for, NULL: there is none, and no limit. */
static int wait_for(struct runner *r, const struct step *s, uint32_t n, uint64_t most,
		    uint64_t *ret_elapsed, struct fail *f)
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
		if (done < 0) {
			f->pending = true;
			return -1;
		}
		if (done)
			return 0;
		f->pending = true;
		if (stop_asked())
			return s ? fail_set(f, END_CANCELLED, NULL,
					    "cancelled while kernel '%s' ran",
					    s->kernel->request->name)
				 : fail_set(f, END_CANCELLED, NULL,
					    "cancelled while buffers were copied or cleared");
		if (*ret_elapsed > most)
			return batch_too_long(r, s, r->split.spent_ns + *ret_elapsed, n, f);
		f->pending = false;
	}
}

int batch_warm_up(struct runner *r, struct step *s, struct fail *f)
{
	static const struct chunk nothing;
	uint64_t elapsed, most = patience(r, 1, 0);

	if (__builtin_add_overflow(most, COMPILE_ALLOWANCE_NS, &most))
		most = UINT64_MAX;
	if (gpu_begin(r->g, f) < 0)
		return -1;
	step_record(s, &nothing, r->g);
	if (gpu_submit(r->g, f) < 0 || wait_for(r, s, 1, most, &elapsed, f) < 0)
		return -1;
	s->variant->warm = true;
	return 0;
}

/* ---- times --------------------------------------------------------------------------------- */

static int read_times(struct runner *r, struct fail *f)
{
	struct batch *b = &r->batch;
	uint64_t stamps[BATCH_MAX + 1];
	uint32_t bits = r->g->info->timestamp_valid_bits;
	uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	double period = (double)r->g->info->props.limits.timestampPeriod;

	if (!r->run->queries) {
		b->ns[0] = b->elapsed_ns; /* there is just one interval */
		return 0;
	}
	uint32_t count = b->intervals + 1;
	VkResult res = r->g->GetQueryPoolResults(r->g->device, r->run->queries, 0, count,
						 count * sizeof stamps[0], stamps, sizeof stamps[0],
						 VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
	if (res != VK_SUCCESS)
		return fail_vk(f, res, "vkGetQueryPoolResults", "read the times of dispatches");
	for (uint32_t i = 0; i < b->intervals; i++)
		b->ns[i] = (uint64_t)((double)((stamps[i + 1] - stamps[i]) & mask) * period);
	return 0;
}

int batch_run(struct runner *r, struct fail *f)
{
	struct batch *b = &r->batch;
	const struct step *first = NULL;

	for (uint32_t i = 0; i < b->count && !first; i++)
		if (b->items[i]->kernel)
			first = b->items[i];
	uint64_t most = first ? patience(r, b->count, b->guess_ns) : UINT64_MAX;
	if (record(r, f) < 0 || wait_for(r, first, b->count, most, &b->elapsed_ns, f) < 0)
		return -1;
	return read_times(r, f);
}
