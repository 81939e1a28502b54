/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opened device: queue, command buffer, fence, memory. Created in order, destroyed in reverse
 * by gpu_done, which accepts any prefix of that order.
 */
#pragma once

#include <stdbool.h>

#include "gpu/device.h"

struct gpu {
	const struct vk *vk;
	const struct device *info;
	VkDevice device;
	VkQueue queue;
	VkCommandPool pool;
	VkCommandBuffer commands;
	VkFence fence;
	VkPipelineCache pipelines; /* VK_NULL_HANDLE: the job has no cache */
	size_t pipelines_loaded;   /* bytes that an earlier run left */
	VkPipeline bound_pipeline; /* in the commands that are being recorded */
	const void *bound_step;
	VkPhysicalDeviceFeatures features; /* those that are on */
	bool storage16, storage8, uniform16, uniform8, int8, float16;
	bool scalar_layout, uniform_standard; /* layouts of blocks */
	uint64_t allocated;                   /* bytes of device memory now held */
	uint64_t limit;                       /* 0: none */
	/* For tests: no memory is mapped, and staging buffers have this size; 0: what is best here. */
	uint64_t test_staging;
	uint32_t width; /* work groups that run at the same time, about */
#define VK_INSTANCE(name)
#define VK_DEVICE(name) PFN_vk##name name;
#include "gpu/vk.def"
#undef VK_INSTANCE
#undef VK_DEVICE
};

int gpu_open(struct gpu *g, const struct vk *vk, const struct device *d, uint64_t memory_limit,
	     struct fail *f);
void gpu_done(struct gpu *g);

/* Whether a module with this SPIR-V capability may be used; else why holds "capability X, ...". */
bool gpu_has_capability(const struct gpu *g, uint32_t number, char *why, size_t size);

/* Recording into g->commands, for one submission. */
int gpu_begin(struct gpu *g, struct fail *f);
int gpu_submit(struct gpu *g, struct fail *f);
/* One slice of waiting. 1: done, 0: not yet, -1: *f. */
int gpu_wait(struct gpu *g, uint64_t timeout_ns, struct fail *f);
/* begin must have been called: ends, submits, waits to the end. */
int gpu_finish(struct gpu *g, struct fail *f);

/* ---- memory -------------------------------------------------------------------------------- */

struct gpu_memory {
	VkDeviceMemory handle;
	uint64_t counted; /* bytes that count as the job's device memory */
	bool mappable;
};

struct gpu_image;

struct gpu_buffer {
	VkBuffer buffer;
	struct gpu_memory memory;
	uint64_t size;           /* of the buffer: a multiple of 4, never 0 */
	unsigned char *map;      /* NULL when the host cannot see it */
	struct gpu_image *image; /* NULL: only a buffer (image.h) */
};

enum gpu_place {
	GPU_FOR_KERNELS, /* on the device; mapped as well where that costs nothing */
	GPU_FOR_STAGING, /* host memory for copies */
	GPU_FOR_IMAGES,  /* on the device, never mapped */
};

/*
 * What the driver's budget leaves, in the heap for buffers that has most; UINT64_MAX when the driver
 * tells none. It moves with what other processes do.
 */
uint64_t gpu_budget_left(const struct gpu *g);
/* What the budgets for device memory are in all, UINT64_MAX: not told. */
uint64_t gpu_budget_all(const struct gpu *g);
/* Ends as device-memory: "3GiB needed, WHAT is 2GiB". Returns -1. */
int gpu_too_much(struct fail *f, uint64_t needed, uint64_t available, const char *what);
/* Memory for a buffer or image, held to the limit. */
int gpu_allocate(struct gpu *g, const VkMemoryRequirements *need, enum gpu_place place,
		 struct gpu_memory *ret, struct fail *f);
void gpu_free(struct gpu *g, struct gpu_memory *m);
int gpu_buffer_create(struct gpu *g, uint64_t bytes, enum gpu_place place, struct gpu_buffer *ret,
		      struct fail *f);
void gpu_buffer_destroy(struct gpu *g, struct gpu_buffer *b);

/* Barriers in g->commands: between steps, and before the host or a copy reads what steps wrote. */
void gpu_order_steps(struct gpu *g);
void gpu_show_writes(struct gpu *g);
/* Ends what gpu_begin began: afterwards the host sees what kernels wrote in mapped buffers. */
int gpu_make_visible(struct gpu *g, struct fail *f);
void gpu_barrier(struct gpu *g, VkPipelineStageFlags from, VkAccessFlags wrote,
		 VkPipelineStageFlags to, VkAccessFlags reads);
