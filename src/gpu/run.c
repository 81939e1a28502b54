/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between two dispatches stands a barrier (what one wrote the next one reads) and then a timestamp,
 * so each interval is one dispatch, all of it, and their sum is never more than the real time.
 *
 * Before the first dispatch of a pipeline it is dispatched with no groups at all: that does no work
 * but makes lavapipe compile, so the compiler's time is neither measured nor limited as a kernel's.
 */
#include "gpu/run.h"

#include "base/auto.h"
#include "base/text.h"
#include "gpu/answer.h"
#include "gpu/stop.h"

struct cursor {
	struct step *steps;
	size_t count, step;
	uint32_t done; /* repeats of the current step */
};

struct batch {
	const struct step *items[BATCH_MAX];
	uint32_t count;
	uint64_t elapsed_ns;
	uint64_t ns[BATCH_MAX];
};

struct runner {
	struct run *run;
	struct gpu *g;
	VkQueryPool queries;
	uint64_t mean_ns; /* of a dispatch in the last submission */
};

static struct step *cursor_peek(struct cursor *c)
{
	while (c->step < c->count && c->done == c->steps[c->step].request->repeat) {
		c->step++;
		c->done = 0;
	}
	return c->step < c->count ? &c->steps[c->step] : NULL;
}

/* ---- recording ----------------------------------------------------------------------------- */

static void timestamp(struct runner *r, uint32_t query)
{
	if (r->queries)
		r->g->CmdWriteTimestamp(r->g->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
					r->queries, query);
}

static int record(struct runner *r, const struct batch *b, struct fail *f)
{
	struct gpu *g = r->g;

	if (gpu_begin(g, f) < 0)
		return -1;
	if (r->queries)
		g->CmdResetQueryPool(g->commands, r->queries, 0, b->count + 1);
	timestamp(r, 0);
	for (uint32_t i = 0; i < b->count; i++) {
		step_record(b->items[i], b->items[i]->groups, g);
		gpu_barrier(g, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
			    VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
			    VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
		timestamp(r, i + 1);
	}
	return gpu_submit(g, f);
}

/* ---- waiting ------------------------------------------------------------------------------- */

static int too_long(struct runner *r, const struct step *s, uint64_t observed, uint32_t of,
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
static uint64_t patience(const struct runner *r, uint32_t n)
{
	uint64_t limit = r->run->limit_ns, certain, likely;

	if (limit == 0 || __builtin_add_overflow(limit, WAIT_GRACE_NS, &limit))
		return UINT64_MAX;
	if (n == 1)
		return limit;
	if (__builtin_mul_overflow(limit, n, &certain))
		certain = UINT64_MAX;
	if (__builtin_add_overflow(limit, 10 * n * r->mean_ns + 50 * WAIT_GRACE_NS, &likely))
		likely = UINT64_MAX;
	return certain < likely ? certain : likely;
}

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
			return fail_set(f, END_CANCELLED, NULL, "cancelled while kernel '%s' ran",
					s->kernel->request->name);
		if (*ret_elapsed > most)
			return too_long(r, s, *ret_elapsed, n, f);
		f->pending = false;
	}
}

static int warm_up(struct runner *r, const struct step *s, struct fail *f)
{
	static const uint32_t nothing[3];
	uint64_t elapsed, most = patience(r, 1);

	if (__builtin_add_overflow(most, COMPILE_ALLOWANCE_NS, &most))
		most = UINT64_MAX;
	if (gpu_begin(r->g, f) < 0)
		return -1;
	step_record(s, nothing, r->g);
	if (gpu_submit(r->g, f) < 0 || wait_for(r, s, 1, most, &elapsed, f) < 0)
		return -1;
	s->kernel->warm = true;
	return 0;
}

/* ---- times --------------------------------------------------------------------------------- */

