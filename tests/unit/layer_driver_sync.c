/* SPDX-License-Identifier: Apache-2.0 */
/* Of the driver for tests: what submissions wait for, and what they tell the host. */
#include "layer_driver_sync.h"

DRIVER(VkResult, CreateSemaphore)
(VkDevice d, const VkSemaphoreCreateInfo *info, const VkAllocationCallbacks *a, VkSemaphore *ret)
{
	(void)d;
	(void)info;
	(void)a;
	assert_true(driver.semaphores + 1 < SEMAPHORES);
	*ret = (VkSemaphore)(uintptr_t)++driver.semaphores;
	return VK_SUCCESS;
}

DRIVER(void, DestroySemaphore)(VkDevice d, VkSemaphore s, const VkAllocationCallbacks *a)
{
	(void)d;
	(void)a;
	driver.destroyed[(uintptr_t)s] = true;
}

DRIVER(VkResult, GetSemaphoreCounterValue)(VkDevice d, VkSemaphore s, uint64_t *ret)
{
	(void)d;
	/* Nobody may ask for what is not there any more. */
	assert_false(driver.destroyed[(uintptr_t)s]);
	*ret = driver.counter[(uintptr_t)s];
	return VK_SUCCESS;
}

DRIVER(VkResult, SignalSemaphore)(VkDevice d, const VkSemaphoreSignalInfo *info)
{
	(void)d;
	driver.counter[(uintptr_t)info->semaphore] = info->value;
	return VK_SUCCESS;
}

DRIVER(VkResult, ImportSemaphoreFdKHR)(VkDevice d, const VkImportSemaphoreFdInfoKHR *info)
{
	(void)d;
	(void)info;
	return VK_SUCCESS;
}

DRIVER(VkResult, AcquireNextImageKHR)
(VkDevice d, VkSwapchainKHR swapchain, uint64_t timeout, VkSemaphore s, VkFence f, uint32_t *ret)
{
	(void)d;
	(void)swapchain;
	(void)timeout;
	(void)s;
	(void)f;
	*ret = 0;
	return VK_SUBOPTIMAL_KHR;
}

DRIVER(VkResult, CreateEvent)
(VkDevice d, const VkEventCreateInfo *info, const VkAllocationCallbacks *a, VkEvent *ret)
{
	(void)d;
	(void)info;
	(void)a;
	assert_true(driver.events + 1 < EVENTS);
	if (driver.events_say != VK_SUCCESS)
		return driver.events_say;
	*ret = (VkEvent)(uintptr_t)++driver.events;
	driver.live_events++;
	return VK_SUCCESS;
}

DRIVER(void, DestroyEvent)(VkDevice d, VkEvent e, const VkAllocationCallbacks *a)
{
	(void)d;
	(void)e;
	(void)a;
	driver.live_events--;
}

DRIVER(VkResult, GetEventStatus)(VkDevice d, VkEvent e)
{
	(void)d;
	return driver.event_set[(uintptr_t)e] ? VK_EVENT_SET : VK_EVENT_RESET;
}

DRIVER(VkResult, ResetEvent)(VkDevice d, VkEvent e)
{
	(void)d;
	driver.event_set[(uintptr_t)e] = false;
	return VK_SUCCESS;
}

DRIVER(void, CmdSetEvent)(VkCommandBuffer c, VkEvent e, VkPipelineStageFlags stages)
{
	assert_int_equal(stages, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
	driver.setter = c;
	driver.last_event = e;
}

const struct row driver_sync[] = {
    ROW(CreateSemaphore), ROW(DestroySemaphore),     ROW(GetSemaphoreCounterValue),
    ROW(SignalSemaphore), ROW(ImportSemaphoreFdKHR), ROW(AcquireNextImageKHR),
    ROW(CreateEvent),     ROW(DestroyEvent),         ROW(GetEventStatus),
    ROW(ResetEvent),      ROW(CmdSetEvent),          {NULL, NULL},
};
