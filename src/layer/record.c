/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command buffer does, as far as kernels go, and where timestamps are put into it.
 *
 * A command buffer for one submission gets a pair of timestamps around the dispatches that are to be
 * timed. One that can be submitted again would pay for them each time, for as long as the program
 * runs. So those are timed from outside (bracket.c), which is decided anew at each submission; only
 * a long one gets a few pairs inside, so far apart that they cost next to nothing. When a program marks
 * its command buffers so but never does submit one twice, they are treated like the others.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/timing-parts.h"

/* Which record a thread used last; a record that was freed anywhere makes all of these void. */
static _Thread_local struct {
	VkCommandBuffer handle;
	struct record *record;
	uint32_t generation;
} last;
static _Atomic uint32_t records_freed;

struct record *record_of(VkCommandBuffer handle)
{
	uint32_t generation = atomic_load_explicit(&records_freed, memory_order_acquire);

	if (last.handle == handle && last.generation == generation && last.record)
		return last.record;
	struct timing *t = timing_of(handle);
	(void)pthread_mutex_lock(&t->lock);
	struct record *r = map_get(&t->records, key_of(handle));
	(void)pthread_mutex_unlock(&t->lock);
	last.handle = handle;
	last.record = r;
	last.generation = generation;
	return r;
}

void record_forget_all(void)
{
	(void)atomic_fetch_add_explicit(&records_freed, 1, memory_order_release);
}

struct record *record_new(struct timing *t, struct pool *pool, VkCommandBuffer handle)
{
	struct record *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->handle = handle;
	r->t = t;
	r->pool = pool;
	r->refs = 1;
	if (map_put(&t->records, key_of(handle), r) < 0) {
		free(r);
		return NULL;
	}
	r->next = pool->records;
	pool->records = r;
	return r;
}

void record_ref(struct record *r)
{
	r->refs++;
}

void record_unref(struct record *r)
{
	if (--r->refs > 0)
		return;
	record_clear(r);
	free(r->uses);
	free(r->stamps);
	free(r->children);
	free(r);
}

void record_drop(struct record *r)
{
	struct record **at = &r->pool->records;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	record_clear(r);
	r->pool = NULL;
	(void)map_take(&r->t->records, key_of(r->handle));
	(void)atomic_fetch_add_explicit(&records_freed, 1, memory_order_release);
	record_unref(r);
}

void record_clear(struct record *r)
{
	/* The program may only do this when nothing of it is pending, so its times are there. See read_times. */
	if (r->runs && r->t->open_waits)
		stamp_lose(r);
	else if (r->runs)
		stamp_harvest(r);
	stamp_recycle(r);
	for (size_t i = 0; i < r->use_count; i++)
		pipeline_unref(r->uses[i].pipeline);
	for (size_t i = 0; i < r->child_count; i++)
		record_unref(r->children[i]);
	if (r->may_repeat && r->submits == 1 && r->t->trusted < TRUST_AFTER)
		r->t->trusted++;
	r->epoch++;
	r->use_count = r->child_count = 0;
	r->submits = r->pending = r->runs = 0;
	r->total = 0;
	r->next_stamp = REUSE_STEP;
	r->current = NULL;
	memset(r->bound, 0, sizeof r->bound);
}

