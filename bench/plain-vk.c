/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a short program by hand does, to compare with: one kernel, one buffer, one number pushed.
 *
 *     plain-vk MODULE.spv BYTES PUSH GROUPS COUNT each|once|copy|again|batch|record|guarded|stopped|paired
 *
 * each: records, submits and waits COUNT times. once: records COUNT dispatches with a barrier after each and
 * submits them together. copy: COUNT times memcpy into the mapped buffer. again: records one dispatch, and
 * submits that and waits COUNT times; batch: the same with BATCH of them and their barriers. record: records as once, a thousand at a time, and submits nothing. guarded: as once, each dispatch
 * under conditional rendering. stopped: the same, and the condition becomes false after the submission. Before that
 * the pipeline is dispatched with no groups, so that the driver's compiler is not measured.
 * Prints nanoseconds: process start to first dispatch done, the loop, the loop's CPU time of all threads. paired: PAIRS times once and guarded, in turns, and
 * prints of each the CPU time of all threads in a line, and once against itself as the third: what noise there is.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vulkan/vulkan.h>

enum { PAIRS = 101, BATCH = 16 };

static struct {
	VkPhysicalDevice physical;
	VkDevice device;
	VkQueue queue;
	uint32_t family;
	VkBuffer buffer;
	void *map;
	VkDescriptorSet set;
	VkDescriptorSetLayout set_layout;
	VkPipelineLayout layout;
	VkPipeline pipeline;
	VkCommandPool pool;
	VkCommandBuffer commands;
	VkFence fence;
	/* guarded, stopped */
	bool is_guarded;
	VkBuffer condition;
	uint32_t *condition_map;
} vk;

static void check(VkResult r, const char *what)
{
	if (r == VK_SUCCESS)
		return;
	(void)fprintf(stderr, "plain-vk: %s: %d\n", what, (int)r);
	exit(1);
}

static unsigned long long now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (unsigned long long)t.tv_sec * 1000000000u + (unsigned long long)t.tv_nsec;
}

/* The first software device, as the jobs that this is compared with ask for. */
static void open_device(void)
{
	VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
				 .apiVersion = VK_API_VERSION_1_1};
	VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
				     .pApplicationInfo = &app};
	VkPhysicalDevice all[16];
	VkInstance instance;
	uint32_t count = 16;

	check(vkCreateInstance(&info, NULL, &instance), "vkCreateInstance");
	(void)vkEnumeratePhysicalDevices(instance, &count, all);
	for (uint32_t i = 0; i < count; i++) {
		VkPhysicalDeviceProperties props;
		vkGetPhysicalDeviceProperties(all[i], &props);
		if (props.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU)
			vk.physical = all[i];
	}
	check(vk.physical ? VK_SUCCESS : VK_ERROR_UNKNOWN, "no software device");
	float priority = 1;
	const char *names[] = {VK_EXT_CONDITIONAL_RENDERING_EXTENSION_NAME};
	VkPhysicalDeviceConditionalRenderingFeaturesEXT guard = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_CONDITIONAL_RENDERING_FEATURES_EXT,
	    .conditionalRendering = VK_TRUE};
	VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
					 .queueCount = 1,
					 .pQueuePriorities = &priority};
	VkDeviceCreateInfo device = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
				     .pNext = vk.is_guarded ? &guard : NULL,
				     .queueCreateInfoCount = 1,
				     .pQueueCreateInfos = &queue,
				     .enabledExtensionCount = vk.is_guarded ? 1 : 0,
				     .ppEnabledExtensionNames = names};
	check(vkCreateDevice(vk.physical, &device, NULL, &vk.device), "vkCreateDevice");
	vkGetDeviceQueue(vk.device, 0, 0, &vk.queue);
}

/* The software device has one memory type, which the host sees. */
static VkBuffer make_buffer(VkDeviceSize bytes, VkBufferUsageFlags usage, void **ret_map)
{
	VkBufferCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = bytes, .usage = usage};
	VkMemoryRequirements need;
	VkDeviceMemory memory;
	VkBuffer made;

	check(vkCreateBuffer(vk.device, &info, NULL, &made), "vkCreateBuffer");
	vkGetBufferMemoryRequirements(vk.device, made, &need);
	VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
					 .allocationSize = need.size};
	check(vkAllocateMemory(vk.device, &allocate, NULL, &memory), "vkAllocateMemory");
	check(vkBindBufferMemory(vk.device, made, memory, 0), "vkBindBufferMemory");
	check(vkMapMemory(vk.device, memory, 0, VK_WHOLE_SIZE, 0, ret_map), "vkMapMemory");
	memset(*ret_map, 0, bytes);
	return made;
}

