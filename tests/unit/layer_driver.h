/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver that is only a clock, for tests of timing: a timestamp is what it shows, a dispatch moves it on. What is
 * submitted has finished when a test says so.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "layer/layer.h"
#include "layer/timing.h"

enum {
	DISPATCH_TICKS = 1000,
	STAMP_TICKS = 10,
	QUERIES = 64,
	POOLS = 64,
	FENCES = 64,
	SEMAPHORES = 64,
	EVENTS = 8,
	QUEUES = 3,
	BUFFERS = 64,
	SLOT = 3, /* of the process in the page */
};

/* The driver. */
extern struct driver {
	uint64_t clock, mask;
	uint64_t value[POOLS][QUERIES];
	uint64_t
	    next; /* handle of something new; fences, pools, semaphores and command buffers count apart */
	unsigned pools, fences, semaphores, buffers, stamps, submits;
	unsigned events, live_events;
	bool event_set[EVENTS];
	VkResult events_say;
	VkEvent last_event;		   /* that a command buffer sets */
	VkCommandBuffer setter;		   /* that command buffer */
	VkCommandBuffer last_first;	   /* of the last submission's first batch */
	unsigned live_pools, live_buffers; /* that were not destroyed */
	bool signalled[FENCES];
	uint64_t counter[SEMAPHORES];
	bool destroyed[SEMAPHORES];
	VkFence last_fence;
	VkResult submit_says, pipelines_say, shaders_say, queries_say, begin_says;
	uint32_t shaders_made; /* by the next call; the rest of the array stays as it is */
	unsigned
	    submit_fails_at; /* the submission, counted from 1, that submit_says is about; 0: all */
	uint32_t last_buffers, last_batches; /* in the last submission */
	void (*status_waits)(void); /* before the state of a fence is told */
	bool no_results;      /* whoever asks for times would wait for ever */
	bool has_loader_data;                /* so the layer can make command buffers of its own */
} driver;

extern struct device *device;
extern struct telemetry_page *page; /* shared with children of a fork */
extern struct control_page control;
extern VkQueue queues[QUEUES];
extern VkCommandPool command_pool;
extern VkCommandBuffer commands;
extern VkPipeline pipeline;

/* The layer's function, as a program would call it. */
#define CALL(name) ((PFN_vk##name)timing_proc("vk" #name))
#define DEVICE     (device->handle)

int set_up(void **state);
int tear_down(void **state);

/* A device whose queues are of one family, and a command buffer for one pipeline. */
void open_device(enum page_timing mode, uint32_t bits, float period);
/* With the limit `kernel`, which is when waits of all kinds are looked after; one dispatch is in `commands`. */
void open_limited(void);
VkCommandBuffer new_commands(void);
/* So many dispatches in it. */
void record_into(VkCommandBuffer c, VkCommandBufferUsageFlags flags, unsigned dispatches);
void record(unsigned dispatches);
VkResult submit(VkFence fence);
VkFence new_fence(const void *chain);
VkSemaphore new_semaphore(bool is_timeline);
/* The fence is signalled, and somebody looks. */
void finish(VkFence fence);
const struct page_kernel *kernel(void);
const struct page_submit *oldest(void);
uint64_t counted(enum page_counter which);
/* One submission, which has not begun; none at all. */
void expect_waiting(void);
void expect_nothing(void);
