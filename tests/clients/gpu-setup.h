/* SPDX-License-Identifier: Apache-2.0 */
/* A device with one kernel and one buffer, for clients of tests. Whatever fails ends the program. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <vulkan/vulkan.h>

enum { NUMBERS = 1024, LOCAL = 64, STEPS = 3 };

struct gpu {
	VkInstance instance;
	VkPhysicalDevice physical;
	VkDevice device;
	VkQueue queue;
	VkBuffer buffer, indirect;
	VkDeviceMemory memory[2];
	uint32_t *data;
	VkDescriptorSetLayout set_layout;
	VkDescriptorPool sets;
	VkDescriptorSet set;
	VkPipelineLayout layout;
	VkShaderModule module;
	VkPipeline pipeline; /* adds 1 */
	VkCommandPool pool;
	VkFence fence;
	VkSemaphore timeline;
	PFN_vkQueueSubmit2 submit2;
	uint64_t dispatches; /* that were submitted */
	uint32_t expect[NUMBERS];
};

void check(VkResult r, const char *what);
/* The SPIR-V of rounds.comp, for all devices. */
void read_code(const char *path);
const uint32_t *code_words(size_t *ret_bytes);
/* api: what the instance is made for; 1.3 also gets timeline semaphores and vkQueueSubmit2 */
void open_gpu(struct gpu *g, uint32_t api);
/* For 1.3, with more: extensions and a chain of features; false: the device has not all of them, and nothing is open. */
bool open_gpu_with(struct gpu *g, uint32_t count, const char *const *extensions,
		   const void *features);
void close_gpu(struct gpu *g);
/* A variant of the kernel; name NULL: none. */
VkPipeline make_pipeline(const struct gpu *g, uint32_t add, const char *name);
VkPipeline make_pipeline_with(const struct gpu *g, uint32_t add, const char *name,
			      const void *next);
void set_name(const struct gpu *g, VkObjectType type, uint64_t handle, const char *name);

VkCommandBuffer buffer(const struct gpu *g, VkCommandBufferLevel level);
void begin(VkCommandBuffer c, VkCommandBufferUsageFlags flags);
void barrier(VkCommandBuffer c);
void bind(const struct gpu *g, VkCommandBuffer c, VkPipeline p);
/* Everything but the pipeline. */
void bind_data(const struct gpu *g, VkCommandBuffer c);
/* `count` dispatches, each after the other; they are not counted here but where they are submitted. */
void dispatch(const struct gpu *g, VkCommandBuffer c, unsigned count);
/* The host's side of `count` dispatches. */
void expect(struct gpu *g, uint64_t count, uint32_t add);
void submit(const struct gpu *g, uint32_t count, const VkCommandBuffer *c, VkFence fence);
void wait_fence(const struct gpu *g);
