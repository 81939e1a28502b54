/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting, in slices: a program that waits for work that will not come back learns within a slice that its job
 * is being ended. The driver's own wait cannot be interrupted.
 */
#include "layer/layer.h"

#include "layer/event.h"
#include "layer/stop.h"

enum { SLICE_NS = 50000000 };
/* A wait this long that ends without what was waited for means trouble; shorter ones are a way to look. */
#define LONG_WAIT_NS 1000000000u

struct wait {
	uint64_t timeout, began;
	enum page_call call;
};

static struct wait wait_begin(enum page_call call, uint64_t timeout)
{
	return (struct wait){timeout, timeout > SLICE_NS ? now_ns() : 0, call};
}

static uint64_t waited(const struct wait *w)
{
	return w->began ? now_ns() - w->began : 0;
}

/* How long to ask the driver to wait next. */
static uint64_t slice(const struct wait *w)
{
	uint64_t gone = waited(w);
	uint64_t left = w->timeout > gone ? w->timeout - gone : 0;

	return left < SLICE_NS ? left : SLICE_NS;
}

/* Whether to wait on after this answer; else *result is what the program gets. */
static bool wait_on(struct device *d, const struct wait *w, VkResult *result)
{
	if (*result == VK_SUCCESS)
		return false;
	if (*result == VK_TIMEOUT && stopping() == PAGE_STOP_LOST) {
		*result = event_stopped(w->call);
		return false;
	}
	if (*result == VK_TIMEOUT && waited(w) < w->timeout)
		return w->timeout > SLICE_NS;
	if (*result < 0 || w->timeout >= LONG_WAIT_NS)
		*result = event_result(d, w->call, *result);
	return false;
}

VKAPI_ATTR VkResult VKAPI_CALL hook_WaitForFences(VkDevice device, uint32_t count,
						  const VkFence *fences, VkBool32 all,
						  uint64_t timeout)
{
	struct device *d = device_of(device);
	const struct wait w = wait_begin(PAGE_CALL_vkWaitForFences, timeout);
	VkResult result;

	do
		result = d->next.WaitForFences(device, count, fences, all, slice(&w));
	while (wait_on(d, &w, &result));
	return result;
}

VKAPI_ATTR VkResult VKAPI_CALL hook_WaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info,
						   uint64_t timeout)
{
	struct device *d = device_of(device);
	const struct wait w = wait_begin(PAGE_CALL_vkWaitSemaphores, timeout);
	VkResult result;

	do
		result = d->next.WaitSemaphores(device, info, slice(&w));
	while (wait_on(d, &w, &result));
	return result;
}

/* A program that asks again and again waits as well. */
VKAPI_ATTR VkResult VKAPI_CALL hook_GetFenceStatus(VkDevice device, VkFence fence)
{
	struct device *d = device_of(device);
	VkResult result = d->next.GetFenceStatus(device, fence);

	if (result == VK_NOT_READY && stopping() == PAGE_STOP_LOST)
		return event_stopped(PAGE_CALL_vkGetFenceStatus);
	return checked(d, PAGE_CALL_vkGetFenceStatus, result);
}

VKAPI_ATTR VkResult VKAPI_CALL hook_GetSemaphoreCounterValue(VkDevice device, VkSemaphore semaphore,
							     uint64_t *value)
{
	struct device *d = device_of(device);

	if (stopping() == PAGE_STOP_LOST)
		return event_stopped(PAGE_CALL_vkGetSemaphoreCounterValue);
	return checked(d, PAGE_CALL_vkGetSemaphoreCounterValue,
		       d->next.GetSemaphoreCounterValue(device, semaphore, value));
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are Vulkan's */
VKAPI_ATTR VkResult VKAPI_CALL hook_GetQueryPoolResults(VkDevice device, VkQueryPool pool,
							uint32_t first, uint32_t count, size_t size,
							void *data, VkDeviceSize stride,
							VkQueryResultFlags flags)
{
	struct device *d = device_of(device);

	return checked(
	    d, PAGE_CALL_vkGetQueryPoolResults,
	    d->next.GetQueryPoolResults(device, pool, first, count, size, data, stride, flags));
}

/* Signalled when all that was submitted to the queue has finished; NULL: it cannot be had. */
static VkFence idle_fence(struct device *d, struct queue *q)
{
	const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};

	if (!q->idle && d->next.CreateFence(d->handle, &info, NULL, &q->idle) != VK_SUCCESS)
		q->idle = VK_NULL_HANDLE;
	return q->idle;
}

/*
 * The queue belongs to the caller for the time of this call (external synchronization), and so does its fence.
 * The driver's own wait follows: it is over at once, and says what the driver has to say.
 */
static VkResult wait_queue(struct device *d, struct queue *q, enum page_call call)
{
	const struct wait w = wait_begin(call, UINT64_MAX);
	VkFence fence = q ? idle_fence(d, q) : VK_NULL_HANDLE;
	VkResult result;

	if (!fence)
		return VK_SUCCESS;
	result = d->next.QueueSubmit(q->handle, 0, NULL, fence);
	if (result != VK_SUCCESS)
		return VK_SUCCESS;
	do
		result = d->next.WaitForFences(d->handle, 1, &fence, VK_TRUE, slice(&w));
	while (wait_on(d, &w, &result));
	/* One that the device may still signal cannot be used again; the device's end takes it along. */
	if (result == VK_SUCCESS)
		(void)d->next.ResetFences(d->handle, 1, &fence);
	return result;
}

VKAPI_ATTR VkResult VKAPI_CALL hook_QueueWaitIdle(VkQueue queue)
{
	struct device *d = device_of(queue);

	if (stopping() == PAGE_STOP_LOST)
		return event_stopped(PAGE_CALL_vkQueueWaitIdle);
	VkResult result = wait_queue(d, queue_of(d, queue), PAGE_CALL_vkQueueWaitIdle);
	if (result != VK_SUCCESS)
		return result;
	return checked(d, PAGE_CALL_vkQueueWaitIdle, d->next.QueueWaitIdle(queue));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_DeviceWaitIdle(VkDevice device)
{
	struct device *d = device_of(device);

	if (stopping() == PAGE_STOP_LOST)
		return event_stopped(PAGE_CALL_vkDeviceWaitIdle);
	for (struct queue *q = atomic_load(&d->queues); q; q = q->before) {
		VkResult result = wait_queue(d, q, PAGE_CALL_vkDeviceWaitIdle);
		if (result != VK_SUCCESS)
			return result;
	}
	return checked(d, PAGE_CALL_vkDeviceWaitIdle, d->next.DeviceWaitIdle(device));
}
