/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What submissions wait for. The device begins one when its semaphores are signalled, which may be long after it
 * was submitted: by another queue, or by the program itself. A timeline says how far it is. A binary
 * semaphore does not, but whatever signals it was submitted before (Vulkan specification, "Semaphore
 * Signaling"), so it is signalled once that submission is over.
 *
 * What is signalled from outside (another process, a window system) is known by a marker (marker.c), where one can be
 * had; elsewhere it counts as signalled.
 */
#include <stdlib.h>

#include "layer/timing-parts.h"

/* ---- what stands in a submission ------------------------------------------------------------ */

/* A semaphore in a batch; the value counts where it is a timeline. */
struct named {
	VkSemaphore handle;
	uint64_t value;
	bool holds_up; /* the batch's kernels and copies */
};

/*
 * A wait that names only stages which nothing in a compute queue's command buffers has does not hold them up. TOP_OF_PIPE
 * stands for all that follows. The bits of both kinds of submission are the same ones.
 */
static bool holds_up(VkPipelineStageFlags2 stages)
{
	const VkPipelineStageFlags2 ours = VK_PIPELINE_STAGE_2_TOP_OF_PIPE_BIT |
					   VK_PIPELINE_STAGE_2_DRAW_INDIRECT_BIT |
					   VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT |
					   VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT |
					   VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT |
					   VK_PIPELINE_STAGE_2_COPY_BIT |
					   VK_PIPELINE_STAGE_2_RESOLVE_BIT |
					   VK_PIPELINE_STAGE_2_BLIT_BIT |
					   VK_PIPELINE_STAGE_2_CLEAR_BIT;

	return stages & ours;
}

static const void *chain_of(const struct batches *b, uint32_t i)
{
	return b->one ? b->one[i].pNext : b->sparse[i].pNext;
}

static uint64_t value_at(const uint64_t *values, uint32_t count, uint32_t n)
{
	return values && n < count ? values[n] : 0;
}

static uint32_t waits_in(const struct batches *b, uint32_t i)
{
	return b->one   ? b->one[i].waitSemaphoreCount
	       : b->two ? b->two[i].waitSemaphoreInfoCount
			: b->sparse[i].waitSemaphoreCount;
}

static struct named wait_at(const struct batches *b, uint32_t i, uint32_t n)
{
	if (b->two) {
		const VkSemaphoreSubmitInfo *w = &b->two[i].pWaitSemaphoreInfos[n];
		return (struct named){w->semaphore, w->value, holds_up(w->stageMask)};
	}
	const VkTimelineSemaphoreSubmitInfo *values = chain_find(
	    chain_of(b, i), VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
	uint64_t value = values ? value_at(values->pWaitSemaphoreValues,
					   values->waitSemaphoreValueCount, n)
				: 0;
	if (b->one)
		return (struct named){b->one[i].pWaitSemaphores[n], value,
				      holds_up(b->one[i].pWaitDstStageMask[n])};
	return (struct named){b->sparse[i].pWaitSemaphores[n], value, true};
}

static uint32_t signals_in(const struct batches *b, uint32_t i)
{
	return b->one   ? b->one[i].signalSemaphoreCount
	       : b->two ? b->two[i].signalSemaphoreInfoCount
			: b->sparse[i].signalSemaphoreCount;
}

static struct named signal_at(const struct batches *b, uint32_t i, uint32_t n)
{
	if (b->two) {
		const VkSemaphoreSubmitInfo *w = &b->two[i].pSignalSemaphoreInfos[n];
		return (struct named){w->semaphore, w->value, true};
	}
	const VkTimelineSemaphoreSubmitInfo *values = chain_find(
	    chain_of(b, i), VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
	uint64_t value = values ? value_at(values->pSignalSemaphoreValues,
					   values->signalSemaphoreValueCount, n)
				: 0;
	return (struct named){b->one ? b->one[i].pSignalSemaphores[n]
				     : b->sparse[i].pSignalSemaphores[n],
			      value, true};
}

bool semaphore_any(const struct batches *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (waits_in(b, i) || signals_in(b, i))
			return true;
	return false;
}

/* ---- what is still to come ------------------------------------------------------------------ */

static bool is_met(const struct timing *t, const struct need *n)
{
	uint64_t value;

	if (n->queue)
		return n->queue->done >= n->number;
	if (n->event)
		return marker_passed(t, n->event);
	/* Where the driver has no answer, it counts as if it were running. */
	return !t->GetSemaphoreCounterValue ||
	       t->GetSemaphoreCounterValue(t->setup.device, n->semaphore, &value) != VK_SUCCESS ||
	       value >= n->number;
}

/* Nothing that was submitted here signals it. */
static bool is_from_outside(const struct timing *t, const struct named *w)
{
	const struct semaphore *s = map_get(&t->semaphores, (uint64_t)w->handle);

	return s && w->holds_up && !s->is_timeline && !s->queue;
}

/* What the wait means on that queue; false: it holds nothing up, or is met. */
static bool need_of(const struct timing *t, const struct timed_queue *q, const struct named *w,
		    struct need *ret)
{
	const struct semaphore *s = map_get(&t->semaphores, (uint64_t)w->handle);

	if (!s || !w->holds_up)
		return false;
	/* Behind it on the same queue in any case. */
	if (s->queue == q && (!s->is_timeline || w->value <= s->value))
		return false;
	if (!s->is_timeline && !s->queue)
		return false;
	*ret = (struct need){.semaphore = w->handle,
			     .queue = s->is_timeline ? NULL : s->queue,
			     .number = s->is_timeline ? w->value : s->number};
	return !is_met(t, ret);
}

/* Without memory it is forgotten, and the submission counts from earlier on. */
static void add_need(struct timing *t, struct submission *s, const struct need *n)
{
	const struct semaphore *known = map_get(&t->semaphores, (uint64_t)n->semaphore);

	if (s->need_count == s->need_size) {
		size_t size = s->need_size ? 2 * s->need_size : 4;
		struct need *more = realloc(s->needs, size * sizeof *more);
		if (!more)
			return;
		s->needs = more;
		s->need_size = size;
	}
	s->needs[s->need_count++] = *n;
	if (!s->is_open && !n->queue && !(known->queue && n->number <= known->value)) {
		s->is_open = true;
		t->open_waits++;
	}
}

/* From outside; only the first batch has a marker, as one that blocks begins a call of its own. */
static bool marked_need(struct timing *t, struct submission *s, const struct batches *b, uint32_t i,
			const struct named *w, struct need *ret)
{
	if (i > 0 || !is_from_outside(t, w) || !marker_fits(t, s->queue, b, i))
		return false;
	if (!s->marker)
		s->marker = marker_get(t, s->queue->family);
	if (!s->marker)
		return false;
	*ret = (struct need){.semaphore = w->handle, .event = s->marker->event};
	return true;
}

void semaphore_unmark(struct timing *t, struct submission *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->need_count; i++)
		if (!s->needs[i].event)
			s->needs[kept++] = s->needs[i];
	s->need_count = kept;
	if (!kept)
		semaphore_forget(t, s);
	marker_put(t, s->marker);
	s->marker = NULL;
}

void semaphore_pass(struct timing *t, struct submission *s, const struct batches *b)
{
	struct semaphore *known;
	struct need need;

	for (uint32_t i = 0; t->semaphores.count && i < b->count; i++) {
		for (uint32_t n = 0; n < waits_in(b, i); n++) {
			struct named w = wait_at(b, i, n);
			if (s &&
			    (marked_need(t, s, b, i, &w, &need) || need_of(t, s->queue, &w, &need)))
				add_need(t, s, &need);
			/* The wait takes a binary one's signal away. */
			known = map_get(&t->semaphores, (uint64_t)w.handle);
			if (known && !known->is_timeline)
				known->queue = NULL;
		}
		for (uint32_t n = 0; n < signals_in(b, i); n++) {
			struct named w = signal_at(b, i, n);
			known = map_get(&t->semaphores, (uint64_t)w.handle);
			if (!known)
				continue;
			known->queue = s ? s->queue : NULL;
			known->number = s ? s->number : 0;
			known->value = w.value;
		}
	}
}

bool semaphore_blocks(const struct timing *t, const struct timed_queue *q, const struct batches *b,
		      uint32_t i)
{
	struct need need;

	for (uint32_t n = 0; t->semaphores.count && n < waits_in(b, i); n++) {
		struct named w = wait_at(b, i, n);
		if (need_of(t, q, &w, &need) || (is_from_outside(t, &w) && marker_fits(t, q, b, i)))
			return true;
	}
	return false;
}

void semaphore_forget(struct timing *t, struct submission *s)
{
	s->need_count = 0;
	if (s->is_open)
		t->open_waits--;
	s->is_open = false;
}

bool semaphore_waits(struct timing *t, struct submission *s)
{
	while (s->need_count && is_met(t, &s->needs[s->need_count - 1]))
		s->need_count--;
	if (!s->need_count)
		semaphore_forget(t, s);
	return s->need_count > 0;
}

void semaphore_undo(struct timing *t, struct submission *s)
{
	struct semaphore *known;

	for (size_t at = 0; (known = map_next(&t->semaphores, &at));)
		if (known->queue == s->queue && known->number == s->number)
			known->queue = NULL;
	for (size_t i = 0; i < s->need_count; i++) {
		known = map_get(&t->semaphores, (uint64_t)s->needs[i].semaphore);
		if (!known || !s->needs[i].queue)
			continue;
		known->queue = s->needs[i].queue;
		known->number = s->needs[i].number;
	}
	semaphore_forget(t, s);
}

/* Nothing under way refers to it any more, and its counter may not be asked for. */
static void forget_needs(struct submission *s, VkSemaphore semaphore)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->need_count; i++)
		if (s->needs[i].semaphore != semaphore)
			s->needs[kept++] = s->needs[i];
	s->need_count = kept;
}

