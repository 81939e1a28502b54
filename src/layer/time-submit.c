/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Submitting: what is in it is counted, the fence is seen to, and where a command buffer is to be
 * timed from outside, ours are put around it in a copy of the program's array.
 *
 * vkQueueSubmit and vkQueueSubmit2 differ in the shape of that array only; vkQueueBindSparse has no
 * command buffers, but semaphores.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/timing-parts.h"

static uint32_t buffers_in(const struct batches *b, uint32_t i)
{
	return b->one   ? b->one[i].commandBufferCount
	       : b->two ? b->two[i].commandBufferInfoCount
			: 0;
}

static VkCommandBuffer buffer_at(const struct batches *b, uint32_t i, uint32_t at)
{
	return b->one ? b->one[i].pCommandBuffers[at]
		      : b->two[i].pCommandBufferInfos[at].commandBuffer;
}

/* Lists of masks that stand beside the command buffers, and protected batches, are left alone. */
bool submit_can_add(const struct batches *b, uint32_t i)
{
	if (b->sparse)
		return false;
	const VkBaseInStructure *s = b->one ? b->one[i].pNext : NULL;

	for (; s; s = s->pNext)
		if (s->sType == VK_STRUCTURE_TYPE_DEVICE_GROUP_SUBMIT_INFO ||
		    s->sType == VK_STRUCTURE_TYPE_PROTECTED_SUBMIT_INFO)
			return false;
	return b->one || !(b->two[i].flags & VK_SUBMIT_PROTECTED_BIT);
}

/* Where our command buffers go: around number `at` of batch `batch`. */
struct place {
	uint32_t batch, at;
};

/* What is put there. */
struct ours {
	VkCommandBuffer before;     /* before it; VK_NULL_HANDLE: none */
	VkCommandBuffer begin, end; /* around it; VK_NULL_HANDLE: none */
};

static void *copy_room(struct copy *c, size_t size)
{
	if (c->size < size) {
		free(c->at);
		c->at = malloc(size);
		c->size = c->at ? size : 0;
	}
	return c->at;
}

/* One element of the new array of command buffers: which of the program's, or which of ours. */
static VkCommandBuffer element(const struct batches *b, const struct ours *o, const struct place *p,
			       uint32_t n, uint32_t *ret_theirs)
{
	uint32_t before = (o->before ? 1 : 0) + (o->begin ? 1 : 0);

	*ret_theirs = UINT32_MAX;
	if (o->before && n == p->at)
		return o->before;
	if (o->begin && n + 1 == p->at + before)
		return o->begin;
	if (o->begin && n == p->at + before + 1)
		return o->end;
	*ret_theirs = n < p->at ? n : n - before - (o->begin && n > p->at + before ? 1 : 0);
	return buffer_at(b, p->batch, *ret_theirs);
}

/* The same batches with ours in it, in *to; false: no memory, and nothing has changed. */
static bool add_ours(struct batches *b, struct copy *to, const struct ours *o,
		     const struct place *p)
{
	uint32_t buffers = buffers_in(b, p->batch) + (o->before ? 1 : 0) + (o->begin ? 2 : 0);
	size_t batch_size = b->one ? sizeof *b->one : sizeof *b->two;
	size_t buffer_size = b->one ? sizeof(VkCommandBuffer) : sizeof(VkCommandBufferSubmitInfo);
	char *room = copy_room(to, b->count * batch_size + buffers * buffer_size);
	uint32_t theirs;

	if (!room)
		return false;
	VkCommandBuffer *ones = (void *)(room + b->count * batch_size);
	VkCommandBufferSubmitInfo *twos = (void *)ones;
	for (uint32_t i = 0; i < buffers; i++) {
		VkCommandBuffer c = element(b, o, p, i, &theirs);
		if (b->one)
			ones[i] = c;
		else if (theirs != UINT32_MAX)
			twos[i] = b->two[p->batch].pCommandBufferInfos[theirs];
		else
			twos[i] = (VkCommandBufferSubmitInfo){
			    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO,
			    .commandBuffer = c};
	}
	if (b->one) {
		VkSubmitInfo *copy = memcpy(room, b->one, b->count * batch_size);
		copy[p->batch].commandBufferCount = buffers;
		copy[p->batch].pCommandBuffers = ones;
		b->one = copy;
	} else {
		VkSubmitInfo2 *copy = memcpy(room, b->two, b->count * batch_size);
		copy[p->batch].commandBufferInfoCount = buffers;
		copy[p->batch].pCommandBufferInfos = twos;
		b->two = copy;
	}
	return true;
}

/* What begins the submission as a whole: the batch that has to wait is its first one. */
static bool add_marker(struct batches *b, struct submission *s)
{
	const struct ours o = {.before = s->marker->commands};

	return add_ours(b, &s->marked, &o, &(const struct place){0});
}

static bool add_timed(struct batches *b, struct submission *s, const struct place *p)
{
	const struct ours o = {.before = s->calibration ? s->calibration->begin : VK_NULL_HANDLE,
			       .begin = s->bracket ? s->bracket->begin : VK_NULL_HANDLE,
			       .end = s->bracket ? s->bracket->end : VK_NULL_HANDLE};

	return add_ours(b, &s->timed, &o, p);
}

