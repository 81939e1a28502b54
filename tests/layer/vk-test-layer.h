/* SPDX-License-Identifier: Apache-2.0 */
/* What the two parts of the test layer know of each other: the way in with the calls that fail, and the queues. */
#pragma once

#include <stdbool.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

/* The calls that go on to the driver. */
#define INSTANCE_CALLS(X)                          \
	X(EnumeratePhysicalDevices)                \
	X(EnumerateDeviceExtensionProperties)      \
	X(GetPhysicalDeviceProperties)             \
	X(GetPhysicalDeviceQueueFamilyProperties)  \
	X(GetPhysicalDeviceQueueFamilyProperties2) \
	X(DestroyInstance)
#define DEVICE_CALLS(X)           \
	X(DestroyDevice)          \
	X(GetDeviceQueue)         \
	X(QueueSubmit)            \
	X(DeviceWaitIdle)         \
	X(WaitForFences)          \
	X(CreateCommandPool)      \
	X(CreateBuffer)           \
	X(CreateImage)            \
	X(AllocateMemory)         \
	X(MapMemory)              \
	X(CreateComputePipelines) \
	X(CreateFence)            \
	X(CreateSemaphore)        \
	X(ImportSemaphoreFdKHR)   \
	X(CreateQueryPool)        \
	X(CreatePipelineCache)    \
	X(GetPipelineCacheData)   \
	X(CreateDescriptorPool)   \
	X(BeginCommandBuffer)     \
	X(EndCommandBuffer)       \
	X(GetQueryPoolResults)

#define MEMBER(name) PFN_vk##name name;
struct next {
	PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
	PFN_vkGetDeviceProcAddr GetDeviceProcAddr;
	INSTANCE_CALLS(MEMBER)
	DEVICE_CALLS(MEMBER)
};
extern struct next next;
#undef MEMBER

/* The layer's own ones. */
#define PROTOTYPE(name) extern __typeof__(*(PFN_vk##name)NULL) layer_##name;
INSTANCE_CALLS(PROTOTYPE)
DEVICE_CALLS(PROTOTYPE)
#undef PROTOTYPE

_Noreturn void die(const char *why);
/* Whether this call fails, and how. */
bool fails(const char *call, VkResult *ret);
/* System calls of VK_TEST_CALL: a device is made, and something is submitted. */
void calls_begin(void);
void calls_now(void);
/* vkQueueSubmit, with what was imported. */
VkResult outside_submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence);
/* Whether the device has queues that are not there. */
bool invents(void);
