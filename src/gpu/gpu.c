/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the device with the few features that kernels may use, and submitting to its queue. */
#include "gpu/gpu.h"

#include <sched.h>

#include "base/auto.h"
#include "base/text.h"

enum { TEST_STAGING_MIN = 64 };

static int load_device(struct gpu *g, struct fail *f)
{
	const char *missing = NULL;

#define VK_INSTANCE(name)
#define VK_DEVICE(name)                                                          \
	g->name = (PFN_vk##name)g->vk->GetDeviceProcAddr(g->device, "vk" #name); \
	if (!g->name)                                                            \
		missing = "vk" #name;
#include "gpu/vk.def"
#undef VK_INSTANCE
#undef VK_DEVICE
	if (missing)
		return fail_set(f, END_FAILED, NULL, "the Vulkan driver has no function %s",
				missing);
	return 0;
}

static int create_device(struct gpu *g, struct fail *f)
{
	VkPhysicalDeviceVulkan13Features have13 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
	VkPhysicalDeviceVulkan12Features have12 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
	VkPhysicalDeviceVulkan11Features have11 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &have12};
	VkPhysicalDeviceFeatures2 have = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
	uint32_t api = g->info->props.apiVersion < g->vk->api ? g->info->props.apiVersion
							      : g->vk->api;
	bool modern = api >= VK_API_VERSION_1_2, newest = api >= VK_API_VERSION_1_3;

	if (modern)
		have.pNext = &have11;
	if (newest)
		have12.pNext = &have13;
	g->vk->GetPhysicalDeviceFeatures2(g->info->handle, &have);

	/* Buffers are bounded by a feature that every device has; for images there is one since 1.3. */
	VkPhysicalDeviceVulkan13Features want13 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
	    .robustImageAccess = have13.robustImageAccess,
	};
	VkPhysicalDeviceVulkan12Features want12 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
	    .pNext = newest ? &want13 : NULL,
	    .storageBuffer8BitAccess = have12.storageBuffer8BitAccess,
	    .uniformAndStorageBuffer8BitAccess = have12.uniformAndStorageBuffer8BitAccess,
	    .scalarBlockLayout = have12.scalarBlockLayout,
	    .uniformBufferStandardLayout = have12.uniformBufferStandardLayout,
	    .shaderInt8 = have12.shaderInt8,
	    .shaderFloat16 = have12.shaderFloat16,
	};
	VkPhysicalDeviceVulkan11Features want11 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
	    .pNext = &want12,
	    .storageBuffer16BitAccess = have11.storageBuffer16BitAccess,
	    .uniformAndStorageBuffer16BitAccess = have11.uniformAndStorageBuffer16BitAccess,
	};
	VkPhysicalDeviceFeatures2 want = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
	    .pNext = modern ? &want11 : NULL,
	    /* Every driver has the first one: reads and writes past a buffer's end stay inside the process. */
	    .features =
		{
		    .robustBufferAccess = VK_TRUE,
		    .shaderInt64 = have.features.shaderInt64,
		    .shaderFloat64 = have.features.shaderFloat64,
		    .shaderInt16 = have.features.shaderInt16,
		    .shaderImageGatherExtended = have.features.shaderImageGatherExtended,
		    .shaderStorageImageExtendedFormats =
			have.features.shaderStorageImageExtendedFormats,
		    .shaderStorageImageReadWithoutFormat =
			have.features.shaderStorageImageReadWithoutFormat,
		    .shaderStorageImageWriteWithoutFormat =
			have.features.shaderStorageImageWriteWithoutFormat,
		},
	};
	float priority = 1;
	VkDeviceQueueCreateInfo queue = {
	    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
	    .queueFamilyIndex = (uint32_t)g->info->queue_family,
	    .queueCount = 1,
	    .pQueuePriorities = &priority,
	};
	VkDeviceCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
	    .pNext = &want,
	    .queueCreateInfoCount = 1,
	    .pQueueCreateInfos = &queue,
	};
	VkResult r = g->vk->CreateDevice(g->info->handle, &info, NULL, &g->device);
	if (r != VK_SUCCESS) {
		g->device = VK_NULL_HANDLE;
		return fail_vk(f, r, "vkCreateDevice", "open the device");
	}
	g->features = want.features;
	g->storage16 = want11.storageBuffer16BitAccess;
	g->storage8 = want12.storageBuffer8BitAccess;
	g->uniform16 = want11.uniformAndStorageBuffer16BitAccess;
	g->uniform8 = want12.uniformAndStorageBuffer8BitAccess;
	g->scalar_layout = want12.scalarBlockLayout;
	g->uniform_standard = want12.uniformBufferStandardLayout;
	g->int8 = want12.shaderInt8;
	g->float16 = want12.shaderFloat16;
	return 0;
}

