/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timing from outside: short command buffers of our own with timestamps, submitted before and after
 * one of the program's. And the calibration, which is one with nothing but timestamps: the time
 * between two of them is what no dispatch takes.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/timing-parts.h"

enum { KNOWN_AFTER = 8 };

VkCommandPool bracket_pool(struct timing *t, uint32_t family)
{
	VkCommandPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
					.queueFamilyIndex = family};

	if (!t->own_pools[family] &&
	    t->CreateCommandPool(t->setup.device, &info, NULL, &t->own_pools[family]) != VK_SUCCESS)
		t->own_pools[family] = VK_NULL_HANDLE;
	return t->own_pools[family];
}

VkCommandBuffer bracket_buffer(struct timing *t, VkCommandPool pool)
{
	VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
					    .commandPool = pool,
					    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
					    .commandBufferCount = 1};
	static const VkCommandBufferBeginInfo begin = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
	VkCommandBuffer c = VK_NULL_HANDLE;

	if (!pool || t->AllocateCommandBuffers(t->setup.device, &info, &c) != VK_SUCCESS)
		return VK_NULL_HANDLE;
	/* What is made below the loader has no table of the loader's yet (LoaderLayerInterface). */
	if (t->setup.set_loader_data(t->setup.device, c) == VK_SUCCESS &&
	    t->BeginCommandBuffer(c, &begin) == VK_SUCCESS)
		return c;
	t->FreeCommandBuffers(t->setup.device, pool, 1, &c);
	return VK_NULL_HANDLE;
}

static VkCommandBuffer record_stamps(struct timing *t, const struct bracket *b, uint32_t from,
				     uint32_t to)
{
	VkCommandPool pool = bracket_pool(t, b->family);
	VkCommandBuffer c = bracket_buffer(t, pool);

	if (!c)
		return VK_NULL_HANDLE;
	if (from == 0)
		t->CmdResetQueryPool(c, b->pool, 0, b->stamps);
	for (uint32_t i = from; i < to; i++)
		t->CmdWriteTimestamp(c, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, b->pool, i);
	if (t->EndCommandBuffer(c) == VK_SUCCESS)
		return c;
	t->FreeCommandBuffers(t->setup.device, pool, 1, &c);
	return VK_NULL_HANDLE;
}

static void bracket_free(struct timing *t, struct bracket *b)
{
	VkCommandPool pool = t->own_pools[b->family];

	if (b->begin)
		t->FreeCommandBuffers(t->setup.device, pool, 1, &b->begin);
	if (b->end && b->end != b->begin)
		t->FreeCommandBuffers(t->setup.device, pool, 1, &b->end);
	if (b->pool)
		t->DestroyQueryPool(t->setup.device, b->pool, NULL);
	free(b);
}

static struct bracket *bracket_new(struct timing *t, uint32_t family, uint32_t stamps)
{
	VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
				      .queryType = VK_QUERY_TYPE_TIMESTAMP,
				      .queryCount = stamps};
	struct bracket *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->family = family;
	b->stamps = stamps;
	if (t->CreateQueryPool(t->setup.device, &info, NULL, &b->pool) == VK_SUCCESS)
		b->begin = record_stamps(t, b, 0, stamps == 2 ? 1 : stamps);
	else
		b->pool = VK_NULL_HANDLE;
	if (b->begin)
		b->end = stamps == 2 ? record_stamps(t, b, 1, 2) : b->begin;
	if (!b->end) {
		/* The next submission tries again: nothing of this one may stay. */
		bracket_free(t, b);
		return NULL;
	}
	b->older = t->all_brackets;
	t->all_brackets = b;
	return b;
}

struct bracket *bracket_get(struct timing *t, uint32_t family, uint32_t stamps)
{
	struct bracket **at = &t->free_brackets;

	if (!t->setup.set_loader_data || family >= t->setup.family_count ||
	    t->families[family].timestampValidBits == 0 ||
	    !(t->families[family].queueFlags & VK_QUEUE_COMPUTE_BIT))
		return NULL;
	while (*at && ((*at)->family != family || (*at)->stamps != stamps))
		at = &(*at)->next;
	struct bracket *b = *at;
	if (!b)
		return bracket_new(t, family, stamps);
	*at = b->next;
	b->next = NULL;
	return b;
}

void bracket_put(struct timing *t, struct bracket *b)
{
	if (!b)
		return;
	b->next = t->free_brackets;
	t->free_brackets = b;
}

void bracket_done(struct timing *t)
{
	while (t->all_brackets) {
		struct bracket *b = t->all_brackets;
		t->all_brackets = b->older;
		bracket_free(t, b);
	}
	for (uint32_t i = 0; i < t->setup.family_count; i++)
		if (t->own_pools[i])
			t->DestroyCommandPool(t->setup.device, t->own_pools[i], NULL);
}

/* ---- what is in a command buffer ----------------------------------------------------------- */

/* Sums over the pipelines of a command buffer and its secondary ones. */
struct content {
	uint64_t dispatches;
	uint64_t known_ns; /* of the dispatches of kernels whose mean is known */
	uint64_t unknown;  /* dispatches of the others */
	uint64_t firsts;   /* pipelines that ran for the first time */
	bool has_stamps;
	unsigned kernels; /* 1: only one, in however many pipelines */
	uint32_t row;     /* one of them; where there are some, one whose mean is unknown */
};

