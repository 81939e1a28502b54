/* SPDX-License-Identifier: Apache-2.0 */
/* What the program's waiting and its handling of fences tell about submissions that have finished. */
#include "layer/timing-parts.h"

static void signalled(struct timing *t, uint32_t count, const VkFence *fences)
{
	(void)pthread_mutex_lock(&t->lock);
	for (uint32_t i = 0; i < count; i++)
		track_signalled(t, fences[i]);
	(void)pthread_mutex_unlock(&t->lock);
}

static void poll_device(struct timing *t)
{
	(void)pthread_mutex_lock(&t->lock);
	track_poll_device(t);
	(void)pthread_mutex_unlock(&t->lock);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_WaitForFences(VkDevice device, uint32_t count,
						       const VkFence *fences, VkBool32 all,
						       uint64_t timeout)
{
	struct timing *t = timing_of(device);
	VkResult r = t->WaitForFences(device, count, fences, all, timeout);

	if (r == VK_SUCCESS && (all || count == 1))
		signalled(t, count, fences);
	else if (r == VK_SUCCESS)
		poll_device(t);
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_GetFenceStatus(VkDevice device, VkFence fence)
{
	struct timing *t = timing_of(device);
	VkResult r = t->GetFenceStatus(device, fence);

	if (r == VK_SUCCESS)
		signalled(t, 1, &fence);
	return r;
}

/* A fence that is reset, destroyed or replaced is not in use: what was to signal it is over. */
static VKAPI_ATTR VkResult VKAPI_CALL on_ResetFences(VkDevice device, uint32_t count,
						     const VkFence *fences)
{
	struct timing *t = timing_of(device);

	signalled(t, count, fences);
	return t->ResetFences(device, count, fences);
}

static VKAPI_ATTR void VKAPI_CALL on_DestroyFence(VkDevice device, VkFence fence,
						  const VkAllocationCallbacks *allocator)
{
	struct timing *t = timing_of(device);

	(void)pthread_mutex_lock(&t->lock);
	track_signalled(t, fence);
	(void)map_take(&t->foreign, (uint64_t)fence);
	(void)pthread_mutex_unlock(&t->lock);
	t->DestroyFence(device, fence, allocator);
}

/*
 * A fence that can be exported, or that something was imported into: exporting resets it, and
 * another process may signal or reset it. So its state says nothing about a submission.
 */
static void mark_foreign(struct timing *t, VkFence fence)
{
	(void)pthread_mutex_lock(&t->lock);
	track_signalled(t, fence);
	(void)map_put(&t->foreign, (uint64_t)fence, t);
	(void)pthread_mutex_unlock(&t->lock);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_CreateFence(VkDevice device, const VkFenceCreateInfo *info,
						     const VkAllocationCallbacks *allocator,
						     VkFence *ret)
{
	struct timing *t = timing_of(device);
	VkResult r = t->CreateFence(device, info, allocator, ret);
	const VkBaseInStructure *s = info->pNext;

	while (s && s->sType != VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO)
		s = s->pNext;
	if (r == VK_SUCCESS && s)
		mark_foreign(t, *ret);
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_ImportFenceFdKHR(VkDevice device,
							  const VkImportFenceFdInfoKHR *info)
{
	struct timing *t = timing_of(device);

	mark_foreign(t, info->fence);
	return t->ImportFenceFdKHR(device, info);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_QueueWaitIdle(VkQueue queue)
{
	struct timing *t = timing_of(queue);
	VkResult r = t->QueueWaitIdle(queue);

	if (r != VK_SUCCESS)
		return r;
	(void)pthread_mutex_lock(&t->lock);
	const struct timed_queue *q = track_queue(t, queue, UINT32_MAX);
	if (q)
		track_idle(t, q);
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_DeviceWaitIdle(VkDevice device)
{
	struct timing *t = timing_of(device);
	VkResult r = t->DeviceWaitIdle(device);

	if (r != VK_SUCCESS)
		return r;
	(void)pthread_mutex_lock(&t->lock);
	track_idle(t, NULL);
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_WaitSemaphores(VkDevice device,
							const VkSemaphoreWaitInfo *info,
							uint64_t timeout)
{
	struct timing *t = timing_of(device);
	VkResult r = t->WaitSemaphores(device, info, timeout);

	if (r == VK_SUCCESS)
		poll_device(t);
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_WaitSemaphoresKHR(VkDevice device,
							   const VkSemaphoreWaitInfo *info,
							   uint64_t timeout)
{
	struct timing *t = timing_of(device);
	VkResult r = t->WaitSemaphoresKHR(device, info, timeout);

	if (r == VK_SUCCESS)
		poll_device(t);
	return r;
}

const struct timing_hook wait_hooks[] = {
    TIMING_HOOK(WaitForFences),
    TIMING_HOOK(GetFenceStatus),
    TIMING_HOOK(ResetFences),
    TIMING_HOOK(CreateFence),
    TIMING_HOOK(DestroyFence),
    TIMING_HOOK(ImportFenceFdKHR),
    TIMING_HOOK(QueueWaitIdle),
    TIMING_HOOK(DeviceWaitIdle),
    TIMING_HOOK(WaitSemaphores),
    TIMING_HOOK(WaitSemaphoresKHR),
    {NULL, NULL},
};
