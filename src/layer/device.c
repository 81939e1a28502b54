/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and their queues. */
#include "layer/layer.h"

#include <stdlib.h>
#include <string.h>

#include "layer/event.h"
#include "layer/here.h"
#include "layer/memory.h"
#include "layer/row.h"
#include "layer/timing.h"
#include "layer/watcher.h"

static VkLayerDeviceCreateInfo *device_link(const void *next, VkLayerFunction function)
{
	for (const VkBaseInStructure *s = next; s; s = s->pNext) {
		/* The loader's own structure, for us to move on (LoaderLayerInterface.md). */
		VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)(uintptr_t)s;
		if (s->sType == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO &&
		    link->function == function)
			return link;
	}
	return NULL;
}

/* What the driver has never heard of must not be asked of it. *ret_names is to be freed. */
static bool without_ours(VkDeviceCreateInfo *info, const char ***ret_names)
{
	const char **names = calloc(info->enabledExtensionCount + 1, sizeof *names);
	uint32_t count = 0;

	*ret_names = names;
	if (!names)
		return false;
	for (uint32_t i = 0; i < info->enabledExtensionCount; i++)
		if (strcmp(info->ppEnabledExtensionNames[i], VK_EXT_MEMORY_BUDGET_EXTENSION_NAME) !=
		    0)
			names[count++] = info->ppEnabledExtensionNames[i];
	info->enabledExtensionCount = count;
	info->ppEnabledExtensionNames = names;
	return true;
}

struct timing *timing_of(const void *handle)
{
	return device_of(handle)->timing;
}

/* Whether there is a queue for kernels whose work the device does not time. */
static bool needs_host_time(const struct timing_setup *s)
{
	bool needs = false;

	for (uint32_t i = 0; i < s->family_count; i++)
		needs |= s->families[i].queueFlags & VK_QUEUE_COMPUTE_BIT &&
			 s->families[i].timestampValidBits == 0;
	return needs && s->mode != PAGE_TIMING_OFF;
}

static bool timing_init(struct device *d)
{
	VkQueueFamilyProperties families[16];
	VkPhysicalDeviceProperties properties;
	struct timing_setup setup = {
	    .device = d->handle,
	    .get = d->get,
	    .set_loader_data = d->set_loader_data,
	    .families = families,
	    .family_count = 16,
	    .device_row = d->row,
	    .mode = (enum page_timing)atomic_load(&here_control()->timing),
	    .control = here_control(),
	    .page = here_page(),
	    .slot = d->slot,
	};

	d->instance->next.GetPhysicalDeviceQueueFamilyProperties(d->physical, &setup.family_count,
								 families);
	d->instance->next.GetPhysicalDeviceProperties(d->physical, &properties);
	setup.began = watcher_kick(needs_host_time(&setup));
	setup.period_ns = properties.limits.timestampPeriod;
	d->timing = timing_new(&setup);
	return d->timing != NULL;
}

/* The layer's side of a device that the driver has made. */
static bool fill(struct device *d, struct instance *i, VkPhysicalDevice physical)
{
	d->physical = physical;
	d->instance = i;
	d->slot = here_slot();
	d->row = row_of(i, physical);
	d->has_budget = row_has_budget(i, physical) && i->next.GetPhysicalDeviceMemoryProperties2;
	i->next.GetPhysicalDeviceMemoryProperties(physical, &d->memory_types);
	next_of_device(d);
	return pthread_mutex_init(&d->queue_lock, NULL) == 0 && timing_init(d) && memory_init(d);
}

void device_after_fork(struct device *d)
{
	(void)pthread_mutex_init(&d->queue_lock, NULL);
	memory_after_fork(d);
	timing_forget(d->timing, here_control(), here_page());
}

static void release(struct device *d)
{
	struct queue *before;

	device_remove(d);
	memory_done(d);
	if (d->timing)
		timing_free(d->timing);
	for (struct queue *q = atomic_load(&d->queues); q; q = before) {
		before = q->before;
		free(q);
	}
	(void)pthread_mutex_destroy(&d->queue_lock);
	free(d);
}

