/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Vulkan layer for tests. It makes calls fail, gives a device queues that it has not, and does their
 * work in an order that shows whether it was ordered where it had to be.
 *
 * VK_TEST_FAIL=CALL:N:RESULT  the N-th CALL, counted from 1, answers this number; 'N+': the later ones too.
 *                             A VK_TIMEOUT (2) takes its time, as a real one.
 * VK_TEST_QUEUES=2,1          queue families for compute with so many queues each. What is submitted to them
 *                             is not done before somebody waits for it, and then of other queues only what
 *                             semaphores ask for.
 * VK_TEST_ORDER=backward      fences that are waited for together are looked at from the last to the first.
 * VK_TEST_FORGET=1            semaphores are forgotten: what depends on them must come out wrong.
 * VK_TEST_CACHE=TEXT          pipeline caches hold this text, which the software driver's are too empty for. What
 *                             comes back is told on stderr.
 * VK_TEST_CALL=NAME,ARG...   each vkQueueSubmit makes this system call, and says on stderr how it went; an argument is a
 *                             number, or a text after ':'. With VK_TEST_CALL_THREAD=1 another thread makes it, which is
 *                             older than the device.
 * VK_TEST_NO_STAMPS=1         no queue has timestamps.
 * VK_TEST_HARDWARE=1          the device says that it is a graphics card.
 * VK_TEST_HIDE=EXTENSION      the device has no such extension, and cannot be made with it.
 * VK_TEST_SIGNAL=N:SIGNAL     with the N-th vkQueueSubmit the process gets this signal (0: none). That, and what is submitted
 *                             after it, is told on stderr.
 * VK_TEST_TELL=1              what was submitted is told on stderr when the device is destroyed, and what is
 *                             under way when it is waited for.
 *
 * Semaphores can be imported, without asking for it: vk-test-outside.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/vk-test-layer.h"

#define EXPORT __attribute__((visibility("default")))

struct next next;

void die(const char *why)
{
	(void)fprintf(stderr, "vk-test-layer: %s\n", why);
	abort();
}

/* ---- calls that fail ----------------------------------------------------------------------- */

bool fails(const char *call, VkResult *ret)
{
	static unsigned long calls;
	const char *rule = getenv("VK_TEST_FAIL");
	size_t length = strlen(call);

	if (!rule || strncmp(rule, call, length) != 0 || rule[length] != ':')
		return false;
	char *end;
	unsigned long at = strtoul(rule + length + 1, &end, 10);
	bool later = *end == '+';
	end += later;
	if (at == 0 || *end != ':')
		die("VK_TEST_FAIL is CALL:N:RESULT or CALL:N+:RESULT");
	calls++;
	if (calls != at && !(later && calls > at))
		return false;
	*ret = (VkResult)strtol(end + 1, NULL, 10);
	return true;
}