/* What is left over when others are subtracted is only an estimate: several of them make a mean. */
static uint64_t known_mean(const struct timing *t, uint32_t row)
{
	const struct page_kernel *k = &t->setup.page->kernels[row];

	return atomic_load_explicit(&k->timed, memory_order_relaxed) < KNOWN_AFTER
		   ? 0
		   : kernel_mean(t, row);
}

static void look_at(const struct timing *t, const struct record *r, struct content *c)
{
	c->has_stamps |= r->stamp_count > 0;
	for (size_t i = 0; i < r->use_count; i++) {
		const struct use *u = &r->uses[i];
		uint32_t row = u->pipeline->row;
		uint64_t mean = known_mean(t, row), repeated = u->count - u->first;
		if (!u->count)
			continue;
		if (!c->kernels || c->row != row)
			c->kernels++;
		if (!c->kernels || !mean || !c->unknown)
			c->row = row;
		c->dispatches += u->count;
		c->firsts += u->first;
		if (mean)
			c->known_ns += mean * repeated;
		else
			c->unknown += repeated;
	}
	for (size_t i = 0; i < r->child_count; i++)
		look_at(t, r->children[i], c);
}

bool bracket_wanted(struct timing *t, const struct record *r)
{
	struct content c = {0};

	if (r->is_inline || !r->pool || !r->pool->can_stamp)
		return false;
	look_at(t, r, &c);
	if (!c.dispatches || (c.has_stamps && !c.firsts))
		return false;
	if (c.firsts)
		return true;
	/* Several kernels: only an estimate, for command buffers that are not going to be recorded anew. */
	if (c.kernels > 1 && (!c.unknown || r->submits <= TRUST_AFTER))
		return false;
	return kernel_wants(t, c.row, c.dispatches);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Marks the first dispatches as seen; gives each an equal part, and the others of unknown time theirs. */
static void share_out(struct timing *t, struct record *r, uint64_t each_first, uint64_t each)
{
	for (size_t i = 0; i < r->use_count; i++) {
		struct use *u = &r->uses[i];
		uint32_t row = u->pipeline->row;
		bool unknown = known_mean(t, row) == 0;
		if (u->first)
			kernel_time(t, row, each_first, true);
		if (each && unknown && u->count > u->first)
			kernel_time(t, row, each, false);
		u->first = false;
	}
	for (size_t i = 0; i < r->child_count; i++)
		share_out(t, r->children[i], each_first, each);
}

void bracket_harvest(struct timing *t, const struct submission *s)
{
	uint64_t v[2][2] = {{0}}, bias = atomic_load_explicit(&t->bias_ns, memory_order_relaxed);
	struct record *r = s->bracketed.record;
	struct content c = {0};

	if (r->epoch != s->bracketed.epoch)
		return; /* recorded anew: nobody knows any more what was in it */
	look_at(t, r, &c);
	(void)t->GetQueryPoolResults(
	    t->setup.device, s->bracket->pool, 0, 2, sizeof v, v, sizeof v[0],
	    VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT);
	if (!v[0][1] || !v[1][1] || !c.dispatches) {
		if (c.dispatches)
			kernel_lost(t, c.row, 1);
		return;
	}
	uint64_t ns = stamp_ns(t, s->bracket->family, v[0][0], v[1][0]);
	ns = ns > bias ? ns - bias : 0;
	if (!c.firsts && c.kernels == 1 && !c.has_stamps) {
		kernel_time(t, c.row, ns / c.dispatches, false);
		return;
	}
	/* What the known ones do not explain is the others'; first ones, with a compiler in them, before all. */
	uint64_t rest = ns > c.known_ns ? ns - c.known_ns : 0;
	if (c.firsts)
		share_out(t, r, rest / c.firsts, 0);
	else if (c.unknown && r->submits > TRUST_AFTER)
		share_out(t, r, 0, rest / c.unknown);
}

/* ---- calibration --------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The shortest step between two timestamps is what every time is too long by; the usual one, what they cost. */
void calibration_harvest(struct timing *t, const struct submission *s, bool has_times)
{
	uint64_t v[CALIBRATION_STAMPS][2] = {{0}}, step[CALIBRATION_STAMPS - 1];
	bool whole = has_times;

	if (has_times)
		(void)t->GetQueryPoolResults(
		    t->setup.device, s->calibration->pool, 0, CALIBRATION_STAMPS, sizeof v, v,
		    sizeof v[0], VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT);
	for (size_t i = 0; i < CALIBRATION_STAMPS; i++)
		whole = whole && v[i][1];
	t->calibration = whole ? CALIBRATED : UNCALIBRATED;
	if (!whole)
		return;
	for (size_t i = 0; i + 1 < CALIBRATION_STAMPS; i++)
		step[i] = stamp_ns(t, s->calibration->family, v[i][0], v[i + 1][0]);
	qsort(step, CALIBRATION_STAMPS - 1, sizeof step[0], by_size);
	atomic_store_explicit(&t->bias_ns, step[0], memory_order_relaxed);
	atomic_store_explicit(&t->cost_ns, 2 * step[(CALIBRATION_STAMPS - 1) / 2],
			      memory_order_relaxed);
}
