/* SPDX-License-Identifier: Apache-2.0 */
/* The layer's door: what the loader asks for, and instances. */
#include "layer/here.h"

#include <stdlib.h>
#include <string.h>

#include "layer/event.h"
#include "layer/row.h"

static VkLayerInstanceCreateInfo *instance_link(const VkInstanceCreateInfo *info)
{
	for (const VkBaseInStructure *s = info->pNext; s; s = s->pNext) {
		/* The loader gives its own structure for us to move on: it is not const (LoaderLayerInterface.md). */
		VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)(uintptr_t)s;
		if (s->sType == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO &&
		    link->function == VK_LAYER_LINK_INFO)
			return link;
	}
	return NULL;
}

VKAPI_ATTR VkResult VKAPI_CALL hook_CreateInstance(const VkInstanceCreateInfo *info,
						   const VkAllocationCallbacks *allocator,
						   VkInstance *ret)
{
	VkLayerInstanceCreateInfo *link = instance_link(info);

	if (!link || !link->u.pLayerInfo)
		return VK_ERROR_INITIALIZATION_FAILED;
	PFN_vkGetInstanceProcAddr get = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
	PFN_vkCreateInstance create = (PFN_vkCreateInstance)get(NULL, "vkCreateInstance");
	struct instance *i = calloc(1, sizeof *i);

	if (!create || !i || !here_hello()) {
		free(i);
		return VK_ERROR_INITIALIZATION_FAILED;
	}
	if (!instance_reserve(i)) {
		free(i);
		return VK_ERROR_OUT_OF_HOST_MEMORY;
	}
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	VkResult result = create(info, allocator, ret);
	bool joined = here_join(info->pApplicationInfo);
	if (result != VK_SUCCESS) {
		instance_remove(i);
		free(i);
		return checked(NULL, PAGE_CALL_vkCreateInstance, result);
	}
	i->handle = *ret;
	i->refused = !joined;
	i->get = get;
	(void)pthread_mutex_init(&i->lock, NULL);
	i->api_version = info->pApplicationInfo && info->pApplicationInfo->apiVersion
			     ? info->pApplicationInfo->apiVersion
			     : VK_API_VERSION_1_0;
	i->has_properties_2 = i->api_version >= VK_API_VERSION_1_1;
	for (uint32_t n = 0; n < info->enabledExtensionCount; n++)
		i->has_properties_2 |=
		    strcmp(info->ppEnabledExtensionNames[n],
			   VK_KHR_GET_PHYSICAL_DEVICE_PROPERTIES_2_EXTENSION_NAME) == 0;
	next_of_instance(i);
	instance_add(i);
	here_count(PAGE_COUNT_INSTANCES, 1);
	return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL hook_DestroyInstance(VkInstance instance,
						const VkAllocationCallbacks *allocator)
{
	if (!instance)
		return;
	struct instance *i = instance_of(instance);
	instance_remove(i);
	i->next.DestroyInstance(instance, allocator);
	(void)pthread_mutex_destroy(&i->lock);
	free(i);
}

/* The driver's list, and VK_EXT_memory_budget where that is not in it. */
VKAPI_ATTR VkResult VKAPI_CALL hook_EnumerateDeviceExtensionProperties(VkPhysicalDevice physical,
								       const char *layer,
								       uint32_t *count,
								       VkExtensionProperties *list)
{
	static const VkExtensionProperties ours = {VK_EXT_MEMORY_BUDGET_EXTENSION_NAME,
						   VK_EXT_MEMORY_BUDGET_SPEC_VERSION};
	struct instance *i = instance_of(physical);

	if (layer && strcmp(layer, PAGE_LAYER_NAME) == 0) {
		*count = 0;
		return VK_SUCCESS;
	}
	if (layer || row_has_budget(i, physical))
		return i->next.EnumerateDeviceExtensionProperties(physical, layer, count, list);
	uint32_t room = *count;
	if (list && room > 0)
		*count = room - 1;
	VkResult result = i->next.EnumerateDeviceExtensionProperties(physical, layer, count, list);
	if (!list) {
		*count += result == VK_SUCCESS;
		return result;
	}
	if (result == VK_SUCCESS && *count < room)
		list[(*count)++] = ours;
	else if (result == VK_SUCCESS)
		result = VK_INCOMPLETE;
	return result;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL hook_GetDeviceProcAddr(VkDevice device, const char *name)
{
	struct device *d = device_of(device);
	PFN_vkVoidFunction next = d->get(device, name);
	PFN_vkVoidFunction hook = next ? hook_find(name, true) : NULL;

	return hook ? hook : next;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL hook_GetInstanceProcAddr(VkInstance instance,
								  const char *name)
{
	PFN_vkVoidFunction hook = hook_find(name, false);

	if (!instance)
		return hook;
	/* The loader asks for vkCreateDevice and the like before it has told us of the instance. */
	struct instance *i = instance_of(instance);
	if (!i)
		return hook;
	PFN_vkVoidFunction next = i->get(instance, name);
	return next && hook ? hook : next;
}

/* The only symbol of this library (Vulkan-Loader, LoaderLayerInterface.md, "Layer Interface Version 2"). */
__attribute__((visibility("default"))) VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *wanted)
{
	if (wanted->sType != LAYER_NEGOTIATE_INTERFACE_STRUCT ||
	    wanted->loaderLayerInterfaceVersion < 2)
		return VK_ERROR_INITIALIZATION_FAILED;
	wanted->loaderLayerInterfaceVersion = 2;
	wanted->pfnGetInstanceProcAddr = hook_GetInstanceProcAddr;
	wanted->pfnGetDeviceProcAddr = hook_GetDeviceProcAddr;
	wanted->pfnGetPhysicalDeviceProcAddr = NULL;
	return VK_SUCCESS;
}
