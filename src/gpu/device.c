/* SPDX-License-Identifier: Apache-2.0 */
/* Enumeration and choice of devices. */
#include "gpu/device.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

enum { EXTENSIONS_MAX = 4096 };

const char *device_type_name(VkPhysicalDeviceType type)
{
	switch ((int)type) {
	case VK_PHYSICAL_DEVICE_TYPE_CPU:
		return "cpu";
	case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
		return "integrated-gpu";
	case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
		return "discrete-gpu";
	case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
		return "virtual-gpu";
	default:
		return "other";
	}
}

/* A family for compute alone shares nothing with drawing; any family with compute will do. */
static void choose_family(const struct vk *vk, struct device *d)
{
	const VkQueueFamilyProperties *families = d->families;

	d->queue_family = -1;
	d->family_count = FAMILIES_MAX;
	vk->GetPhysicalDeviceQueueFamilyProperties(d->handle, &d->family_count, d->families);
	for (uint32_t i = 0; i < d->family_count; i++) {
		if (!(families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) || families[i].queueCount == 0)
			continue;
		bool alone = !(families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT);
		if (d->queue_family >= 0 && !alone)
			continue;
		d->queue_family = (int)i;
		d->timestamp_valid_bits = families[i].timestampValidBits;
		if (alone)
			return;
	}
}

static bool is_extension(const VkExtensionProperties *e, const char *name)
{
	return strncmp(e->extensionName, name, sizeof e->extensionName) == 0;
}

static int read_extensions(const struct vk *vk, struct device *d, struct fail *f)
{
	VkResult r = vk->EnumerateDeviceExtensionProperties(d->handle, NULL, &d->extension_count,
							    NULL);

	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkEnumerateDeviceExtensionProperties",
			       "list the extensions of a device");
	if (d->extension_count > EXTENSIONS_MAX)
		d->extension_count = EXTENSIONS_MAX;
	AUTO_FREE VkExtensionProperties *all = calloc(d->extension_count + 1, sizeof *all);
	if (!all)
		return fail_set(f, END_FAILED, NULL, "out of memory");
	r = vk->EnumerateDeviceExtensionProperties(d->handle, NULL, &d->extension_count, all);
	if (r != VK_SUCCESS && r != VK_INCOMPLETE)
		return fail_vk(f, r, "vkEnumerateDeviceExtensionProperties",
			       "list the extensions of a device");
	for (uint32_t i = 0; i < d->extension_count; i++) {
		d->has_budget = d->has_budget ||
				is_extension(&all[i], VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
		d->has_conditional = d->has_conditional ||
				     is_extension(&all[i],
						  VK_EXT_CONDITIONAL_RENDERING_EXTENSION_NAME);
	}
	return 0;
}

static void read_properties(const struct vk *vk, struct device *d)
{
	VkPhysicalDeviceDriverProperties driver = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
	VkPhysicalDeviceMaintenance3Properties m3 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES};
	VkPhysicalDeviceSubgroupProperties subgroup = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
	    .pNext = &m3,
	};
	VkPhysicalDeviceIDProperties id = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
					   .pNext = &subgroup};
	VkPhysicalDeviceProperties2 props = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &id};
	VkPhysicalDeviceMemoryProperties2 memory = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};

	if (d->props.apiVersion >= VK_API_VERSION_1_2)
		m3.pNext = &driver;
	vk->GetPhysicalDeviceProperties2(d->handle, &props);
	vk->GetPhysicalDeviceMemoryProperties2(d->handle, &memory);
	d->memory = memory.memoryProperties;
	memcpy(d->driver_name, driver.driverName, sizeof d->driver_name);
	memcpy(d->driver_info, driver.driverInfo, sizeof d->driver_info);
	d->driver_id = driver.driverID;
	memcpy(d->uuid, id.deviceUUID, sizeof d->uuid);
	d->max_allocation = m3.maxMemoryAllocationSize;
	if (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT)
		d->subgroup_ops = subgroup.supportedOperations;
}