static int read_times(struct runner *r, struct batch *b, struct fail *f)
{
	uint64_t stamps[BATCH_MAX + 1];
	uint32_t bits = r->g->info->timestamp_valid_bits;
	uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	double period = (double)r->g->info->props.limits.timestampPeriod;

	if (!r->queries) {
		b->ns[0] = b->elapsed_ns;
		return 0;
	}
	VkResult res = r->g->GetQueryPoolResults(r->g->device, r->queries, 0, b->count + 1,
						 sizeof stamps, stamps, sizeof stamps[0],
						 VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
	if (res != VK_SUCCESS)
		return fail_vk(f, res, "vkGetQueryPoolResults", "read the times of dispatches");
	for (uint32_t i = 0; i < b->count; i++)
		b->ns[i] = (uint64_t)((double)((stamps[i + 1] - stamps[i]) & mask) * period);
	return 0;
}

static int account(struct runner *r, const struct batch *b, struct fail *f)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct kernel *k = b->items[i]->kernel;
		stats_add(&k->stats, b->ns[i]);
		k->bytes_bound += b->items[i]->bytes;
		memcpy(k->groups, b->items[i]->groups, sizeof k->groups);
		if (r->run->limit_ns && b->ns[i] > r->run->limit_ns)
			return too_long(r, b->items[i], b->ns[i], 1, f);
	}
	return 0;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static int fill_batch(struct runner *r, struct cursor *c, struct batch *b, uint32_t most,
		      struct fail *f)
{
	b->count = 0;
	for (struct step *s; b->count < most && (s = cursor_peek(c)) != NULL; c->done++) {
		if (!s->kernel->warm) {
			if (b->count)
				return 0;
			if (warm_up(r, s, f) < 0)
				return -1;
		}
		b->items[b->count++] = s;
	}
	return 0;
}

static uint32_t next_size(const struct runner *r, const struct batch *b, uint32_t size)
{
	/* With a tight limit submissions stay so short that a late dispatch is noticed in time. */
	uint64_t target = r->run->limit_ns && r->run->limit_ns / 4 < BATCH_NS ? r->run->limit_ns / 4
									      : BATCH_NS;

	if (!r->queries)
		return 1;
	if (b->elapsed_ns < target)
		return size * 2 < BATCH_MAX ? size * 2 : BATCH_MAX;
	if (b->elapsed_ns > 4 * target && size > 1)
		return size / 2;
	return size;
}

static int run_all(struct runner *r, struct cursor *c, struct fail *f)
{
	struct batch b = {.count = 0};
	uint32_t size = 1;

	for (;;) {
		if (stop_asked())
			return fail_set(f, END_CANCELLED, NULL,
					"cancelled between two submissions");
		if (fill_batch(r, c, &b, size, f) < 0)
			return -1;
		if (b.count == 0)
			return 0;
		if (record(r, &b, f) < 0 ||
		    wait_for(r, b.items[0], b.count, patience(r, b.count), &b.elapsed_ns, f) < 0)
			return -1;
		if (read_times(r, &b, f) < 0 || account(r, &b, f) < 0)
			return -1;
		r->mean_ns = b.elapsed_ns / b.count;
		size = next_size(r, &b, size);
	}
}

int run_steps(struct run *run, struct step *steps, size_t count, struct fail *f)
{
	struct runner r = {.run = run, .g = run->gpu};
	struct cursor c = {.steps = steps, .count = count};

	run->timed = run->gpu->info->timestamp_valid_bits > 0;
	if (run->timed) {
		VkQueryPoolCreateInfo info = {
		    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
		    .queryType = VK_QUERY_TYPE_TIMESTAMP,
		    .queryCount = BATCH_MAX + 1,
		};
		VkResult res = r.g->CreateQueryPool(r.g->device, &info, NULL, &r.queries);
		if (res != VK_SUCCESS)
			return fail_vk(f, res, "vkCreateQueryPool", "time dispatches");
	} else {
		answer_warning(
		    "the queue has no timestamps: dispatches are timed by the host, from submission to completion");
	}
	int rc = run_all(&r, &c, f);
	if (r.queries && !f->pending)
		r.g->DestroyQueryPool(r.g->device, r.queries, NULL);
	return rc;
}
