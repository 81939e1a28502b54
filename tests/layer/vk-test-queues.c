/* SPDX-License-Identifier: Apache-2.0 */
/* Queues that the device has not: what is submitted to them is kept, and done as late as it goes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layer/vk-test-layer.h"

enum { QUEUES = 16, PENDING = 256, SEMAPHORES = 8, SIGNALLED = 1024 };

/* What was submitted and is not done yet. */
struct submission {
	VkCommandBuffer commands;
	VkSemaphore waits[SEMAPHORES], signals[SEMAPHORES];
	uint32_t wait_count, signal_count;
	VkFence fence;
};

struct queue {
	void *dispatch; /* of the loader: the first word of what it takes for its own */
	uint32_t family, index;
	struct submission pending[PENDING];
	size_t count;
	unsigned long submissions, waits;
};

static struct queue queues[QUEUES];
static size_t queue_count;
static VkQueue real_queue;
static VkSemaphore signalled[SIGNALLED];
static size_t signalled_count;

static uint32_t families(uint32_t sizes[static QUEUES])
{
	const char *rule = getenv("VK_TEST_QUEUES");
	uint32_t count = 0;

	for (char *end; rule && *rule; rule = *end ? end + 1 : end) {
		sizes[count++] = (uint32_t)strtoul(rule, &end, 10);
		if (end == rule || count == QUEUES)
			die("VK_TEST_QUEUES is a list of numbers");
	}
	return count;
}

bool invents(void)
{
	uint32_t sizes[QUEUES];

	return families(sizes) > 0;
}

static void hide_stamps(VkQueueFamilyProperties *p)
{
	if (getenv("VK_TEST_NO_STAMPS"))
		p->timestampValidBits = 0;
}

VKAPI_ATTR void VKAPI_CALL layer_GetPhysicalDeviceQueueFamilyProperties(
    VkPhysicalDevice device, uint32_t *count, VkQueueFamilyProperties *out)
{
	uint32_t sizes[QUEUES], have = families(sizes), one = 1;
	VkQueueFamilyProperties real;

	if (have == 0) {
		next.GetPhysicalDeviceQueueFamilyProperties(device, count, out);
		for (uint32_t i = 0; out && i < *count; i++)
			hide_stamps(&out[i]);
		return;
	}
	next.GetPhysicalDeviceQueueFamilyProperties(device, &one, &real);
	for (uint32_t i = 0; out && i < have && i < *count; i++) {
		out[i] = real;
		hide_stamps(&out[i]);
		out[i].queueCount = sizes[i];
		/* So none is preferred. */
		out[i].queueFlags = VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT;
	}
	*count = out && *count < have ? *count : have;
}

VKAPI_ATTR void VKAPI_CALL layer_GetPhysicalDeviceQueueFamilyProperties2(
    VkPhysicalDevice device, uint32_t *count, VkQueueFamilyProperties2 *out)
{
	VkQueueFamilyProperties plain[QUEUES];
	uint32_t have = QUEUES;

	if (!invents()) {
		next.GetPhysicalDeviceQueueFamilyProperties2(device, count, out);
		for (uint32_t i = 0; out && i < *count; i++)
			hide_stamps(&out[i].queueFamilyProperties);
		return;
	}
	layer_GetPhysicalDeviceQueueFamilyProperties(device, &have, plain);
	for (uint32_t i = 0; out && i < have && i < *count; i++)
		out[i].queueFamilyProperties = plain[i];
	*count = out && *count < have ? *count : have;
}

VKAPI_ATTR void VKAPI_CALL layer_GetDeviceQueue(VkDevice device, uint32_t family, uint32_t index,
						VkQueue *out)
{
	struct queue *q = queues;

	if (!invents()) {
		next.GetDeviceQueue(device, family, index, out);
		return;
	}
	if (!real_queue) {
		next.GetDeviceQueue(device, 0, 0, &real_queue);
		memcpy(real_queue, device, sizeof q->dispatch);
	}
	while (q < queues + queue_count && (q->family != family || q->index != index))
		q++;
	if (q == queues + QUEUES)
		die("too many queues");
	if (q == queues + queue_count) {
		queue_count++;
		q->family = family;
		q->index = index;
		memcpy(&q->dispatch, device, sizeof q->dispatch);
	}
	*out = (VkQueue)q;
}