int device_list(const struct vk *vk, struct device **ret, size_t *ret_count, struct fail *f)
{
	VkPhysicalDevice handles[DEVICES_MAX];
	uint32_t count = DEVICES_MAX;
	size_t used = 0;
	VkResult r = vk->EnumeratePhysicalDevices(vk->instance, &count, handles);

	/* Loaders differ in how they say that no driver works; it is an empty list, not an error. */
	if (r == VK_ERROR_INITIALIZATION_FAILED)
		count = 0;
	else if (r != VK_SUCCESS && r != VK_INCOMPLETE)
		return fail_vk(f, r, "vkEnumeratePhysicalDevices", "list the devices");
	AUTO_FREE struct device *devices = calloc(count + 1, sizeof *devices);
	if (!devices)
		return fail_set(f, END_FAILED, NULL, "out of memory");
	for (uint32_t i = 0; i < count; i++) {
		struct device *d = &devices[used];
		d->handle = handles[i];
		vk->GetPhysicalDeviceProperties(d->handle, &d->props);
		if (d->props.apiVersion < VK_API_VERSION_1_1)
			continue;
		read_properties(vk, d);
		choose_family(vk, d);
		if (read_extensions(vk, d, f) < 0)
			return -1;
		used++;
	}
	*ret = TAKE_PTR(devices);
	*ret_count = used;
	return 0;
}

/* Hexadecimal digits only, so that both spellings of a UUID compare equal. */
static bool is_uuid(const char *s, const uint8_t uuid[VK_UUID_SIZE])
{
	size_t digits = 0;

	for (; *s; s++) {
		if (*s == '-')
			continue;
		if (!isxdigit((unsigned char)*s) || digits == 2 * VK_UUID_SIZE)
			return false;
		unsigned value = (unsigned)(isdigit((unsigned char)*s) ? *s - '0'
								       : (*s | 32) - 'a' + 10);
		unsigned have = uuid[digits / 2];
		if (value != (digits % 2 ? have & 15 : have >> 4))
			return false;
		digits++;
	}
	return digits == 2 * VK_UUID_SIZE;
}

static bool matches(const struct device *d, enum compute_device choice, const char *name)
{
	bool cpu = d->props.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;

	switch (choice) {
	case DEVICE_SOFTWARE:
		return cpu;
	case DEVICE_HARDWARE:
		return !cpu;
	case DEVICE_NAMED:
		return strcasestr(d->props.deviceName, name) || is_uuid(name, d->uuid);
	case DEVICE_ANY:
		break;
	}
	return true;
}

static unsigned rank(const struct device *d)
{
	switch ((int)d->props.deviceType) {
	case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
		return 4;
	case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
		return 3;
	case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
		return 2;
	default:
		return 1;
	}
}

static void nothing_chosen(const struct device *devices, size_t count, const char *asked,
			   struct fail *f)
{
	char list[300], name[100];
	size_t used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < count && used < sizeof list; i++) {
		const struct device *d = &devices[i];
		(void)text_to_utf8(d->props.deviceName,
				   strnlen(d->props.deviceName, sizeof d->props.deviceName), name,
				   sizeof name);
		used += (size_t)snprintf(list + used, sizeof list - used, "%s'%s' (%s%s)",
					 used ? ", " : "", name,
					 device_type_name(d->props.deviceType),
					 d->queue_family < 0 ? ", cannot compute" : "");
	}
	(void)fail_set(f, END_BAD_JOB, NULL, "no Vulkan device is '%s'; there is %s", asked,
		       list[0] ? list : "none at all");
}

const struct device *device_choose(const struct device *devices, size_t count,
				   enum compute_device choice, const char *name, struct fail *f)
{
	static const char *const asked[] = {
	    [DEVICE_ANY] = "any", [DEVICE_SOFTWARE] = "software", [DEVICE_HARDWARE] = "hardware"};
	const struct device *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct device *d = &devices[i];
		if (d->queue_family >= 0 && matches(d, choice, name) &&
		    (!best || rank(d) > rank(best)))
			best = d;
	}
	if (!best)
		nothing_chosen(devices, count, choice == DEVICE_NAMED ? name : asked[choice], f);
	return best;
}
