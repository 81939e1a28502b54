/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opened device: queues with their command buffers and fences, memory. Created in order, destroyed
 * in reverse by gpu_done, which accepts any prefix of that order.
 */
#pragma once

#include <stdbool.h>

#include "gpu/device.h"

enum {
	GPU_QUEUES = 4,  /* of the device that a job uses at most */
	GPU_PIECES = 16, /* submissions to one of them that may be under way */
};

/* A queue of the device. All but the first are there only when steps of the job name queues. */
struct gpu_queue {
	uint32_t family, index;        /* of the queue in its family */
	uint32_t timestamp_valid_bits; /* 0: it has no timestamps */
	VkQueue handle;
	VkCommandPool pool;
	VkFence fence;
	VkCommandBuffer commands[GPU_PIECES]; /* only the first one when there is one queue */
};

struct gpu {
	const struct vk *vk;
	const struct device *info;
	VkDevice device;
	struct gpu_queue queues[GPU_QUEUES];
	unsigned queue_count;
	uint32_t families[GPU_QUEUES]; /* those of the queues, each once */
	uint32_t family_count;
	unsigned busy;             /* queues whose fences are waited for: bit 1 << queue */
	VkCommandBuffer commands;  /* that are being recorded */
	VkPipelineCache pipelines; /* VK_NULL_HANDLE: the job has no cache */
	size_t pipelines_loaded;   /* bytes that an earlier run left */
	VkPipeline bound_pipeline; /* in the commands that are being recorded */
	const void *bound_step;
	VkPhysicalDeviceFeatures features; /* those that are on */
	bool storage16, storage8, uniform16, uniform8, int8, float16;
	bool scalar_layout, uniform_standard; /* layouts of blocks */
	bool conditional;                     /* see guard.h */
	PFN_vkCmdBeginConditionalRenderingEXT CmdBeginConditionalRendering;
	PFN_vkCmdEndConditionalRenderingEXT CmdEndConditionalRendering;
	uint64_t allocated; /* bytes of device memory now held */
	uint64_t limit;     /* 0: none */
	/* For tests: no memory is mapped, and staging buffers have this size; 0: what is best here. */
	uint64_t test_staging;
	uint32_t width; /* work groups that run at the same time, about */
#define VK_INSTANCE(name)
#define VK_DEVICE(name) PFN_vk##name name;
#include "gpu/vk.def"
#undef VK_INSTANCE
#undef VK_DEVICE
};

/* queues: how many the job can use; there may be fewer, see queue_count. */
int gpu_open(struct gpu *g, const struct vk *vk, const struct device *d, uint64_t memory_limit,
	     unsigned queues, struct fail *f);
void gpu_done(struct gpu *g);

/* Whether a module with this SPIR-V capability may be used; else why holds "capability X, ...". */
bool gpu_has_capability(const struct gpu *g, uint32_t number, char *why, size_t size);

/* ---- queue.c ------------------------------------------------------------------------------- */

/*
 * The queues for `want` things that could be done at the same time, the device's own choice first;
 * returns how many. One of these is enough where nothing could be timed.
 */
unsigned queue_choose(const struct device *d, unsigned want,
		      struct gpu_queue ret[static GPU_QUEUES]);
/* For vkCreateDevice: one entry a family, returns how many. */
uint32_t queue_infos(const struct gpu *g, VkDeviceQueueCreateInfo ret[static GPU_QUEUES]);
int queue_open_all(struct gpu *g, struct fail *f);
void queue_close_all(struct gpu *g);

/* Recording into g->commands, for one submission to the first queue. Nothing else may be under way. */
int gpu_begin(struct gpu *g, struct fail *f);
int gpu_submit(struct gpu *g, struct fail *f);
/* One slice of waiting for all that was submitted. 1: done, 0: not yet, -1: *f. */
int gpu_wait(struct gpu *g, uint64_t timeout_ns, struct fail *f);
/* begin must have been called: ends, submits, waits to the end. */
int gpu_finish(struct gpu *g, struct fail *f);

/* Several submissions, of which those to different queues may overlap. */
struct gpu_submission {
	unsigned queue, number; /* which command buffer of the queue */
	const VkSemaphore *waits, *signals;
	uint32_t wait_count, signal_count;
	bool last; /* of its queue: gpu_wait waits for it */
};

/* Nothing may be under way. */
int gpu_begin_round(struct gpu *g, struct fail *f);
int gpu_begin_piece(struct gpu *g, unsigned queue, unsigned number, struct fail *f);
/* Back to one that was begun. */
void gpu_resume_piece(struct gpu *g, unsigned queue, unsigned number);
int gpu_submit_piece(struct gpu *g, const struct gpu_submission *s, struct fail *f);
/* Whether a queue has come to the end of what was submitted to it. */
bool gpu_is_idle(struct gpu *g, unsigned queue);

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
	GPU_FOR_GUARD,   /* host memory, guard.h; a few bytes that count for nothing */
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