VKAPI_ATTR VkResult VKAPI_CALL layer_CreateCommandPool(VkDevice device,
						       const VkCommandPoolCreateInfo *info,
						       const VkAllocationCallbacks *a,
						       VkCommandPool *out)
{
	VkCommandPoolCreateInfo real = *info;
	VkResult r;

	if (invents())
		real.queueFamilyIndex = 0;
	return fails("vkCreateCommandPool", &r) ? r : next.CreateCommandPool(device, &real, a, out);
}

VKAPI_ATTR VkResult VKAPI_CALL layer_CreateBuffer(VkDevice device, const VkBufferCreateInfo *info,
						  const VkAllocationCallbacks *a, VkBuffer *out)
{
	VkBufferCreateInfo real = *info;
	VkResult r;

	if (invents())
		real.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
	return fails("vkCreateBuffer", &r) ? r : next.CreateBuffer(device, &real, a, out);
}

VKAPI_ATTR VkResult VKAPI_CALL layer_CreateImage(VkDevice device, const VkImageCreateInfo *info,
						 const VkAllocationCallbacks *a, VkImage *out)
{
	VkImageCreateInfo real = *info;
	VkResult r;

	if (invents())
		real.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
	return fails("vkCreateImage", &r) ? r : next.CreateImage(device, &real, a, out);
}

/* ---- doing what was submitted, as late as it goes ------------------------------------------ */

static void do_first(struct queue *q);

static bool take_signal(VkSemaphore s)
{
	for (size_t i = 0; i < signalled_count; i++)
		if (signalled[i] == s) {
			signalled[i] = signalled[--signalled_count];
			return true;
		}
	return false;
}

static bool will_signal(const struct queue *q, VkSemaphore s)
{
	for (size_t i = 0; i < q->count; i++)
		for (uint32_t n = 0; n < q->pending[i].signal_count; n++)
			if (q->pending[i].signals[n] == s)
				return true;
	return false;
}

static void need_signal(VkSemaphore s)
{
	while (!take_signal(s)) {
		struct queue *q = queues;
		while (q < queues + queue_count && !will_signal(q, s))
			q++;
		if (q == queues + queue_count)
			die("a submission waits for a semaphore that nobody signals");
		do_first(q);
	}
}

static void do_first(struct queue *q)
{
	struct submission s = q->pending[0];
	VkSubmitInfo info = {
	    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
	    .commandBufferCount = s.commands ? 1 : 0,
	    .pCommandBuffers = &s.commands,
	};

	for (uint32_t i = 0; i < s.wait_count && !getenv("VK_TEST_FORGET"); i++)
		need_signal(s.waits[i]);
	q->count--;
	memmove(q->pending, q->pending + 1, q->count * sizeof s);
	if (next.QueueSubmit(real_queue, 1, &info, s.fence) != VK_SUCCESS)
		die("the driver refuses a submission");
	for (uint32_t i = 0; i < s.signal_count && !getenv("VK_TEST_FORGET"); i++) {
		if (signalled_count == SIGNALLED)
			die("too many semaphores");
		signalled[signalled_count++] = s.signals[i];
	}
}

static void need_fence(VkFence fence)
{
	for (struct queue *q = queues; q < queues + queue_count; q++)
		for (size_t i = 0; i < q->count; i++) {
			if (q->pending[i].fence != fence)
				continue;
			for (size_t before = 0; before <= i; before++)
				do_first(q);
			return;
		}
}

