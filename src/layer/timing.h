/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels: which there are, how often they are dispatched, how long the device works on them, and
 * what is under way. This is all that the rest of the layer sees of it.
 *
 * The calls that only concern kernels (shader modules, pipelines, command buffers) are answered here:
 * timing_proc gives them out. The calls that other parts of the layer have a say in (submitting,
 * waiting) are answered there and passed on by the functions below.
 */
#pragma once

#define VK_NO_PROTOTYPES
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan_core.h>

#include "page/page.h"

struct timing; /* of one VkDevice */

struct timing_setup {
	VkDevice device;
	VkPhysicalDevice physical;
	PFN_vkGetDeviceProcAddr next; /* of the layer below */
	PFN_vkSetDeviceLoaderData
	    set_loader_data; /* for command buffers of our own; NULL: none are made */
	const VkQueueFamilyProperties *families;
	uint32_t family_count;
	float period_ns;     /* VkPhysicalDeviceLimits.timestampPeriod */
	uint32_t device_row; /* in the page */
	enum page_timing mode;
	struct telemetry_page *page;
	struct page_slot *slot;
};

/* NULL when there is no memory: vkCreateDevice answers VK_ERROR_OUT_OF_HOST_MEMORY. */
struct timing *timing_new(const struct timing_setup *setup);
/* Before the device is destroyed. What has finished is still read. */
void timing_free(struct timing *t);

/* To be supplied by who keeps the devices: by any dispatchable handle of the device. */
struct timing *timing_of(const void *handle);

/*
 * Our function for a name of a device call, NULL: not ours. To be given out only when the layer below
 * has it. Calls of vkGetInstanceProcAddr for device calls get it as well.
 */
PFN_vkVoidFunction timing_proc(const char *name);

/* ---- passed on by the frame; t may be NULL in none of them ---------------------------------- */

/* Calls the layer below, with the program's fence or, when there is none, with one of ours. */
VkResult timing_submit(struct timing *t, VkQueue queue, uint32_t count, const VkSubmitInfo *submits,
		       VkFence fence);
/* name: "vkQueueSubmit2" or "vkQueueSubmit2KHR", whichever the program called */
VkResult timing_submit2(struct timing *t, VkQueue queue, uint32_t count,
			const VkSubmitInfo2 *submits, VkFence fence);

/* After a successful wait or status query: these fences are signalled. */
void timing_signalled(struct timing *t, uint32_t count, const VkFence *fences);
/* Before vkResetFences and vkDestroyFence are called, and before a fence's payload is exported or replaced. */
void timing_forget(struct timing *t, uint32_t count, const VkFence *fences);
/* A fence that is made for export, or that a payload was imported into: its state is not ours to read. */
void timing_foreign(struct timing *t, VkFence fence);
/* After a successful vkQueueWaitIdle, vkDeviceWaitIdle (queue: VK_NULL_HANDLE). */
void timing_idle(struct timing *t, VkQueue queue);
/* Looks at what is under way without waiting. After vkWaitSemaphores and the like. */
void timing_poll(struct timing *t);
/* timing_poll for all devices of the process, for a thread that watches. */
void timing_poll_all(void);
/* Whether anything is under way on any device of this process, as far as has been noticed. */
int timing_is_busy(void);