#define FAILING(name, parameters, arguments)                            \
	VKAPI_ATTR VkResult VKAPI_CALL layer_##name parameters          \
	{                                                               \
		VkResult r;                                             \
		return fails("vk" #name, &r) ? r : next.name arguments; \
	}

FAILING(AllocateMemory,
	(VkDevice d, const VkMemoryAllocateInfo *i, const VkAllocationCallbacks *a,
	 VkDeviceMemory *m),
	(d, i, a, m))
FAILING(MapMemory,
	(VkDevice d, VkDeviceMemory m, VkDeviceSize at, VkDeviceSize n, VkMemoryMapFlags f,
	 void **p),
	(d, m, at, n, f, p))
FAILING(CreateComputePipelines,
	(VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i,
	 const VkAllocationCallbacks *a, VkPipeline *p),
	(d, c, n, i, a, p))
FAILING(CreateFence,
	(VkDevice d, const VkFenceCreateInfo *i, const VkAllocationCallbacks *a, VkFence *f),
	(d, i, a, f))
FAILING(CreateSemaphore,
	(VkDevice d, const VkSemaphoreCreateInfo *i, const VkAllocationCallbacks *a,
	 VkSemaphore *s),
	(d, i, a, s))
FAILING(CreateQueryPool,
	(VkDevice d, const VkQueryPoolCreateInfo *i, const VkAllocationCallbacks *a,
	 VkQueryPool *q),
	(d, i, a, q))
FAILING(CreateDescriptorPool,
	(VkDevice d, const VkDescriptorPoolCreateInfo *i, const VkAllocationCallbacks *a,
	 VkDescriptorPool *p),
	(d, i, a, p))
FAILING(BeginCommandBuffer, (VkCommandBuffer c, const VkCommandBufferBeginInfo *i), (c, i))
FAILING(EndCommandBuffer, (VkCommandBuffer c), (c))
FAILING(GetQueryPoolResults,
	(VkDevice d, VkQueryPool q, uint32_t at, uint32_t n, size_t size, void *p,
	 VkDeviceSize step, VkQueryResultFlags f),
	(d, q, at, n, size, p, step, f))

/* ---- pipeline caches ----------------------------------------------------------------------- */

/* The driver's own part, which is all that it knows how to read. */
enum { CACHE_HEADER = 32 };

VKAPI_ATTR VkResult VKAPI_CALL layer_CreatePipelineCache(VkDevice device,
							 const VkPipelineCacheCreateInfo *info,
							 const VkAllocationCallbacks *a,
							 VkPipelineCache *out)
{
	const char *text = getenv("VK_TEST_CACHE"), *data = info->pInitialData;
	VkPipelineCacheCreateInfo real = *info;

	if (text && real.initialDataSize > CACHE_HEADER) {
		(void)fprintf(stderr, "vk-test-layer: a cache comes back with '%.*s'\n",
			      (int)(real.initialDataSize - CACHE_HEADER), data + CACHE_HEADER);
		real.initialDataSize = CACHE_HEADER;
	}
	return next.CreatePipelineCache(device, &real, a, out);
}

VKAPI_ATTR VkResult VKAPI_CALL layer_GetPipelineCacheData(VkDevice device, VkPipelineCache cache,
							  size_t *size, void *data)
{
	const char *text = getenv("VK_TEST_CACHE");
	size_t more = text ? strlen(text) : 0, have = *size;
	VkResult r;

	*size = data && have > more ? have - more : 0;
	r = next.GetPipelineCacheData(device, cache, size, data);
	if (r == VK_SUCCESS && data && more)
		memcpy((char *)data + *size, text, more);
	*size += more;
	return r;
}

/* ---- the way in ---------------------------------------------------------------------------- */

VKAPI_ATTR void VKAPI_CALL layer_DestroyInstance(VkInstance instance,
						 const VkAllocationCallbacks *a)
{
	next.DestroyInstance(instance, a);
}

VKAPI_ATTR VkResult VKAPI_CALL layer_EnumeratePhysicalDevices(VkInstance instance, uint32_t *count,
							      VkPhysicalDevice *out)
{
	VkResult r;

	return fails("vkEnumeratePhysicalDevices", &r)
		   ? r
		   : next.EnumeratePhysicalDevices(instance, count, out);
}

VKAPI_ATTR void VKAPI_CALL layer_GetPhysicalDeviceProperties(VkPhysicalDevice device,
							     VkPhysicalDeviceProperties *out)
{
	next.GetPhysicalDeviceProperties(device, out);
	if (getenv("VK_TEST_HARDWARE"))
		out->deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
}

/* VK_INCOMPLETE is not for callers that leave room for all that the driver has. */
VKAPI_ATTR VkResult VKAPI_CALL layer_EnumerateDeviceExtensionProperties(VkPhysicalDevice device,
									const char *layer,
									uint32_t *count,
									VkExtensionProperties *out)
{
	const char *hidden = getenv("VK_TEST_HIDE");
	VkResult r = next.EnumerateDeviceExtensionProperties(device, layer, count, out);

	for (uint32_t i = 0; hidden && out && r == VK_SUCCESS && i < *count; i++)
		if (strcmp(out[i].extensionName, hidden) == 0) {
			--*count;
			memmove(&out[i], &out[i + 1], (*count - i) * sizeof *out);
			break;
		}
	return r;
}

static bool enables_hidden(const VkDeviceCreateInfo *info)
{
	const char *hidden = getenv("VK_TEST_HIDE");

	for (uint32_t i = 0; hidden && i < info->enabledExtensionCount; i++)
		if (strcmp(info->ppEnabledExtensionNames[i], hidden) == 0)
			return true;
	return false;
}

static VKAPI_ATTR VkResult VKAPI_CALL layer_CreateInstance(const VkInstanceCreateInfo *info,
							   const VkAllocationCallbacks *a,
							   VkInstance *out)
{
	VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)(uintptr_t)info->pNext;

	while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO ||
			link->function != VK_LAYER_LINK_INFO))
		link = (VkLayerInstanceCreateInfo *)(uintptr_t)link->pNext;
	if (!link)
		return VK_ERROR_INITIALIZATION_FAILED;
	next.GetInstanceProcAddr = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	PFN_vkCreateInstance create = (PFN_vkCreateInstance)next.GetInstanceProcAddr(
	    NULL, "vkCreateInstance");
	VkResult r = create(info, a, out);
	if (r != VK_SUCCESS)
		return r;
