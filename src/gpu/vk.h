/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Vulkan loader, opened at run time so that its absence is an answer and not a failed start,
 * and the instance.
 */
#pragma once

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

#include "gpu/fail.h"

struct vk {
	void *library;
	uint32_t version; /* the loader's */
	uint32_t api;     /* what the instance was made for: 1.1 to 1.3 */
	PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
	VkInstance instance;
#define VK_INSTANCE(name) PFN_vk##name name;
#define VK_DEVICE(name)
#include "gpu/vk.def"
#undef VK_INSTANCE
#undef VK_DEVICE
};

int vk_open(struct vk *vk, struct fail *f);
/* Accepts whatever vk_open left, however far it came. */
void vk_done(struct vk *vk);