static void make_pipeline(const char *path)
{
	static uint32_t words[1 << 16];
	FILE *file = fopen(path, "rb");
	size_t count = file ? fread(words, 4, sizeof words / 4, file) : 0;

	if (file)
		(void)fclose(file);
	VkShaderModuleCreateInfo code = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
					 .codeSize = count * 4,
					 .pCode = words};
	VkDescriptorSetLayoutBinding binding = {.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
						.descriptorCount = 1,
						.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
	VkDescriptorSetLayoutCreateInfo set = {
	    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
	    .bindingCount = 1,
	    .pBindings = &binding};
	VkPushConstantRange range = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = 4};
	VkShaderModule module;

	check(vkCreateShaderModule(vk.device, &code, NULL, &module), "vkCreateShaderModule");
	check(vkCreateDescriptorSetLayout(vk.device, &set, NULL, &vk.set_layout), "layout");
	VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
					     .setLayoutCount = 1,
					     .pSetLayouts = &vk.set_layout,
					     .pushConstantRangeCount = 1,
					     .pPushConstantRanges = &range};
	check(vkCreatePipelineLayout(vk.device, &layout, NULL, &vk.layout), "layout");
	VkComputePipelineCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
	    .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		      .stage = VK_SHADER_STAGE_COMPUTE_BIT,
		      .module = module,
		      .pName = "main"},
	    .layout = vk.layout};
	check(vkCreateComputePipelines(vk.device, VK_NULL_HANDLE, 1, &info, NULL, &vk.pipeline),
	      "vkCreateComputePipelines");
}

static void bind(void)
{
	VkDescriptorPoolSize size = {.type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
				     .descriptorCount = 1};
	VkDescriptorPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
					   .maxSets = 1,
					   .poolSizeCount = 1,
					   .pPoolSizes = &size};
	VkDescriptorPool pool;

	check(vkCreateDescriptorPool(vk.device, &info, NULL, &pool), "vkCreateDescriptorPool");
	VkDescriptorSetAllocateInfo allocate = {
	    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
	    .descriptorPool = pool,
	    .descriptorSetCount = 1,
	    .pSetLayouts = &vk.set_layout};
	check(vkAllocateDescriptorSets(vk.device, &allocate, &vk.set), "vkAllocateDescriptorSets");
	VkDescriptorBufferInfo whole = {.buffer = vk.buffer, .range = VK_WHOLE_SIZE};
	VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
				      .dstSet = vk.set,
				      .descriptorCount = 1,
				      .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
				      .pBufferInfo = &whole};
	vkUpdateDescriptorSets(vk.device, 1, &write, 0, NULL);
}

static void make_commands(void)
{
	VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
	VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};

	check(vkCreateCommandPool(vk.device, &pool, NULL, &vk.pool), "vkCreateCommandPool");
	VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
					    .commandPool = vk.pool,
					    .commandBufferCount = 1};
	check(vkAllocateCommandBuffers(vk.device, &info, &vk.commands), "commands");
	check(vkCreateFence(vk.device, &fence, NULL, &vk.fence), "vkCreateFence");
}

static void record_one(uint32_t push, uint32_t groups)
{
	VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
				   .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
				   .dstAccessMask = VK_ACCESS_SHADER_READ_BIT |
						    VK_ACCESS_SHADER_WRITE_BIT};

	vkCmdBindPipeline(vk.commands, VK_PIPELINE_BIND_POINT_COMPUTE, vk.pipeline);
	vkCmdBindDescriptorSets(vk.commands, VK_PIPELINE_BIND_POINT_COMPUTE, vk.layout, 0, 1,
				&vk.set, 0, NULL);
	vkCmdPushConstants(vk.commands, vk.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 4, &push);
	vkCmdDispatch(vk.commands, groups, 1, 1);
	vkCmdPipelineBarrier(vk.commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
			     VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &barrier, 0, NULL, 0,
			     NULL);
}

static void record(uint32_t push, uint32_t groups, unsigned count, VkCommandBufferUsageFlags flags)
{
	VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
					  .flags = flags};
	VkConditionalRenderingBeginInfoEXT guard = {
	    .sType = VK_STRUCTURE_TYPE_CONDITIONAL_RENDERING_BEGIN_INFO_EXT,
	    .buffer = vk.condition};
	PFN_vkCmdBeginConditionalRenderingEXT on = (PFN_vkCmdBeginConditionalRenderingEXT)
	    vkGetDeviceProcAddr(vk.device, "vkCmdBeginConditionalRenderingEXT");
	PFN_vkCmdEndConditionalRenderingEXT off = (PFN_vkCmdEndConditionalRenderingEXT)
	    vkGetDeviceProcAddr(vk.device, "vkCmdEndConditionalRenderingEXT");

	check(vkResetCommandPool(vk.device, vk.pool, 0), "vkResetCommandPool");
	check(vkBeginCommandBuffer(vk.commands, &begin), "vkBeginCommandBuffer");
	for (unsigned i = 0; i < count; i++) {
		if (vk.is_guarded)
			on(vk.commands, &guard);
		record_one(push, groups);
		if (vk.is_guarded)
			off(vk.commands);
	}
	check(vkEndCommandBuffer(vk.commands), "vkEndCommandBuffer");
}