static void defer(struct queue *q, const VkSubmitInfo *info, VkFence fence)
{
	if (q->count == PENDING || info->waitSemaphoreCount > SEMAPHORES ||
	    info->signalSemaphoreCount > SEMAPHORES || info->commandBufferCount > 1)
		die("more is submitted than this layer can keep");
	struct submission *s = &q->pending[q->count++];
	*s = (struct submission){
	    .commands = info->commandBufferCount ? info->pCommandBuffers[0] : VK_NULL_HANDLE,
	    .wait_count = info->waitSemaphoreCount,
	    .signal_count = info->signalSemaphoreCount,
	    .fence = fence,
	};
	for (uint32_t i = 0; i < s->wait_count; i++)
		s->waits[i] = info->pWaitSemaphores[i];
	for (uint32_t i = 0; i < s->signal_count; i++)
		s->signals[i] = info->pSignalSemaphores[i];
	q->submissions++;
	q->waits += s->wait_count;
}

static unsigned long submitted;

/* After the driver has it, or the signal could end the program before. */
static void signal_now(void)
{
	const char *rule = getenv("VK_TEST_SIGNAL");
	char *end;

	submitted++;
	if (!rule)
		return;
	unsigned long at = strtoul(rule, &end, 10);
	if (at == 0 || *end != ':')
		die("VK_TEST_SIGNAL is N:SIGNAL");
	int number = (int)strtol(end + 1, NULL, 10);
	if (submitted >= at)
		(void)fprintf(stderr, "vk-test-layer: submission %lu\n", submitted);
	if (submitted == at && number)
		(void)raise(number);
}

VKAPI_ATTR VkResult VKAPI_CALL layer_QueueSubmit(VkQueue queue, uint32_t count,
						 const VkSubmitInfo *infos, VkFence fence)
{
	static const VkSubmitInfo nothing;
	VkResult r;

	calls_now();
	if (fails("vkQueueSubmit", &r))
		return r;
	if (!invents()) {
		r = outside_submit(queue, count, infos, fence);
		signal_now();
		return r;
	}
	for (uint32_t i = 0; i < count; i++)
		defer((struct queue *)queue, &infos[i], i + 1 == count ? fence : VK_NULL_HANDLE);
	if (count == 0)
		defer((struct queue *)queue, &nothing, fence);
	return VK_SUCCESS;
}

static void take_time(VkResult result, uint64_t timeout_ns)
{
	struct timespec t = {.tv_nsec = timeout_ns < 10000000 ? (long)timeout_ns : 10000000};

	if (result == VK_TIMEOUT)
		(void)nanosleep(&t, NULL);
}

VKAPI_ATTR VkResult VKAPI_CALL layer_WaitForFences(VkDevice device, uint32_t count,
						   const VkFence *fences, VkBool32 all,
						   uint64_t timeout)
{
	const char *order = getenv("VK_TEST_ORDER");
	bool backward = order && strcmp(order, "backward") == 0;
	VkResult r;

	if (fails("vkWaitForFences", &r)) {
		take_time(r, timeout);
		return r;
	}
	for (uint32_t i = 0; i < count; i++)
		need_fence(fences[backward ? count - 1 - i : i]);
	return next.WaitForFences(device, count, fences, all, timeout);
}

static void do_all(void)
{
	for (struct queue *q = queues; q < queues + queue_count; q++)
		while (q->count)
			do_first(q);
}

VKAPI_ATTR VkResult VKAPI_CALL layer_DeviceWaitIdle(VkDevice device)
{
	for (struct queue *q = queues; getenv("VK_TEST_TELL") && q < queues + queue_count; q++)
		if (q->count)
			(void)fprintf(stderr,
				      "vk-test-layer: queue %u.%u: %zu under way at the end\n",
				      q->family, q->index, q->count);
	do_all();
	return next.DeviceWaitIdle(device);
}

VKAPI_ATTR void VKAPI_CALL layer_DestroyDevice(VkDevice device, const VkAllocationCallbacks *a)
{
	for (struct queue *q = queues; getenv("VK_TEST_TELL") && q < queues + queue_count; q++)
		(void)fprintf(stderr, "vk-test-layer: queue %u.%u: %lu submissions, %lu waits\n",
			      q->family, q->index, q->submissions, q->waits);
	if (getenv("VK_TEST_TELL") && !invents())
		(void)fprintf(stderr, "vk-test-layer: %lu submissions\n", submitted);
	next.DestroyDevice(device, a);
}
