/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels: which there are, how often they are dispatched, how long the device works on them, and
 * what is under way. This is all that the rest of the layer sees of it.
 *
 * Timing is a layer of its own below the rest: where timing_proc has a function, it stands in the
 * place of the driver's, for the program as well as for the calls that the rest of the layer makes.
 * So a submission that the rest refuses or delays never comes here, and a wait that it cuts into
 * slices comes slice by slice.
 */
#pragma once

#include <stdbool.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan_core.h>

#include "page/page.h"

struct timing; /* of one VkDevice */

struct timing_setup {
	VkDevice device;
	PFN_vkGetDeviceProcAddr get; /* of the layer below */
	PFN_vkSetDeviceLoaderData
	    set_loader_data; /* for command buffers of our own; NULL: none are made */
	const VkQueueFamilyProperties *families; /* copied */
	uint32_t family_count;
	float period_ns;     /* VkPhysicalDeviceLimits.timestampPeriod */
	uint32_t device_row; /* in the page */
	enum page_timing mode;
	const struct control_page *control;
	struct telemetry_page *page;
	struct page_slot *slot;
	/*
	 * Called without a lock when something is submitted to a queue that had nothing to do: somebody is to look when it
	 * has finished. NULL: nobody is.
	 */
	void (*began)(void);
};

/* NULL when there is no memory: vkCreateDevice answers VK_ERROR_OUT_OF_HOST_MEMORY. */
struct timing *timing_new(const struct timing_setup *setup);
/* Before the device is destroyed, by when it has to be idle: times that nobody has read yet are read. */
void timing_free(struct timing *t);

/* Supplied by who keeps the devices: by any dispatchable handle of the device. Never NULL. */
struct timing *timing_of(const void *handle);

/*
 * Our function for the name of a device call, NULL: not ours. To be used only where the layer below
 * has that function.
 */
PFN_vkVoidFunction timing_proc(const char *name);

/* Looks at what is under way on all devices of this process, without waiting: for a thread that watches. */
void timing_poll_all(void);
/* Whether anything is under way or waits, as far as anybody has noticed. */
bool timing_is_busy(void);
/* When that changed last: something began, or was seen to have finished. */
uint64_t timing_changed_ns(void);
/*
 * In the child of a fork: its parent's locks may be held by threads that it does not have, and what they guard be
 * half changed. So all of it is left where it is, and the device goes on as one of which nothing is known;
 * from then on it writes into these pages.
 */
void timing_after_fork(void);
void timing_forget(struct timing *t, const struct control_page *control,
		   struct telemetry_page *page);