/* Whether something of it is timed from outside, or for the first time; where ours are to stand. */
static bool choose(struct timing *t, const struct batches *b, struct submission *s,
		   struct place *ret)
{
	bool timed = false, placed = false;

	for (uint32_t i = 0; i < b->count && !s->bracket; i++) {
		uint32_t buffers = submit_can_add(b, i) ? buffers_in(b, i) : 0;
		for (uint32_t at = 0; at < buffers && !s->bracket; at++) {
			struct record *r = map_get(&t->records, key_of(buffer_at(b, i, at)));
			if (!r)
				continue;
			timed |= r->stamp_count > 0;
			if (bracket_wanted(t, r))
				s->bracket = bracket_get(t, s->queue->family, 2);
			if (s->bracket)
				s->bracketed = (struct run){.record = r, .epoch = r->epoch};
			if (s->bracket || !placed)
				*ret = (struct place){.batch = i, .at = at};
			placed = true;
		}
	}
	/*
	 * A single dispatch, the first of all, is a row of its own, in which the driver's compiler is: the program need
	 * not wait for this as well before it sees its first result.
	 */
	bool is_first = !t->has_begun && s->dispatches == 1;
	if (placed && (timed || s->bracket) && t->calibration == UNCALIBRATED && !is_first)
		s->calibration = bracket_get(t, s->queue->family, CALIBRATION_STAMPS);
	return s->bracket || s->calibration;
}

bool submit_counts_all(const struct timing *t)
{
	const struct control_page *c = t->setup.control;
	uint32_t share = atomic_load_explicit(&c->share_percent, memory_order_relaxed);

	return (share > 0 && share < 100) ||
	       atomic_load_explicit(&c->kernel_ns, memory_order_relaxed) > 0;
}

/* What is in it; NULL: no memory for it. */
static struct submission *look(struct timing *t, struct timed_queue *q, const struct batches *b)
{
	struct submission *s = track_new(t, q);

	for (uint32_t i = 0; s && i < b->count; i++)
		for (uint32_t at = 0; at < buffers_in(b, i); at++) {
			struct record *r = map_get(&t->records, key_of(buffer_at(b, i, at)));
			s->has_work = true;
			if (r && track_run(s, r) < 0) {
				track_free(t, s);
				return NULL;
			}
		}
	return s;
}

/* Without kernels it is only of interest what waits, and what others wait for. */
static bool is_tracked(const struct timing *t, const struct submission *s, const struct batches *b)
{
	return s->dispatches || s->need_count ||
	       (submit_counts_all(t) && (s->has_work || semaphore_any(b)));
}

/* Appended before the call, because it may be over before the call returns. NULL: it is not tracked. */
static struct submission *append(struct timing *t, VkQueue queue, const struct batches *b,
				 VkFence fence)
{
	struct timed_queue *q = track_queue(t, queue, UINT32_MAX);

	if (q)
		track_poll(t, q);
	struct submission *s = q ? look(t, q, b) : NULL;
	semaphore_pass(t, s, b);
	if (s && is_tracked(t, s, b)) {
		s->is_foreign = fence && map_get(&t->foreign, (uint64_t)fence);
		s->owns_fence = !fence || s->is_foreign;
		s->fence = s->owns_fence ? track_fence(t) : fence;
		if (s->fence && track_append(t, s) == 0)
			return s;
	}
	if (!s)
		return NULL;
	semaphore_pass(t, NULL, b);
	track_free(t, s);
	return NULL;
}

static struct submission *prepare(struct timing *t, VkQueue queue, struct batches *b, VkFence fence)
{
	struct submission *s = append(t, queue, b, fence);
	struct place place = {0};

	if (!s)
		return NULL;
	if (s->marker && !add_marker(b, s)) {
		semaphore_unmark(t, s);
		track_poll_device(t);
	}
	if (t->setup.mode != PAGE_TIMING_OFF && choose(t, b, s, &place) &&
	    !add_timed(b, s, &place)) {
		bracket_put(t, s->bracket);
		bracket_put(t, s->calibration);
		s->bracket = s->calibration = NULL;
	}
	if (s->calibration)
		t->calibration = CALIBRATING;
	t->has_begun |= s->dispatches > 0;
	return s;
}

/* Of the layer below: the one of vkQueueSubmit2's names that the program used. */
static VkResult submit_below(const struct timing *t, VkQueue queue, const struct batches *b,
			     VkFence fence, PFN_vkQueueSubmit2 two)
{
	return two      ? two(queue, b->count, b->two, fence)
	       : b->one ? t->QueueSubmit(queue, b->count, b->one, fence)
			: t->QueueBindSparse(queue, b->count, b->sparse, fence);
}