/* A software device has a thread for each CPU that it may use; of others this is a low guess. */
static uint32_t width_of(const struct device *d)
{
	cpu_set_t set;

	if (d->props.deviceType != VK_PHYSICAL_DEVICE_TYPE_CPU)
		return 256;
	int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	return cpus > 0 ? (uint32_t)cpus : 1;
}

/* docs/testing.md */
static int read_test_switch(struct gpu *g, struct fail *f)
{
	const char *size = getenv("VKJAIL_TEST_STAGING");
	struct err e = ERR_INIT;

	if (!size)
		return 0;
	if (text_size(size, "VKJAIL_TEST_STAGING", &g->test_staging, &e) < 0)
		return fail_err(f, END_BAD_JOB, NULL, &e);
	if (g->test_staging < TEST_STAGING_MIN)
		return fail_set(f, END_BAD_JOB, NULL,
				"VKJAIL_TEST_STAGING: expected %d bytes or more", TEST_STAGING_MIN);
	return 0;
}

int gpu_open(struct gpu *g, const struct vk *vk, const struct device *d, uint64_t memory_limit,
	     struct fail *f)
{
	*g = (struct gpu){.vk = vk, .info = d, .limit = memory_limit, .width = width_of(d)};
	if (read_test_switch(g, f) < 0)
		return -1;
	if (create_device(g, f) < 0 || load_device(g, f) < 0)
		return -1;
	g->GetDeviceQueue(g->device, (uint32_t)d->queue_family, 0, &g->queue);

	VkCommandPoolCreateInfo pool = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
	    .queueFamilyIndex = (uint32_t)d->queue_family,
	};
	VkResult r = g->CreateCommandPool(g->device, &pool, NULL, &g->pool);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkCreateCommandPool", "open the device");
	VkCommandBufferAllocateInfo commands = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
	    .commandPool = g->pool,
	    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
	    .commandBufferCount = 1,
	};
	r = g->AllocateCommandBuffers(g->device, &commands, &g->commands);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkAllocateCommandBuffers", "open the device");
	VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
	r = g->CreateFence(g->device, &fence, NULL, &g->fence);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkCreateFence", "open the device");
	return 0;
}

void gpu_done(struct gpu *g)
{
	if (!g->device)
		return;
	/* Its own threads may still be at a submission whose fence has told the end. */
	if (g->DeviceWaitIdle)
		(void)g->DeviceWaitIdle(g->device);
	if (g->fence)
		g->DestroyFence(g->device, g->fence, NULL);
	if (g->pipelines)
		g->DestroyPipelineCache(g->device, g->pipelines, NULL);
	if (g->pool)
		g->DestroyCommandPool(g->device, g->pool, NULL);
	if (g->DestroyDevice)
		g->DestroyDevice(g->device, NULL);
	g->device = VK_NULL_HANDLE;
}

int gpu_begin(struct gpu *g, struct fail *f)
{
	VkCommandBufferBeginInfo info = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
	    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
	};
	VkResult r = g->ResetCommandPool(g->device, g->pool, 0);

	g->bound_pipeline = VK_NULL_HANDLE;
	g->bound_step = NULL;
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkResetCommandPool", "record commands");
	r = g->BeginCommandBuffer(g->commands, &info);
	return r == VK_SUCCESS ? 0 : fail_vk(f, r, "vkBeginCommandBuffer", "record commands");
}

int gpu_submit(struct gpu *g, struct fail *f)
{
	VkSubmitInfo submit = {
	    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
	    .commandBufferCount = 1,
	    .pCommandBuffers = &g->commands,
	};
	VkResult r = g->EndCommandBuffer(g->commands);

	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkEndCommandBuffer", "record commands");
	r = g->ResetFences(g->device, 1, &g->fence);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkResetFences", "submit work");
	r = g->QueueSubmit(g->queue, 1, &submit, g->fence);
	return r == VK_SUCCESS ? 0 : fail_vk(f, r, "vkQueueSubmit", "submit work");
}

int gpu_wait(struct gpu *g, uint64_t timeout_ns, struct fail *f)
{
	VkResult r = g->WaitForFences(g->device, 1, &g->fence, VK_TRUE, timeout_ns);

	if (r == VK_SUCCESS)
		return 1;
	return r == VK_TIMEOUT ? 0 : fail_vk(f, r, "vkWaitForFences", "wait for the device");
}

int gpu_finish(struct gpu *g, struct fail *f)
{
	if (gpu_submit(g, f) < 0)
		return -1;
	return gpu_wait(g, UINT64_MAX, f) < 0 ? -1 : 0;
}
