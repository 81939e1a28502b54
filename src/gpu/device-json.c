/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and heap budgets as JSON. Names come from drivers and may hold any bytes. */
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "gpu/device.h"

json_t *json_text(const char *s, size_t size)
{
	char buf[1024];
	return json_string(text_to_utf8(s, strnlen(s, size), buf, sizeof buf));
}

static json_t *heaps_json(const struct device *d)
{
	json_t *heaps = json_array();

	for (uint32_t i = 0; i < d->memory.memoryHeapCount && i < VK_MAX_MEMORY_HEAPS; i++) {
		const VkMemoryHeap *h = &d->memory.memoryHeaps[i];
		json_t *flags = json_array();
		if (h->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
			json_array_append_new(flags, json_string("device-local"));
		if (h->flags & VK_MEMORY_HEAP_MULTI_INSTANCE_BIT)
			json_array_append_new(flags, json_string("multi-instance"));
		json_array_append_new(
		    heaps, json_pack("{s:I, s:o}", "size", (json_int_t)h->size, "flags", flags));
	}
	return heaps;
}

json_t *device_json(const struct device *d)
{
	char api[48], uuid[2 * VK_UUID_SIZE + 5];
	uint32_t v = d->props.apiVersion;
	size_t n = 0;

	(void)snprintf(api, sizeof api, "%u.%u.%u", VK_API_VERSION_MAJOR(v),
		       VK_API_VERSION_MINOR(v), VK_API_VERSION_PATCH(v));
	for (size_t i = 0; i < VK_UUID_SIZE; i++)
		n += (size_t)snprintf(uuid + n, sizeof uuid - n, "%s%02x",
				      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", d->uuid[i]);
	return json_pack("{s:o, s:s, s:s, s:{s:o, s:o, s:i}, s:s, s:i, s:i, s:f, s:o, s:s}", "name",
			 json_text(d->props.deviceName, sizeof d->props.deviceName), "type",
			 device_type_name(d->props.deviceType), "uuid", uuid, "driver", "name",
			 json_text(d->driver_name, sizeof d->driver_name), "info",
			 json_text(d->driver_info, sizeof d->driver_info), "id", (int)d->driver_id,
			 "api", api, "queue_family", d->queue_family, "timestamp_valid_bits",
			 (int)d->timestamp_valid_bits, "timestamp_period_ns",
			 (double)d->props.limits.timestampPeriod, "heaps", heaps_json(d),
			 "budget_source", d->has_budget ? "VK_EXT_memory_budget" : "unavailable");
}

bool device_budget(const struct vk *vk, const struct device *d,
		   VkPhysicalDeviceMemoryBudgetPropertiesEXT *ret)
{
	VkPhysicalDeviceMemoryProperties2 memory = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
	    .pNext = ret,
	};

	*ret = (VkPhysicalDeviceMemoryBudgetPropertiesEXT){
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT,
	};
	if (d->has_budget)
		vk->GetPhysicalDeviceMemoryProperties2(d->handle, &memory);
	return d->has_budget;
}

json_t *device_budget_json(const struct vk *vk, const struct device *d)
{
	VkPhysicalDeviceMemoryBudgetPropertiesEXT budget;

	if (!device_budget(vk, d, &budget))
		return NULL;
	json_t *heaps = json_array();
	for (uint32_t i = 0; i < d->memory.memoryHeapCount && i < VK_MAX_MEMORY_HEAPS; i++)
		json_array_append_new(heaps, json_pack("{s:I, s:I}", "budget",
						       (json_int_t)budget.heapBudget[i], "usage",
						       (json_int_t)budget.heapUsage[i]));
	return heaps;
}
