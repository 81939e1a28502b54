/* SPDX-License-Identifier: Apache-2.0 */
/* What the page says about a physical device: written once, by the first process that uses it. */
#include "layer/row.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_extension(const struct instance *i, VkPhysicalDevice physical, const char *name)
{
	uint32_t count = 0;
	bool found = false;

	if (i->next.EnumerateDeviceExtensionProperties(physical, NULL, &count, NULL) != VK_SUCCESS)
		return false;
	VkExtensionProperties *list = calloc(count + 1, sizeof *list);
	if (list && i->next.EnumerateDeviceExtensionProperties(physical, NULL, &count, list) >= 0)
		for (uint32_t n = 0; n < count && !found; n++)
			found = strcmp(list[n].extensionName, name) == 0;
	free(list);
	return found;
}

static void copy_text(char *to, size_t size, const char *from)
{
	size_t n = strnlen(from, size - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

/* All that the driver tells about itself; what a structure of 1.0 cannot say stays empty. */
static void describe(const struct instance *i, VkPhysicalDevice physical, struct page_device *r)
{
	VkPhysicalDevicePCIBusInfoPropertiesEXT pci = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT};
	VkPhysicalDeviceDriverProperties driver = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
	VkPhysicalDeviceIDProperties id = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
					   .pNext = &driver};
	VkPhysicalDeviceProperties2 p = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
					 .pNext = &id};
	bool has_pci = has_extension(i, physical, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME);

	if (has_pci)
		driver.pNext = &pci;
	i->next.GetPhysicalDeviceProperties(physical, &p.properties);
	if (i->next.GetPhysicalDeviceProperties2 && p.properties.apiVersion >= VK_API_VERSION_1_1) {
		i->next.GetPhysicalDeviceProperties2(physical, &p);
		r->has_uuid = 1;
		memcpy(r->uuid, id.deviceUUID, sizeof r->uuid);
		r->driver_id = driver.driverID;
		copy_text(r->driver_name, sizeof r->driver_name, driver.driverName);
		copy_text(r->driver_info, sizeof r->driver_info, driver.driverInfo);
		if (has_pci)
			(void)snprintf(r->pci, sizeof r->pci, "%04x:%02x:%02x.%x",
				       pci.pciDomain & 0xffff, pci.pciBus & 0xff,
				       pci.pciDevice & 0xff, pci.pciFunction & 0xf);
	}
	r->type = p.properties.deviceType;
	r->vendor_id = p.properties.vendorID;
	r->device_id = p.properties.deviceID;
	r->api_version = p.properties.apiVersion;
	r->driver_version = p.properties.driverVersion;
	r->timestamp_period_ns = p.properties.limits.timestampPeriod;
	copy_text(r->name, sizeof r->name, p.properties.deviceName);
}

static void describe_rest(const struct instance *i, VkPhysicalDevice physical,
			  struct page_device *r)
{
	VkPhysicalDeviceMemoryProperties memory;
	VkQueueFamilyProperties families[16];
	uint32_t count = 16;

	i->next.GetPhysicalDeviceMemoryProperties(physical, &memory);
	r->heap_count = memory.memoryHeapCount;
	for (uint32_t h = 0; h < memory.memoryHeapCount && h < PAGE_HEAPS; h++) {
		r->heaps[h].size = memory.memoryHeaps[h].size;
		r->heaps[h].flags = memory.memoryHeaps[h].flags;
	}
	r->has_budget = has_extension(i, physical, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
	i->next.GetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
	for (uint32_t n = 0; n < count; n++)
		if (families[n].queueFlags & VK_QUEUE_COMPUTE_BIT &&
		    families[n].timestampValidBits > r->timestamp_bits)
			r->timestamp_bits = families[n].timestampValidBits;
}

static bool is_same(const struct page_device *a, const struct page_device *b)
{
	return a->has_uuid == b->has_uuid && a->vendor_id == b->vendor_id &&
	       a->device_id == b->device_id && memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0 &&
	       memcmp(a->name, b->name, sizeof a->name) == 0;
}

/* Everything but the state and what changes later. */
static void fill(struct page_device *to, const struct page_device *from)
{
	memcpy((char *)to + offsetof(struct page_device, type),
	       (const char *)from + offsetof(struct page_device, type),
	       sizeof *to - offsetof(struct page_device, type));
	atomic_store_explicit(&to->state, PAGE_ROW_READY, memory_order_release);
}

/* Another process may be writing the row just now; one that died while it did is passed over. */
static uint32_t settled(const struct page_device *r)
{
	uint32_t state = atomic_load_explicit(&r->state, memory_order_acquire);

	for (int i = 0; i < 1000 && state == PAGE_ROW_WRITING; i++) {
		(void)sched_yield();
		state = atomic_load_explicit(&r->state, memory_order_acquire);
	}
	return state;
}

static unsigned find_row(const struct page_device *mine)
{
	struct telemetry_page *p = here_page();

	for (unsigned n = 0; n < PAGE_DEVICES; n++) {
		struct page_device *r = &p->devices[n];
		uint32_t free_row = PAGE_ROW_FREE;
		if (atomic_compare_exchange_strong(&r->state, &free_row, PAGE_ROW_WRITING)) {
			fill(r, mine);
			return n;
		}
		if (settled(r) == PAGE_ROW_READY && is_same(r, mine))
			return n;
	}
	return PAGE_DEVICES;
}

static unsigned look(struct instance *i, VkPhysicalDevice physical, bool *ret_has_budget)
{
	struct page_device mine = {0};
	unsigned n = 0;

	(void)pthread_mutex_lock(&i->lock);
	while (n < PAGE_DEVICES && i->physical[n].handle && i->physical[n].handle != physical)
		n++;
	if (n < PAGE_DEVICES && i->physical[n].handle) {
		unsigned row = i->physical[n].row;
		*ret_has_budget = i->physical[n].has_budget;
		(void)pthread_mutex_unlock(&i->lock);
		return row;
	}
	describe(i, physical, &mine);
	describe_rest(i, physical, &mine);
	unsigned row = find_row(&mine);
	*ret_has_budget = mine.has_budget;
	if (n < PAGE_DEVICES) {
		i->physical[n].handle = physical;
		i->physical[n].row = row;
		i->physical[n].has_budget = mine.has_budget;
	}
	(void)pthread_mutex_unlock(&i->lock);
	return row;
}

unsigned row_of(struct instance *i, VkPhysicalDevice physical)
{
	bool has_budget;

	return look(i, physical, &has_budget);
}

bool row_has_budget(struct instance *i, VkPhysicalDevice physical)
{
	bool has_budget;

	(void)look(i, physical, &has_budget);
	return has_budget;
}