VKAPI_ATTR VkResult VKAPI_CALL hook_CreateDevice(VkPhysicalDevice physical,
						 const VkDeviceCreateInfo *info,
						 const VkAllocationCallbacks *allocator,
						 VkDevice *ret)
{
	struct instance *i = instance_of(physical);
	VkLayerDeviceCreateInfo *link = device_link(info->pNext, VK_LAYER_LINK_INFO);
	const VkLayerDeviceCreateInfo *data = device_link(info->pNext, VK_LOADER_DATA_CALLBACK);

	if (!i || i->refused || !link || !link->u.pLayerInfo)
		return VK_ERROR_INITIALIZATION_FAILED;
	PFN_vkGetInstanceProcAddr get = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
	PFN_vkCreateDevice create = (PFN_vkCreateDevice)get(i->handle, "vkCreateDevice");
	struct device *d = calloc(1, sizeof *d);
	VkDeviceCreateInfo asked = *info;
	const char **names = NULL;

	if (!create || !d || !device_reserve(d)) {
		free(d);
		return VK_ERROR_OUT_OF_HOST_MEMORY;
	}
	if (!row_has_budget(i, physical) && !without_ours(&asked, &names)) {
		device_remove(d);
		free(d);
		return VK_ERROR_OUT_OF_HOST_MEMORY;
	}
	d->get = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
	d->set_loader_data = data ? data->u.pfnSetDeviceLoaderData : NULL;
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	VkResult result = create(physical, &asked, allocator, ret);
	free(names);
	if (result != VK_SUCCESS) {
		device_remove(d);
		free(d);
		return checked(NULL, PAGE_CALL_vkCreateDevice, result);
	}
	d->handle = *ret;
	if (!fill(d, i, physical)) {
		PFN_vkDestroyDevice destroy = d->next.DestroyDevice;
		release(d);
		destroy(*ret, allocator);
		return VK_ERROR_OUT_OF_HOST_MEMORY;
	}
	device_add(d);
	watcher_add(d);
	here_count(PAGE_COUNT_DEVICES, 1);
	return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL hook_DestroyDevice(VkDevice device,
					      const VkAllocationCallbacks *allocator)
{
	if (!device)
		return;
	struct device *d = device_of(device);
	watcher_remove(d);
	for (const struct queue *q = atomic_load(&d->queues); q; q = q->before)
		if (q->idle)
			d->next.DestroyFence(device, q->idle, NULL);
	PFN_vkDestroyDevice destroy = d->next.DestroyDevice;
	device_remove(d);
	timing_free(d->timing);
	d->timing = NULL;
	destroy(device, allocator);
	release(d);
}

/* ---- queues ------------------------------------------------------------------------------- */

struct queue *queue_of(struct device *d, VkQueue handle)
{
	struct queue *q = atomic_load_explicit(&d->queues, memory_order_acquire);

	while (q && q->handle != handle)
		q = q->before;
	return q;
}

/* Programs ask for the same one any number of times. Without memory it is unknown, and waited for in one go. */
static void note_queue(struct device *d, VkQueue handle)
{
	(void)pthread_mutex_lock(&d->queue_lock);
	struct queue *q = handle && !queue_of(d, handle) ? calloc(1, sizeof *q) : NULL;
	if (q) {
		q->handle = handle;
		q->before = atomic_load(&d->queues);
		atomic_store_explicit(&d->queues, q, memory_order_release);
	}
	(void)pthread_mutex_unlock(&d->queue_lock);
}

VKAPI_ATTR void VKAPI_CALL hook_GetDeviceQueue(VkDevice device, uint32_t family, uint32_t index,
					       VkQueue *ret)
{
	struct device *d = device_of(device);

	d->next.GetDeviceQueue(device, family, index, ret);
	note_queue(d, *ret);
}

VKAPI_ATTR void VKAPI_CALL hook_GetDeviceQueue2(VkDevice device, const VkDeviceQueueInfo2 *info,
						VkQueue *ret)
{
	struct device *d = device_of(device);

	d->next.GetDeviceQueue2(device, info, ret);
	note_queue(d, *ret);
}
