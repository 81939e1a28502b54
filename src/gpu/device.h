/* SPDX-License-Identifier: Apache-2.0 */
/* The physical devices there are, the choice of one, and their description in JSON. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "gpu/vk.h"
#include "job/spec.h"

enum { DEVICES_MAX = 64, FAMILIES_MAX = 64 };

struct device {
	VkPhysicalDevice handle;
	VkPhysicalDeviceProperties props;
	VkPhysicalDeviceMemoryProperties memory;
	char driver_name[VK_MAX_DRIVER_NAME_SIZE], driver_info[VK_MAX_DRIVER_INFO_SIZE];
	VkDriverId driver_id;
	uint8_t uuid[VK_UUID_SIZE];
	VkSubgroupFeatureFlags subgroup_ops; /* those that compute shaders may use */
	VkDeviceSize max_allocation;
	bool has_budget;      /* VK_EXT_memory_budget */
	bool has_conditional; /* VK_EXT_conditional_rendering */
	uint32_t extension_count;
	VkQueueFamilyProperties families[FAMILIES_MAX];
	uint32_t family_count;
	int queue_family; /* for compute, -1: none */
	uint32_t timestamp_valid_bits;
};

/* At most DEVICES_MAX, malloc'ed. None is not an error. */
int device_list(const struct vk *vk, struct device **ret, size_t *ret_count, struct fail *f);
/* The device that was asked for and no other; NULL with *f listing what there is. */
const struct device *device_choose(const struct device *devices, size_t count,
				   enum compute_device choice, const char *name, struct fail *f);

/* The members that the `device` answer and vkjail-probe share. A new object, NULL when out of memory. */
json_t *device_json(const struct device *d);
/* What the driver says now; false without the extension. */
bool device_budget(const struct vk *vk, const struct device *d,
		   VkPhysicalDeviceMemoryBudgetPropertiesEXT *ret);
/* [{budget, usage}], or NULL without the extension. */
json_t *device_budget_json(const struct vk *vk, const struct device *d);
/* Any bytes as a JSON string. */
json_t *json_text(const char *s, size_t size);
const char *device_type_name(VkPhysicalDeviceType type);