void semaphore_done(struct timing *t)
{
	struct semaphore *s;

	for (size_t at = 0; (s = map_next(&t->semaphores, &at));)
		free(s);
	map_done(&t->semaphores);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static VKAPI_ATTR VkResult VKAPI_CALL on_CreateSemaphore(VkDevice device,
							 const VkSemaphoreCreateInfo *info,
							 const VkAllocationCallbacks *allocator,
							 VkSemaphore *ret)
{
	struct timing *t = timing_of(device);
	VkResult r = t->CreateSemaphore(device, info, allocator, ret);
	const VkSemaphoreTypeCreateInfo *type = chain_find(
	    info->pNext, VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);
	/* Without memory it is one that is signalled from outside. */
	struct semaphore *s = r == VK_SUCCESS ? calloc(1, sizeof *s) : NULL;

	if (!s)
		return r;
	s->is_timeline = type && type->semaphoreType == VK_SEMAPHORE_TYPE_TIMELINE;
	(void)pthread_mutex_lock(&t->lock);
	if (map_put(&t->semaphores, (uint64_t)*ret, s) < 0)
		free(s);
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static VKAPI_ATTR void VKAPI_CALL on_DestroySemaphore(VkDevice device, VkSemaphore semaphore,
						      const VkAllocationCallbacks *allocator)
{
	struct timing *t = timing_of(device);
	const struct timed_queue *q;

	(void)pthread_mutex_lock(&t->lock);
	struct semaphore *s = map_take(&t->semaphores, (uint64_t)semaphore);
	for (size_t at = 0; s && (q = map_next(&t->queues, &at));)
		for (struct submission *u = q->head; u; u = u->next)
			forget_needs(u, semaphore);
	(void)pthread_mutex_unlock(&t->lock);
	free(s);
	t->DestroySemaphore(device, semaphore, allocator);
}

/* The submissions that waited for it have begun now. */
static VkResult signalled(VkDevice device, VkResult r)
{
	struct timing *t = timing_of(device);

	if (r != VK_SUCCESS)
		return r;
	(void)pthread_mutex_lock(&t->lock);
	track_poll_device(t);
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_SignalSemaphore(VkDevice device,
							 const VkSemaphoreSignalInfo *info)
{
	return signalled(device, timing_of(device)->SignalSemaphore(device, info));
}

static VKAPI_ATTR VkResult VKAPI_CALL on_SignalSemaphoreKHR(VkDevice device,
							    const VkSemaphoreSignalInfo *info)
{
	return signalled(device, timing_of(device)->SignalSemaphoreKHR(device, info));
}

/* Whatever was to signal it, now it is somebody else. */
static void from_outside(VkDevice device, VkSemaphore semaphore)
{
	struct timing *t = timing_of(device);

	(void)pthread_mutex_lock(&t->lock);
	struct semaphore *s = map_get(&t->semaphores, (uint64_t)semaphore);
	if (s)
		s->queue = NULL;
	(void)pthread_mutex_unlock(&t->lock);
}

static VKAPI_ATTR VkResult VKAPI_CALL
on_ImportSemaphoreFdKHR(VkDevice device, const VkImportSemaphoreFdInfoKHR *info)
{
	VkResult r = timing_of(device)->ImportSemaphoreFdKHR(device, info);

	if (r == VK_SUCCESS)
		from_outside(device, info->semaphore);
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_AcquireNextImageKHR(VkDevice device,
							     VkSwapchainKHR swapchain,
							     uint64_t timeout,
							     VkSemaphore semaphore, VkFence fence,
							     uint32_t *ret)
{
	VkResult r = timing_of(device)->AcquireNextImageKHR(device, swapchain, timeout, semaphore,
							    fence, ret);

	if (semaphore && (r == VK_SUCCESS || r == VK_SUBOPTIMAL_KHR))
		from_outside(device, semaphore);
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_AcquireNextImage2KHR(VkDevice device,
							      const VkAcquireNextImageInfoKHR *info,
							      uint32_t *ret)
{
	VkResult r = timing_of(device)->AcquireNextImage2KHR(device, info, ret);

	if (info->semaphore && (r == VK_SUCCESS || r == VK_SUBOPTIMAL_KHR))
		from_outside(device, info->semaphore);
	return r;
}

const struct timing_hook semaphore_hooks[] = {
    TIMING_HOOK(ImportSemaphoreFdKHR), TIMING_HOOK(AcquireNextImageKHR),
    TIMING_HOOK(AcquireNextImage2KHR), TIMING_HOOK(CreateSemaphore),
    TIMING_HOOK(DestroySemaphore),     TIMING_HOOK(SignalSemaphore),
    TIMING_HOOK(SignalSemaphoreKHR),   {NULL, NULL},
};