void record_begin(struct record *r, VkCommandBufferUsageFlags flags)
{
	const struct timing *t = r->t;

	record_clear(r);
	r->may_repeat = !(flags & VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
	r->is_inline = t->setup.mode == PAGE_TIMING_ALL || !r->may_repeat ||
		       (!t->repeats && t->trusted == TRUST_AFTER);
}

int record_child(struct record *r, struct record *child)
{
	if (r->child_count == r->child_size) {
		size_t size = r->child_size ? 2 * r->child_size : 4;
		struct record **more = realloc(r->children, size * sizeof(struct record *));
		if (!more)
			return -1;
		r->children = more;
		r->child_size = size;
	}
	record_ref(child);
	r->children[r->child_count++] = child;
	return 0;
}

/* ---- pipelines ----------------------------------------------------------------------------- */

static struct use *use_of(struct record *r, struct pipeline *p)
{
	for (size_t i = r->use_count; i > 0; i--)
		if (r->uses[i - 1].pipeline == p)
			return &r->uses[i - 1];
	if (r->use_count == r->use_size) {
		size_t size = r->use_size ? 2 * r->use_size : 4;
		struct use *more = realloc(r->uses, size * sizeof *more);
		if (!more)
			return NULL;
		r->uses = more;
		r->use_size = size;
	}
	(void)atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	struct use *u = &r->uses[r->use_count++];
	*u = (struct use){.pipeline = p};
	return u;
}

void record_use(struct record *r, bool is_shader, uint64_t handle)
{
	struct timing *t = r->t;
	size_t slot = (handle >> 4 ^ handle >> 10) % BIND_CACHE;
	uint32_t generation = atomic_load_explicit(&t->generation, memory_order_acquire);

	if (generation != r->generation)
		memset(r->bound, 0, sizeof r->bound);
	r->generation = generation;
	if (handle && r->bound[slot].handle == handle && r->bound[slot].is_shader == is_shader) {
		r->current = &r->uses[r->bound[slot].use];
		return;
	}
	(void)pthread_mutex_lock(&t->lock);
	struct pipeline *p = map_get(is_shader ? &t->shaders : &t->pipelines, handle);
	r->current = p ? use_of(r, p) : NULL;
	(void)pthread_mutex_unlock(&t->lock);
	if (!r->current)
		return;
	r->bound[slot].handle = handle;
	r->bound[slot].is_shader = is_shader;
	r->bound[slot].use = (size_t)(r->current - r->uses);
}

/* ---- dispatches ---------------------------------------------------------------------------- */

static bool make_room(struct record *r)
{
	struct timing *t = r->t;

	if (r->stamp_count == r->stamp_size) {
		size_t size = r->stamp_size ? 2 * r->stamp_size : CHUNK_PAIRS;
		struct stamp *more = realloc(r->stamps, size * sizeof *more);
		if (!more)
			return false;
		r->stamps = more;
		r->stamp_size = size;
	}
	if (r->stamp_count % CHUNK_PAIRS != 0)
		return true;
	(void)pthread_mutex_lock(&t->lock);
	struct chunk *c = stamp_chunk(t);
	(void)pthread_mutex_unlock(&t->lock);
	if (!c)
		return false;
	if (r->last_chunk)
		r->last_chunk->next = c;
	else
		r->chunks = c;
	r->last_chunk = c;
	t->CmdResetQueryPool(r->handle, c->pool, 0, 2 * CHUNK_PAIRS);
	return true;
}

static bool wants(struct record *r, const struct use *u)
{
	struct timing *t = r->t;

	if (!r->pool->can_stamp)
		return false;
	if (!r->is_inline) {
		/* An odd step, so that it is not always the same one of a few kernels in turn. */
		if (r->total < r->next_stamp || !kernel_wants(t, u->pipeline->row, 1))
			return false;
		r->next_stamp = r->total + REUSE_STEP;
		return true;
	}
	/* A pipeline's first dispatch stands apart: it does not count as one that was asked for. */
	if (u->count == 1 && !atomic_load_explicit(&u->pipeline->submitted, memory_order_relaxed))
		return true;
	return kernel_wants(t, u->pipeline->row, 1);
}

/* True: timestamps go around it. */
static bool count(struct record *r, struct use *u, const uint32_t groups[3])
{
	u->count++;
	r->total++;
	if (groups) {
		memcpy(u->groups, groups, sizeof u->groups);
		u->group_total += (uint64_t)groups[0] * groups[1] * groups[2];
	} else {
		u->indirect++;
	}
	if (r->t->setup.mode == PAGE_TIMING_OFF || !wants(r, u) || !make_room(r))
		return false;
	r->stamps[r->stamp_count++] = (struct stamp){.use = (uint32_t)(u - r->uses),
						     .leads = u->count == 1};
	return true;
}

bool record_dispatch(struct record *r, const uint32_t groups[3])
{
	return r->current && count(r, r->current, groups);
}

bool record_generated(struct record *r, struct pipeline *of, uint64_t least, uint64_t most)
{
	struct timing *t = r->t;
	size_t bound = r->current ? (size_t)(r->current - r->uses) : 0;

	(void)pthread_mutex_lock(&t->lock);
	struct pipeline *p = pipeline_generated(t, of);
	struct use *u = p ? use_of(r, p) : NULL;
	(void)pthread_mutex_unlock(&t->lock);
	/* The uses may stand elsewhere now. */
	r->current = r->current ? &r->uses[bound] : NULL;
	if (!u)
		return false;
	u->least += least;
	u->most += most;
	return count(r, u, NULL);
}

/*
 * Both at the bottom of the pipe: a dispatch's time begins when everything before it has finished,
 * so times of dispatches that overlap on the device do not count twice.
 */
void record_stamp(struct record *r, unsigned end)
{
	uint32_t query = 2 * (uint32_t)((r->stamp_count - 1) % CHUNK_PAIRS) + end;

	r->t->CmdWriteTimestamp(r->handle, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
				r->last_chunk->pool, query);
}
