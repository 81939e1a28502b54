/* SPDX-License-Identifier: Apache-2.0 */
#include "clients/gpu-setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	uint32_t words[4096];
	size_t count;
	bool has_names;
} code;

void check(VkResult r, const char *what)
{
	if (r == VK_SUCCESS)
		return;
	(void)fprintf(stderr, "client: %s: %d\n", what, (int)r);
	exit(1);
}

void read_code(const char *path)
{
	FILE *f = fopen(path, "rbe");

	code.count = f ? fread(code.words, 4, sizeof code.words / 4, f) : 0;
	if (f)
		(void)fclose(f);
	check(code.count ? VK_SUCCESS : VK_ERROR_UNKNOWN, path);
}

const uint32_t *code_words(size_t *ret_bytes)
{
	*ret_bytes = code.count * 4;
	return code.words;
}

/* ---- making -------------------------------------------------------------------------------- */

static void make_instance(struct gpu *g, uint32_t api)
{
	static const char *names[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
	VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
				 .pApplicationName = "vk-patterns",
				 .apiVersion = api};
	VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
				     .pApplicationInfo = &app,
				     .enabledExtensionCount = 1,
				     .ppEnabledExtensionNames = names};
	VkPhysicalDevice all[16];
	uint32_t count = 16;
	VkResult r = vkCreateInstance(&info, NULL, &g->instance);

	code.has_names = r == VK_SUCCESS;
	if (!code.has_names) {
		info.enabledExtensionCount = 0;
		check(vkCreateInstance(&info, NULL, &g->instance), "vkCreateInstance");
	}
	(void)vkEnumeratePhysicalDevices(g->instance, &count, all);
	for (uint32_t i = 0; i < count; i++) {
		VkPhysicalDeviceProperties p;
		vkGetPhysicalDeviceProperties(all[i], &p);
		if (!g->physical || p.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU)
			g->physical = all[i];
	}
	check(g->physical ? VK_SUCCESS : VK_ERROR_UNKNOWN, "no device");
}

/* What a client asks for besides. */
struct more {
	uint32_t count;
	const char *const *extensions;
	const void *features;
};

static void make_device(struct gpu *g, uint32_t api, const struct more *more)
{
	VkPhysicalDeviceVulkan13Features v13 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
	    .pNext = (void *)(uintptr_t)more->features,
	    .synchronization2 = 1,
	    .dynamicRendering = more->count > 0};
	VkPhysicalDeviceVulkan12Features v12 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
	    .pNext = &v13,
	    .timelineSemaphore = 1,
	    .bufferDeviceAddress = more->count > 0};
	float priority = 1;
	VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
					 .queueCount = 1,
					 .pQueuePriorities = &priority};
	VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
				   .pNext = api >= VK_API_VERSION_1_3 ? &v12 : NULL,
				   .queueCreateInfoCount = 1,
				   .pQueueCreateInfos = &queue,
				   .enabledExtensionCount = more->count,
				   .ppEnabledExtensionNames = more->extensions};

	check(vkCreateDevice(g->physical, &info, NULL, &g->device), "vkCreateDevice");
	vkGetDeviceQueue(g->device, 0, 0, &g->queue);
	if (api >= VK_API_VERSION_1_3)
		g->submit2 = (PFN_vkQueueSubmit2)vkGetDeviceProcAddr(g->device, "vkQueueSubmit2");
}

static VkBuffer make_buffer(struct gpu *g, int number, VkBufferUsageFlags usage,
			    uint32_t **ret_data)
{
	VkBufferCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = NUMBERS * 4, .usage = usage};
	VkPhysicalDeviceMemoryProperties types;
	VkMemoryRequirements need;
	VkDeviceMemory *memory = &g->memory[number];
	VkBuffer b;

	check(vkCreateBuffer(g->device, &info, NULL, &b), "vkCreateBuffer");
	vkGetBufferMemoryRequirements(g->device, b, &need);
	vkGetPhysicalDeviceMemoryProperties(g->physical, &types);
	VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
					 .allocationSize = need.size};
	const VkMemoryPropertyFlags want = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
					   VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
	for (uint32_t i = types.memoryTypeCount; i-- > 0;)
		if (need.memoryTypeBits & 1u << i &&
		    (types.memoryTypes[i].propertyFlags & want) == want)
			allocate.memoryTypeIndex = i;
	check(vkAllocateMemory(g->device, &allocate, NULL, memory), "vkAllocateMemory");
	check(vkBindBufferMemory(g->device, b, *memory, 0), "vkBindBufferMemory");
	check(vkMapMemory(g->device, *memory, 0, VK_WHOLE_SIZE, 0, (void **)ret_data),
	      "vkMapMemory");
	return b;
}

