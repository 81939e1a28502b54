/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary semaphores that somebody else signals, for a driver that has none: of what is imported the descriptor alone
 * counts, and the semaphore is signalled once something can be read from it. Below this layer that is a timeline.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/vk-test-layer.h"

enum { SEMAPHORES = 8, WAITS = 8 };

static struct imported {
	VkDevice device;
	VkSemaphore semaphore, timeline;
	int fd;
} imported[SEMAPHORES];

static void *wait_for(void *arg)
{
	const struct imported *i = arg;
	PFN_vkSignalSemaphore signal = (PFN_vkSignalSemaphore)next.GetDeviceProcAddr(
	    i->device, "vkSignalSemaphore");
	const VkSemaphoreSignalInfo info = {
	    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = i->timeline, .value = 1};
	struct pollfd p = {.fd = i->fd, .events = POLLIN};

	while (poll(&p, 1, -1) < 1)
		;
	(void)close(i->fd);
	if (!signal || signal(i->device, &info) != VK_SUCCESS)
		die("an imported semaphore cannot be signalled");
	return NULL;
}

VKAPI_ATTR VkResult VKAPI_CALL layer_ImportSemaphoreFdKHR(VkDevice device,
							  const VkImportSemaphoreFdInfoKHR *info)
{
	static const VkSemaphoreTypeCreateInfo type = {
	    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
	    .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
	static const VkSemaphoreCreateInfo create = {
	    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
	struct imported *i = imported;
	pthread_t thread;

	while (i < imported + SEMAPHORES && i->device)
		i++;
	if (i == imported + SEMAPHORES)
		die("too many semaphores are imported");
	*i = (struct imported){.device = device, .semaphore = info->semaphore, .fd = info->fd};
	if (next.CreateSemaphore(device, &create, NULL, &i->timeline) != VK_SUCCESS ||
	    pthread_create(&thread, NULL, wait_for, i) != 0)
		die("a semaphore cannot be imported");
	(void)pthread_detach(thread);
	return VK_SUCCESS;
}

static VkSemaphore take(VkSemaphore s)
{
	for (struct imported *i = imported; i < imported + SEMAPHORES; i++)
		if (i->semaphore == s) {
			/* The wait takes it away; the timeline stays until the device goes. */
			i->semaphore = VK_NULL_HANDLE;
			return i->timeline;
		}
	return VK_NULL_HANDLE;
}

VkResult outside_submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence)
{
	VkSubmitInfo one;
	VkSemaphore waits[WAITS];
	uint64_t values[WAITS];
	VkTimelineSemaphoreSubmitInfo timeline = {
	    .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
	    .pWaitSemaphoreValues = values};
	bool any = false;

	if (count != 1 || infos[0].waitSemaphoreCount > WAITS)
		return next.QueueSubmit(queue, count, infos, fence);
	one = infos[0];
	for (uint32_t i = 0; i < one.waitSemaphoreCount; i++) {
		VkSemaphore other = take(one.pWaitSemaphores[i]);
		any = any || other;
		waits[i] = other ? other : one.pWaitSemaphores[i];
		values[i] = other ? 1 : 0;
	}
	if (any) {
		timeline.waitSemaphoreValueCount = one.waitSemaphoreCount;
		timeline.pNext = one.pNext;
		one.pNext = &timeline;
		one.pWaitSemaphores = waits;
	}
	return next.QueueSubmit(queue, 1, &one, fence);
}
