/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a submission: refused while the job is being ended, delayed where it has a pace, then made. */
#include "layer/layer.h"

#include <errno.h>
#include <time.h>

#include "layer/event.h"
#include "layer/pace.h"
#include "layer/stop.h"

enum { HELD_NS = 50000000 };

bool stop_submit(void)
{
	const struct timespec slice = {.tv_nsec = HELD_NS};
	int os = errno;

	/* Not sleep_until, which returns at once when the job is being ended. */
	while (stopping() == PAGE_STOP_HOLD)
		(void)nanosleep(&slice, NULL);
	errno = os;
	if (stopping() == PAGE_STOP_NONE)
		return false;
	here_count(PAGE_COUNT_SUBMITS_REFUSED, 1);
	return true;
}

/* false: the call is refused. */
static bool may_submit(void)
{
	if (stop_submit())
		return false;
	pace_submit();
	/* The end may have come in the delay. */
	if (stop_submit())
		return false;
	here_count(PAGE_COUNT_SUBMITS, 1);
	if (atomic_load_explicit(&here_control()->ring, memory_order_relaxed))
		here_tell(PAGE_WORD_BUSY);
	return true;
}

VKAPI_ATTR VkResult VKAPI_CALL hook_QueueSubmit(VkQueue queue, uint32_t count,
						const VkSubmitInfo *submits, VkFence fence)
{
	struct device *d = device_of(queue);

	if (!may_submit())
		return event_stopped(PAGE_CALL_vkQueueSubmit);
	return checked(d, PAGE_CALL_vkQueueSubmit,
		       d->next.QueueSubmit(queue, count, submits, fence));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_QueueSubmit2(VkQueue queue, uint32_t count,
						 const VkSubmitInfo2 *submits, VkFence fence)
{
	struct device *d = device_of(queue);

	if (!may_submit())
		return event_stopped(PAGE_CALL_vkQueueSubmit2);
	return checked(d, PAGE_CALL_vkQueueSubmit2,
		       d->next.QueueSubmit2(queue, count, submits, fence));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_QueueBindSparse(VkQueue queue, uint32_t count,
						    const VkBindSparseInfo *binds, VkFence fence)
{
	struct device *d = device_of(queue);

	if (stop_submit())
		return event_stopped(PAGE_CALL_vkQueueBindSparse);
	return checked(d, PAGE_CALL_vkQueueBindSparse,
		       d->next.QueueBindSparse(queue, count, binds, fence));
}