void set_name(const struct gpu *g, VkObjectType type, uint64_t handle, const char *name)
{
	PFN_vkSetDebugUtilsObjectNameEXT name_it = (PFN_vkSetDebugUtilsObjectNameEXT)
	    vkGetDeviceProcAddr(g->device, "vkSetDebugUtilsObjectNameEXT");
	VkDebugUtilsObjectNameInfoEXT named = {
	    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
	    .objectType = type,
	    .objectHandle = handle,
	    .pObjectName = name};

	if (name && name_it && code.has_names)
		check(name_it(g->device, &named), "vkSetDebugUtilsObjectNameEXT");
}

VkPipeline make_pipeline(const struct gpu *g, uint32_t add, const char *name)
{
	return make_pipeline_with(g, add, name, NULL);
}

VkPipeline make_pipeline_with(const struct gpu *g, uint32_t add, const char *name, const void *next)
{
	const uint32_t values[] = {LOCAL, add};
	static const VkSpecializationMapEntry entries[] = {{0, 0, 4}, {1, 4, 4}};
	VkSpecializationInfo special = {2, entries, sizeof values, values};
	VkComputePipelineCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
	    .pNext = next,
	    .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		      .stage = VK_SHADER_STAGE_COMPUTE_BIT,
		      .module = g->module,
		      .pName = "main",
		      .pSpecializationInfo = &special},
	    .flags = VK_PIPELINE_CREATE_DISPATCH_BASE_BIT,
	    .layout = g->layout};
	VkPipeline p;

	check(vkCreateComputePipelines(g->device, VK_NULL_HANDLE, 1, &info, NULL, &p), "pipeline");
	set_name(g, VK_OBJECT_TYPE_PIPELINE, (uint64_t)p, name);
	return p;
}

static void make_set(struct gpu *g)
{
	VkDescriptorSetLayoutBinding binding = {.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
						.descriptorCount = 1,
						.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
	VkDescriptorSetLayoutCreateInfo layout = {
	    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
	    .bindingCount = 1,
	    .pBindings = &binding};
	VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1};
	VkDescriptorPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
					   .maxSets = 1,
					   .poolSizeCount = 1,
					   .pPoolSizes = &size};

	check(vkCreateDescriptorSetLayout(g->device, &layout, NULL, &g->set_layout), "layout");
	check(vkCreateDescriptorPool(g->device, &pool, NULL, &g->sets), "pool");
	VkDescriptorSetAllocateInfo allocate = {
	    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
	    .descriptorPool = g->sets,
	    .descriptorSetCount = 1,
	    .pSetLayouts = &g->set_layout};
	check(vkAllocateDescriptorSets(g->device, &allocate, &g->set), "set");
	VkDescriptorBufferInfo whole = {.buffer = g->buffer, .range = VK_WHOLE_SIZE};
	VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
				      .dstSet = g->set,
				      .descriptorCount = 1,
				      .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
				      .pBufferInfo = &whole};
	vkUpdateDescriptorSets(g->device, 1, &write, 0, NULL);
}

static void make_rest(struct gpu *g, uint32_t api)
{
	VkPushConstantRange range = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = 4};
	VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
					     .setLayoutCount = 1,
					     .pSetLayouts = &g->set_layout,
					     .pushConstantRangeCount = 1,
					     .pPushConstantRanges = &range};
	VkShaderModuleCreateInfo module = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
					   .codeSize = code.count * 4,
					   .pCode = code.words};
	VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
					.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT};
	VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
	VkSemaphoreTypeCreateInfo timeline = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
					      .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
	VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
					   .pNext = &timeline};

	check(vkCreatePipelineLayout(g->device, &layout, NULL, &g->layout), "layout");
	check(vkCreateShaderModule(g->device, &module, NULL, &g->module), "module");
	check(vkCreateCommandPool(g->device, &pool, NULL, &g->pool), "vkCreateCommandPool");
	check(vkCreateFence(g->device, &fence, NULL, &g->fence), "vkCreateFence");
	if (api >= VK_API_VERSION_1_3)
		check(vkCreateSemaphore(g->device, &semaphore, NULL, &g->timeline), "semaphore");
	g->pipeline = make_pipeline(g, 1, "rounds");
}

static void open_device(struct gpu *g, uint32_t api, const struct more *more)
{
	uint32_t *counts;

	make_device(g, api, more);
	g->buffer = make_buffer(g, 0, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, &g->data);
	g->indirect = make_buffer(g, 1, VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT, &counts);
	counts[0] = NUMBERS / LOCAL;
	counts[1] = counts[2] = 1;
	make_set(g);
	make_rest(g, api);
	for (uint32_t i = 0; i < NUMBERS; i++)
		g->data[i] = g->expect[i] = i;
}

void open_gpu(struct gpu *g, uint32_t api)
{
	memset(g, 0, sizeof *g);
	make_instance(g, api);
	open_device(g, api, &(struct more){0});
}

