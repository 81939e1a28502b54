/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the device with the few features that kernels may use. */
#include "gpu/gpu.h"

#include <sched.h>

#include "base/auto.h"
#include "base/text.h"
#include "gpu/guard.h"

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
	if (g->conditional)
		guard_load(g);
	return 0;
}

static bool has_conditional(const struct gpu *g)
{
	VkPhysicalDeviceConditionalRenderingFeaturesEXT have = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_CONDITIONAL_RENDERING_FEATURES_EXT};
	VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
					 .pNext = &have};

	if (g->info->has_conditional)
		g->vk->GetPhysicalDeviceFeatures2(g->info->handle, &all);
	return have.conditionalRendering;
}

/* With the features that are chained to `want`, and for guards what they need. */
static int create_with(struct gpu *g, VkPhysicalDeviceFeatures2 *want, struct fail *f)
{
	static const char *const conditional[] = {VK_EXT_CONDITIONAL_RENDERING_EXTENSION_NAME};
	VkPhysicalDeviceConditionalRenderingFeaturesEXT guard = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_CONDITIONAL_RENDERING_FEATURES_EXT,
	    .pNext = want->pNext,
	    .conditionalRendering = VK_TRUE};
	VkDeviceQueueCreateInfo queues[GPU_QUEUES];
	VkDeviceCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
	    .pNext = want,
	    .queueCreateInfoCount = queue_infos(g, queues),
	    .pQueueCreateInfos = queues,
	};

	g->conditional = has_conditional(g);
	if (g->conditional) {
		want->pNext = &guard;
		info.enabledExtensionCount = 1;
		info.ppEnabledExtensionNames = conditional;
	}
	VkResult r = g->vk->CreateDevice(g->info->handle, &info, NULL, &g->device);
	want->pNext = guard.pNext;
	if (r == VK_SUCCESS)
		return 0;
	g->device = VK_NULL_HANDLE;
	return fail_vk(f, r, "vkCreateDevice", "open the device");
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
	if (create_with(g, &want, f) < 0)
		return -1;
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
	     unsigned queues, struct fail *f)
{
	*g = (struct gpu){.vk = vk, .info = d, .limit = memory_limit, .width = width_of(d)};
	g->queue_count = queue_choose(d, queues, g->queues);
	if (read_test_switch(g, f) < 0)
		return -1;
	if (create_device(g, f) < 0 || load_device(g, f) < 0)
		return -1;
	return queue_open_all(g, f);
}

void gpu_done(struct gpu *g)
{
	if (!g->device)
		return;
	/* Its own threads may still be at a submission whose fence has told the end. */
	if (g->DeviceWaitIdle)
		(void)g->DeviceWaitIdle(g->device);
	if (g->pipelines)
		g->DestroyPipelineCache(g->device, g->pipelines, NULL);
	queue_close_all(g);
	if (g->DestroyDevice)
		g->DestroyDevice(g->device, NULL);
	g->device = VK_NULL_HANDLE;
}