static VkResult submit_part(struct timing *t, VkQueue queue, struct batches b, VkFence fence,
			    PFN_vkQueueSubmit2 two)
{
	VkResult told = VK_SUCCESS;

	(void)pthread_mutex_lock(&t->lock);
	struct submission *s = prepare(t, queue, &b, fence);
	bool begins = s && s->queue->head == s;
	(void)pthread_mutex_unlock(&t->lock);
	VkResult r = submit_below(t, queue, &b, s && !s->is_foreign ? s->fence : fence, two);

	if (!s)
		return r;
	/* A fence that others may look at or change is left to them: ours comes right after it. */
	if (r == VK_SUCCESS && s->is_foreign)
		told = t->QueueSubmit(queue, 0, NULL, s->fence);
	(void)pthread_mutex_lock(&t->lock);
	if (told == VK_SUCCESS)
		track_called(t, s, r == VK_SUCCESS);
	else
		track_untold(t, s);
	(void)pthread_mutex_unlock(&t->lock);
	if (begins && t->setup.began)
		t->setup.began();
	return r;
}

/*
 * How many batches go together. A fence is for all of a call, so one that has yet to wait for something begins a
 * call of its own: it would hide that those before it are done, or that they never are.
 */
static uint32_t part_of(struct timing *t, VkQueue queue, const struct batches *b)
{
	uint32_t n = 1;

	if (b->count == 1 || !submit_counts_all(t))
		return b->count;
	(void)pthread_mutex_lock(&t->lock);
	const struct timed_queue *q = track_queue(t, queue, UINT32_MAX);
	while (n < b->count && !(q && semaphore_blocks(t, q, b, n)))
		n++;
	(void)pthread_mutex_unlock(&t->lock);
	return n;
}

static VkResult submit(struct timing *t, VkQueue queue, struct batches b, VkFence fence,
		       PFN_vkQueueSubmit2 two)
{
	VkResult r = VK_SUCCESS;

	for (bool more = false; b.count > 0; more = true) {
		struct batches part = b;
		part.count = part_of(t, queue, &b);
		b.count -= part.count;
		r = submit_part(t, queue, part, b.count ? VK_NULL_HANDLE : fence, two);
		/* What went before cannot be taken back, and this is how the specification has it then. */
		if (r != VK_SUCCESS)
			return more ? VK_ERROR_DEVICE_LOST : r;
		b.one = b.one ? b.one + part.count : NULL;
		b.two = b.two ? b.two + part.count : NULL;
		b.sparse = b.sparse ? b.sparse + part.count : NULL;
	}
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_QueueSubmit(VkQueue queue, uint32_t count,
						     const VkSubmitInfo *submits, VkFence fence)
{
	struct timing *t = timing_of(queue);
	struct batches b = {.count = count, .one = submits};

	return count ? submit(t, queue, b, fence, NULL)
		     : t->QueueSubmit(queue, count, submits, fence);
}

static VkResult submit2(VkQueue queue, uint32_t count, const VkSubmitInfo2 *submits, VkFence fence,
			PFN_vkQueueSubmit2 next)
{
	struct batches b = {.count = count, .two = submits};

	return count ? submit(timing_of(queue), queue, b, fence, next)
		     : next(queue, count, submits, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_QueueSubmit2(VkQueue queue, uint32_t count,
						      const VkSubmitInfo2 *submits, VkFence fence)
{
	return submit2(queue, count, submits, fence, timing_of(queue)->QueueSubmit2);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_QueueSubmit2KHR(VkQueue queue, uint32_t count,
							 const VkSubmitInfo2 *submits,
							 VkFence fence)
{
	return submit2(queue, count, submits, fence, timing_of(queue)->QueueSubmit2KHR);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_QueueBindSparse(VkQueue queue, uint32_t count,
							 const VkBindSparseInfo *binds,
							 VkFence fence)
{
	struct timing *t = timing_of(queue);
	struct batches b = {.count = count, .sparse = binds};

	return count ? submit(t, queue, b, fence, NULL)
		     : t->QueueBindSparse(queue, count, binds, fence);
}

/* ---- queues -------------------------------------------------------------------------------- */

static void note_queue(struct timing *t, VkQueue queue, uint32_t family)
{
	(void)pthread_mutex_lock(&t->lock);
	if (queue)
		(void)track_queue(t, queue, family);
	(void)pthread_mutex_unlock(&t->lock);
}

static VKAPI_ATTR void VKAPI_CALL on_GetDeviceQueue(VkDevice device, uint32_t family,
						    uint32_t index, VkQueue *ret)
{
	struct timing *t = timing_of(device);

	t->GetDeviceQueue(device, family, index, ret);
	note_queue(t, *ret, family);
}

static VKAPI_ATTR void VKAPI_CALL on_GetDeviceQueue2(VkDevice device,
						     const VkDeviceQueueInfo2 *info, VkQueue *ret)
{
	struct timing *t = timing_of(device);

	t->GetDeviceQueue2(device, info, ret);
	note_queue(t, *ret, info->queueFamilyIndex);
}

const struct timing_hook submit_hooks[] = {
    TIMING_HOOK(QueueSubmit),
    TIMING_HOOK(QueueSubmit2),
    TIMING_HOOK(QueueSubmit2KHR),
    TIMING_HOOK(QueueBindSparse),
    TIMING_HOOK(GetDeviceQueue),
    TIMING_HOOK(GetDeviceQueue2),
    {NULL, NULL},
};