static void submit(void)
{
	VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
			     .commandBufferCount = 1,
			     .pCommandBuffers = &vk.commands};

	check(vkResetFences(vk.device, 1, &vk.fence), "vkResetFences");
	check(vkQueueSubmit(vk.queue, 1, &info, vk.fence), "vkQueueSubmit");
}

static void wait_for_it(void)
{
	check(vkWaitForFences(vk.device, 1, &vk.fence, VK_TRUE, UINT64_MAX), "vkWaitForFences");
}

/* count dispatches in one submission, and the wait for it. */
static void dispatch(uint32_t push, uint32_t groups, unsigned count)
{
	record(push, groups, count, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
	submit();
	wait_for_it();
}

/* Returns when what is measured began. */
static unsigned long long copy(VkDeviceSize bytes, unsigned count)
{
	char *other = malloc(bytes);

	check(other ? VK_SUCCESS : VK_ERROR_OUT_OF_HOST_MEMORY, "memory");
	memset(other, 1, bytes);
	unsigned long long began = now(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < count; i++)
		memcpy(vk.map, other, bytes);
	free(other);
	return began;
}

/* A thousand at a time, and the fastest thousand counts: the host's other work only ever adds. */
static unsigned long long record_time(uint32_t push, uint32_t groups, unsigned count)
{
	unsigned long long best = ~0ull;

	for (unsigned done = 0; done < count; done += 1000) {
		unsigned long long began = now(CLOCK_MONOTONIC);
		record(push, groups, 1000, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
		unsigned long long took = now(CLOCK_MONOTONIC) - began;
		best = took < best ? took : best;
	}
	return best * count / 1000;
}

static unsigned long long again(uint32_t push, uint32_t groups, unsigned count, unsigned batch)
{
	record(push, groups, batch, 0);
	unsigned long long began = now(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < count; i += batch) {
		submit();
		wait_for_it();
	}
	return began;
}

/* Recording, submission and wait, on whatever threads. */
static unsigned long long cpu_of(uint32_t push, uint32_t groups, unsigned count, bool is_guarded)
{
	vk.is_guarded = is_guarded;
	unsigned long long began = now(CLOCK_PROCESS_CPUTIME_ID);
	dispatch(push, groups, count);
	return now(CLOCK_PROCESS_CPUTIME_ID) - began;
}

/* In turns within one process, so that what the machine does meanwhile meets all alike. */
static void pairs(uint32_t push, uint32_t groups, unsigned count)
{
	for (unsigned i = 0; i < PAIRS; i++) {
		unsigned long long ns[3];
		for (unsigned k = 0; k < 3; k++) {
			unsigned which = (i + k) % 3;
			ns[which] = cpu_of(push, groups, count, which == 1);
		}
		printf("%llu %llu %llu\n", ns[0], ns[1], ns[2]);
	}
}

int main(int argc, char **argv)
{
	unsigned long long start = now(CLOCK_MONOTONIC);

	if (argc != 7)
		return 2;
	VkDeviceSize bytes = strtoull(argv[2], NULL, 10);
	uint32_t push = (uint32_t)strtoul(argv[3], NULL, 10),
		 groups = (uint32_t)strtoul(argv[4], NULL, 10);
	unsigned count = (unsigned)strtoul(argv[5], NULL, 10);
	const char *how = argv[6];
	vk.is_guarded = strcmp(how, "guarded") == 0 || strcmp(how, "stopped") == 0 ||
			strcmp(how, "paired") == 0;
	open_device();
	vk.buffer = make_buffer(bytes, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, &vk.map);
	if (vk.is_guarded) {
		vk.condition = make_buffer(64, VK_BUFFER_USAGE_CONDITIONAL_RENDERING_BIT_EXT,
					   (void **)&vk.condition_map);
		vk.condition_map[0] = 1;
	}
	make_pipeline(argv[1]);
	bind();
	make_commands();
	dispatch(push, 0, 1);
	unsigned long long ready = now(CLOCK_MONOTONIC), loop = ready;
	unsigned long long cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	if (strcmp(how, "once") == 0 || strcmp(how, "guarded") == 0) {
		dispatch(push, groups, count);
	} else if (strcmp(how, "stopped") == 0) {
		record(push, groups, count, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
		submit();
		*(volatile uint32_t *)vk.condition_map = 0;
		wait_for_it();
	} else if (strcmp(how, "paired") == 0) {
		pairs(push, groups, count);
		return 0;
	} else if (strcmp(how, "copy") == 0) {
		loop = copy(bytes, count);
	} else if (strcmp(how, "again") == 0) {
		loop = again(push, groups, count, 1);
	} else if (strcmp(how, "batch") == 0) {
		loop = again(push, groups, count, BATCH);
	} else if (strcmp(how, "record") == 0) {
		printf("%llu %llu 1\n", ready - start, record_time(push, groups, count));
		return 0;
	} else {
		for (unsigned i = 0; i < count; i++)
			dispatch(push, groups, 1);
	}
	printf("%llu %llu %llu\n", ready - start, now(CLOCK_MONOTONIC) - loop,
	       now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	return 0;
}