static bool has_extension(const struct gpu *g, const char *name)
{
	static VkExtensionProperties all[1024];
	uint32_t count = sizeof all / sizeof *all;

	(void)vkEnumerateDeviceExtensionProperties(g->physical, NULL, &count, all);
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(all[i].extensionName, name) == 0)
			return true;
	return false;
}

bool open_gpu_with(struct gpu *g, uint32_t count, const char *const *extensions,
		   const void *features)
{
	const struct more more = {.count = count, .extensions = extensions, .features = features};

	memset(g, 0, sizeof *g);
	make_instance(g, VK_API_VERSION_1_3);
	for (uint32_t i = 0; i < count; i++)
		if (!has_extension(g, extensions[i])) {
			vkDestroyInstance(g->instance, NULL);
			return false;
		}
	open_device(g, VK_API_VERSION_1_3, &more);
	return true;
}

void close_gpu(struct gpu *g)
{
	vkDestroyFence(g->device, g->fence, NULL);
	vkDestroySemaphore(g->device, g->timeline, NULL);
	vkDestroyCommandPool(g->device, g->pool, NULL);
	vkDestroyPipeline(g->device, g->pipeline, NULL);
	vkDestroyShaderModule(g->device, g->module, NULL);
	vkDestroyPipelineLayout(g->device, g->layout, NULL);
	vkDestroyDescriptorPool(g->device, g->sets, NULL);
	vkDestroyDescriptorSetLayout(g->device, g->set_layout, NULL);
	for (int i = 0; i < 2; i++) {
		vkDestroyBuffer(g->device, i ? g->indirect : g->buffer, NULL);
		vkFreeMemory(g->device, g->memory[i], NULL);
	}
	vkDestroyDevice(g->device, NULL);
	vkDestroyInstance(g->instance, NULL);
}

/* ---- recording ----------------------------------------------------------------------------- */

VkCommandBuffer buffer(const struct gpu *g, VkCommandBufferLevel level)
{
	VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
					    .commandPool = g->pool,
					    .level = level,
					    .commandBufferCount = 1};
	VkCommandBuffer c;

	check(vkAllocateCommandBuffers(g->device, &info, &c), "vkAllocateCommandBuffers");
	return c;
}

void begin(VkCommandBuffer c, VkCommandBufferUsageFlags flags)
{
	VkCommandBufferInheritanceInfo inherit = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO};
	VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
					 .flags = flags,
					 .pInheritanceInfo = &inherit};

	check(vkBeginCommandBuffer(c, &info), "vkBeginCommandBuffer");
}

void barrier(VkCommandBuffer c)
{
	VkMemoryBarrier b = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
			     .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
			     .dstAccessMask = VK_ACCESS_SHADER_READ_BIT |
					      VK_ACCESS_SHADER_WRITE_BIT};

	vkCmdPipelineBarrier(c, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
			     VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &b, 0, NULL, 0, NULL);
}

void bind(const struct gpu *g, VkCommandBuffer c, VkPipeline p)
{
	vkCmdBindPipeline(c, VK_PIPELINE_BIND_POINT_COMPUTE, p);
	bind_data(g, c);
}

void bind_data(const struct gpu *g, VkCommandBuffer c)
{
	const uint32_t rounds = STEPS;

	vkCmdBindDescriptorSets(c, VK_PIPELINE_BIND_POINT_COMPUTE, g->layout, 0, 1, &g->set, 0,
				NULL);
	vkCmdPushConstants(c, g->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 4, &rounds);
}

void dispatch(const struct gpu *g, VkCommandBuffer c, unsigned count)
{
	bind(g, c, g->pipeline);
	for (unsigned i = 0; i < count; i++) {
		barrier(c);
		vkCmdDispatch(c, NUMBERS / LOCAL, 1, 1);
	}
	barrier(c);
}

void expect(struct gpu *g, uint64_t count, uint32_t add)
{
	for (uint64_t n = 0; n < count * STEPS; n++)
		for (uint32_t i = 0; i < NUMBERS; i++)
			g->expect[i] = g->expect[i] * 1664525u + 1013904223u + add;
	g->dispatches += count;
}

void submit(const struct gpu *g, uint32_t count, const VkCommandBuffer *c, VkFence fence)
{
	VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
			     .commandBufferCount = count,
			     .pCommandBuffers = c};

	check(vkQueueSubmit(g->queue, 1, &info, fence), "vkQueueSubmit");
}

void wait_fence(const struct gpu *g)
{
	check(vkWaitForFences(g->device, 1, &g->fence, VK_TRUE, UINT64_MAX), "vkWaitForFences");
	check(vkResetFences(g->device, 1, &g->fence), "vkResetFences");
}