#define LOAD(name) next.name = (PFN_vk##name)next.GetInstanceProcAddr(*out, "vk" #name);
	INSTANCE_CALLS(LOAD)
#undef LOAD
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL layer_CreateDevice(VkPhysicalDevice physical,
							 const VkDeviceCreateInfo *info,
							 const VkAllocationCallbacks *a,
							 VkDevice *out)
{
	VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)(uintptr_t)info->pNext;
	const float priority = 1;
	VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
					 .queueCount = 1,
					 .pQueuePriorities = &priority};
	VkDeviceCreateInfo real = *info;
	VkResult r;

	while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO ||
			link->function != VK_LAYER_LINK_INFO))
		link = (VkLayerDeviceCreateInfo *)(uintptr_t)link->pNext;
	if (!link)
		return VK_ERROR_INITIALIZATION_FAILED;
	next.GetDeviceProcAddr = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
	PFN_vkGetInstanceProcAddr get = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	if (fails("vkCreateDevice", &r))
		return r;
	if (enables_hidden(info))
		return VK_ERROR_EXTENSION_NOT_PRESENT;
	calls_begin();
	if (invents()) {
		real.queueCreateInfoCount = 1;
		real.pQueueCreateInfos = &queue;
	}
	PFN_vkCreateDevice create = (PFN_vkCreateDevice)get(NULL, "vkCreateDevice");
	r = create(physical, &real, a, out);
	if (r != VK_SUCCESS)
		return r;
#define LOAD(name) next.name = (PFN_vk##name)next.GetDeviceProcAddr(*out, "vk" #name);
	DEVICE_CALLS(LOAD)
#undef LOAD
	return r;
}

static PFN_vkVoidFunction own_device_call(const char *name)
{
#define OWN(call)                          \
	if (strcmp(name, "vk" #call) == 0) \
		return (PFN_vkVoidFunction)layer_##call;
	DEVICE_CALLS(OWN)
#undef OWN
	return NULL;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL layer_GetDeviceProcAddr(VkDevice device,
									const char *name)
{
	PFN_vkVoidFunction own = own_device_call(name);

	if (strcmp(name, "vkGetDeviceProcAddr") == 0)
		return (PFN_vkVoidFunction)layer_GetDeviceProcAddr;
	return own ? own : next.GetDeviceProcAddr(device, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL layer_GetInstanceProcAddr(VkInstance instance,
									  const char *name)
{
	PFN_vkVoidFunction own = own_device_call(name);

#define OWN(call)                          \
	if (strcmp(name, "vk" #call) == 0) \
		return (PFN_vkVoidFunction)layer_##call;
	INSTANCE_CALLS(OWN)
	OWN(CreateInstance)
	OWN(CreateDevice)
	OWN(GetInstanceProcAddr)
	OWN(GetDeviceProcAddr)
#undef OWN
	return own ? own : instance ? next.GetInstanceProcAddr(instance, name) : NULL;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *v);

EXPORT VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *v)
{
	if (v->loaderLayerInterfaceVersion < 2)
		return VK_ERROR_INITIALIZATION_FAILED;
	v->loaderLayerInterfaceVersion = 2;
	v->pfnGetInstanceProcAddr = layer_GetInstanceProcAddr;
	v->pfnGetDeviceProcAddr = layer_GetDeviceProcAddr;
	v->pfnGetPhysicalDeviceProcAddr = NULL;
	return VK_SUCCESS;
}
