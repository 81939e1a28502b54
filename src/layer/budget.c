/* SPDX-License-Identifier: Apache-2.0 */
/* See budget.h. */
#include "layer/budget.h"

#include "layer/memory.h"
#include "layer/row.h"

/* A number that no driver gives: still there afterwards, the driver did not know the structure. */
#define UNTOUCHED 0x5afe5afe5afe5afeu

static VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget_in(void *next)
{
	const VkPhysicalDeviceMemoryBudgetPropertiesEXT *b = chain_find(
	    next, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT);
	return (VkPhysicalDeviceMemoryBudgetPropertiesEXT *)(uintptr_t)b;
}

static void record(unsigned row, uint32_t heaps, const VkPhysicalDeviceMemoryBudgetPropertiesEXT *b)
{
	if (row >= PAGE_DEVICES)
		return;
	struct page_device *r = &here_page()->devices[row];
	for (uint32_t h = 0; h < heaps; h++) {
		atomic_store(&r->heaps[h].budget, b->heapBudget[h]);
		atomic_store(&r->heaps[h].usage, b->heapUsage[h]);
		word_min(&r->heaps[h].budget_min, b->heapBudget[h]);
		word_max(&r->heaps[h].usage_max, b->heapUsage[h]);
	}
	atomic_store(&r->budget_at_ns, now_ns());
	here_count(PAGE_COUNT_BUDGET_READS, 1);
}

/* What this process holds in a heap of the device. */
static uint64_t own_bytes(unsigned row, uint32_t heap)
{
	return row < PAGE_DEVICES ? atomic_load(&here_slot()->bytes[row][heap]) : 0;
}

/*
 * usage is what this process holds, budget what it may come to hold: with the job's limit there is left what
 * both the driver and the limit leave. The driver's usage cannot be kept then, because some
 * count other processes as well (lavapipe: the whole system).
 */
static void fit(unsigned row, const VkPhysicalDeviceMemoryProperties *m, bool from_driver,
		VkPhysicalDeviceMemoryBudgetPropertiesEXT *b)
{
	uint64_t left = memory_left();

	for (uint32_t h = 0; h < m->memoryHeapCount; h++) {
		uint64_t own = own_bytes(row, h), size = m->memoryHeaps[h].size;
		bool limited = left != PAGE_NO_LIMIT &&
			       m->memoryHeaps[h].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT;
		if (from_driver && !limited)
			continue;
		uint64_t all = row < PAGE_DEVICES ? page_heap_bytes(here_page(), row, h) : own;
		uint64_t room = all < size ? size - all : 0;
		if (from_driver)
			room = b->heapBudget[h] > b->heapUsage[h]
				   ? b->heapBudget[h] - b->heapUsage[h]
				   : 0;
		if (limited && left < room)
			room = left;
		/* heapBudget must not be 0 (VkPhysicalDeviceMemoryBudgetPropertiesEXT). */
		uint64_t budget = own + room ? own + room : 1;
		b->heapBudget[h] = budget < size ? budget : size;
		b->heapUsage[h] = own;
	}
	for (uint32_t h = m->memoryHeapCount; h < VK_MAX_MEMORY_HEAPS; h++)
		b->heapBudget[h] = b->heapUsage[h] = 0;
}

/* Careless programs ask an instance that does not have it. The loader's own answer would come back to us. */
static void ask(const struct instance *i, VkPhysicalDevice physical,
		VkPhysicalDeviceMemoryProperties2 *ret)
{
	if (i->next.GetPhysicalDeviceMemoryProperties2)
		i->next.GetPhysicalDeviceMemoryProperties2(physical, ret);
	else
		i->next.GetPhysicalDeviceMemoryProperties(physical, &ret->memoryProperties);
}

VKAPI_ATTR void VKAPI_CALL hook_GetPhysicalDeviceMemoryProperties2(
    VkPhysicalDevice physical, VkPhysicalDeviceMemoryProperties2 *properties)
{
	struct instance *i = instance_of(physical);
	VkPhysicalDeviceMemoryBudgetPropertiesEXT *b = budget_in(properties->pNext);

	if (b)
		b->heapBudget[0] = UNTOUCHED;
	ask(i, physical, properties);
	if (!b)
		return;
	const VkPhysicalDeviceMemoryProperties *m = &properties->memoryProperties;
	bool from_driver = b->heapBudget[0] != UNTOUCHED;
	unsigned row = row_of(i, physical);
	if (from_driver)
		record(row, m->memoryHeapCount, b);
	fit(row, m, from_driver, b);
}

void budget_read(const struct device *d)
{
	VkPhysicalDeviceMemoryBudgetPropertiesEXT b = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
	VkPhysicalDeviceMemoryProperties2 m = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, .pNext = &b};

	d->instance->next.GetPhysicalDeviceMemoryProperties2(d->physical, &m);
	record(d->row, m.memoryProperties.memoryHeapCount, &b);
}
