/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vkAllocateMemory and vkFreeMemory. Every allocation comes through here: dedicated, exportable, protected, and
 * what sparse resources are bound to. Imported memory exists already, and belongs to whom it was
 * allocated by, so within a job it is counted once. What the driver allocates for itself is not seen.
 */
#include "layer/memory.h"

#include <stdlib.h>

#include "layer/event.h"

struct held {
	VkDeviceMemory handle;
	uint64_t bytes;
	uint32_t heap;
};

/* Open addressing; a free place has VK_NULL_HANDLE. size is a power of two, at most half of it full. */
struct memory {
	pthread_mutex_t lock;
	struct held *held;
	size_t size, count;
};

bool memory_init(struct device *d)
{
	struct memory *m = calloc(1, sizeof *m);

	if (!m)
		return false;
	m->size = 64;
	m->held = calloc(m->size, sizeof *m->held);
	if (!m->held || pthread_mutex_init(&m->lock, NULL) != 0) {
		free(m->held);
		free(m);
		return false;
	}
	d->memory = m;
	return true;
}

static size_t place_of(const struct memory *m, VkDeviceMemory handle)
{
	uint64_t h = (uint64_t)handle * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(h >> 32) & (m->size - 1);

	while (m->held[i].handle && m->held[i].handle != handle)
		i = (i + 1) & (m->size - 1);
	return i;
}

static bool grow(struct memory *m)
{
	struct memory bigger = {.size = m->size * 2};

	bigger.held = calloc(bigger.size, sizeof *bigger.held);
	if (!bigger.held)
		return false;
	for (size_t i = 0; i < m->size; i++)
		if (m->held[i].handle)
			bigger.held[place_of(&bigger, m->held[i].handle)] = m->held[i];
	free(m->held);
	m->held = bigger.held;
	m->size = bigger.size;
	return true;
}

/* Room is made before the driver is asked, so that no allocation goes unrecorded. */
static bool reserve(struct memory *m)
{
	(void)pthread_mutex_lock(&m->lock);
	bool ok = (m->count + 1) * 2 <= m->size || grow(m);
	m->count += ok;
	(void)pthread_mutex_unlock(&m->lock);
	return ok;
}

static void unreserve(struct memory *m)
{
	(void)pthread_mutex_lock(&m->lock);
	m->count--;
	(void)pthread_mutex_unlock(&m->lock);
}

static void remember(struct memory *m, struct held h)
{
	(void)pthread_mutex_lock(&m->lock);
	m->held[place_of(m, h.handle)] = h;
	(void)pthread_mutex_unlock(&m->lock);
}

/* Takes it out and moves those back that had to go past it. */
static struct held forget(struct memory *m, VkDeviceMemory handle)
{
	(void)pthread_mutex_lock(&m->lock);
	size_t at = place_of(m, handle);
	struct held found = m->held[at];
	if (found.handle) {
		m->count--;
		m->held[at] = (struct held){0};
		for (size_t i = (at + 1) & (m->size - 1); m->held[i].handle;
		     i = (i + 1) & (m->size - 1)) {
			struct held h = m->held[i];
			m->held[i] = (struct held){0};
			m->held[place_of(m, h.handle)] = h;
		}
	}
	(void)pthread_mutex_unlock(&m->lock);
	return found;
}

static bool is_local(const struct device *d, uint32_t heap)
{
	return d->memory_types.memoryHeaps[heap].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT;
}

static void give_back(const struct device *d, uint32_t heap, uint64_t bytes)
{
	struct page_slot *s = here_slot();

	/* After a fork the child has its parent's handles, and not its account. */
	if (d->slot != s)
		return;
	if (d->row < PAGE_DEVICES)
		atomic_fetch_sub(&s->bytes[d->row][heap], bytes);
	if (is_local(d, heap))
		atomic_fetch_sub(&s->counted, bytes);
}

void memory_done(struct device *d)
{
	struct memory *m = d->memory;

	if (!m)
		return;
	for (size_t i = 0; i < m->size; i++)
		if (m->held[i].handle)
			give_back(d, m->held[i].heap, m->held[i].bytes);
	(void)pthread_mutex_destroy(&m->lock);
	free(m->held);
	free(m);
	d->memory = NULL;
}

uint64_t memory_left(void)
{
	uint64_t hard = atomic_load(&here_control()->memory_hard);
	uint64_t held = page_counted(here_page());

	return hard == PAGE_NO_LIMIT ? hard : held < hard ? hard - held : 0;
}

static void tell_soft(const struct device *d, uint32_t heap, uint64_t sum)
{
	struct telemetry_page *p = here_page();
	uint64_t none = 0;

	if (!atomic_compare_exchange_strong(&p->soft_ns, &none, now_ns()))
		return;
	event_write(&(const struct page_event){.kind = PAGE_EVENT_SOFT,
					       .call = PAGE_CALL_vkAllocateMemory,
					       .device = (uint16_t)d->row,
					       .heap = (uint16_t)heap,
					       .bytes = sum});
	here_tell(PAGE_WORD_LOOK);
}

/*
 * Added first and looked at then: two processes at the same moment may both be refused, never both be
 * allowed. false: the job's limit forbids it, and nothing was taken.
 */
static bool take(const struct device *d, uint32_t heap, uint64_t bytes)
{
	const struct control_page *c = here_control();
	struct telemetry_page *p = here_page();
	struct page_slot *s = here_slot();

	if (d->slot != s)
		return true;
	if (is_local(d, heap)) {
		/* A size that no sum can hold must not wrap around. */
		if (bytes > d->memory_types.memoryHeaps[heap].size &&
		    atomic_load(&c->memory_hard) != PAGE_NO_LIMIT)
			return false;
		atomic_fetch_add(&s->counted, bytes);
		uint64_t sum = page_counted(p);
		if (sum > atomic_load(&c->memory_hard)) {
			atomic_fetch_sub(&s->counted, bytes);
			return false;
		}
	}
	if (d->row < PAGE_DEVICES)
		atomic_fetch_add(&s->bytes[d->row][heap], bytes);
	return true;
}

/* The driver gave it: peaks and the soft value are about memory that is there. */
static void taken(const struct device *d, uint32_t heap)
{
	struct telemetry_page *p = here_page();

	if (is_local(d, heap)) {
		uint64_t sum = page_counted(p);
		word_max(&p->memory_peak, sum);
		if (sum > atomic_load(&here_control()->memory_soft) &&
		    atomic_load(&p->soft_ns) == 0)
			tell_soft(d, heap, sum);
	}
	if (d->row < PAGE_DEVICES)
		word_max(&p->devices[d->row].heaps[heap].peak, page_heap_bytes(p, d->row, heap));
}

static VkResult refuse(const struct device *d, uint32_t heap, uint64_t bytes)
{
	here_count(PAGE_COUNT_REFUSED, 1);
	here_count(PAGE_COUNT_REFUSED_BYTES, bytes);
	event_write(&(const struct page_event){.kind = PAGE_EVENT_REFUSED,
					       .call = PAGE_CALL_vkAllocateMemory,
					       .result = VK_ERROR_OUT_OF_DEVICE_MEMORY,
					       .device = (uint16_t)d->row,
					       .heap = (uint16_t)heap,
					       .bytes = bytes});
	return VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

static VkResult refused_by_driver(const struct device *d, uint32_t heap, uint64_t bytes,
				  VkResult result)
{
	if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY) {
		here_count(PAGE_COUNT_DRIVER_REFUSED, 1);
		here_count(PAGE_COUNT_DRIVER_REFUSED_BYTES, bytes);
	}
	if (page_result_name(result))
		event_write(&(const struct page_event){.kind = PAGE_EVENT_RESULT,
						       .call = PAGE_CALL_vkAllocateMemory,
						       .result = result,
						       .device = (uint16_t)d->row,
						       .heap = (uint16_t)heap,
						       .bytes = bytes});
	return result;
}

static bool is_import(const void *chain)
{
	const VkImportMemoryFdInfoKHR *fd = chain_find(chain,
						       VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR);
	const VkImportMemoryHostPointerInfoEXT *host = chain_find(
	    chain, VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT);

	return (fd && fd->handleType) || (host && host->handleType);
}

/* With a device mask there is one instance for each device in it, in heaps that have several. */
static uint64_t all_instances(const struct device *d, const VkMemoryAllocateInfo *info,
			      uint32_t heap)
{
	const VkMemoryAllocateFlagsInfo *flags = chain_find(
	    info->pNext, VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO);

	if (!flags || !(flags->flags & VK_MEMORY_ALLOCATE_DEVICE_MASK_BIT) ||
	    !(d->memory_types.memoryHeaps[heap].flags & VK_MEMORY_HEAP_MULTI_INSTANCE_BIT))
		return info->allocationSize;
	return info->allocationSize * (uint64_t)__builtin_popcount(flags->deviceMask);
}

static void count_kinds(const struct device *d, const VkMemoryAllocateInfo *info)
{
	const VkExportMemoryAllocateInfo *export = chain_find(
	    info->pNext, VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO);

	here_count(PAGE_COUNT_ALLOCATIONS, 1);
	if (export && export->handleTypes)
		here_count(PAGE_COUNT_EXPORTS, 1);
	if (d->memory_types.memoryTypes[info->memoryTypeIndex].propertyFlags &
	    VK_MEMORY_PROPERTY_PROTECTED_BIT)
		here_count(PAGE_COUNT_PROTECTED, 1);
}

VKAPI_ATTR VkResult VKAPI_CALL hook_AllocateMemory(VkDevice device,
						   const VkMemoryAllocateInfo *info,
						   const VkAllocationCallbacks *allocator,
						   VkDeviceMemory *ret)
{
	struct device *d = device_of(device);

	/* An index out of range is the program's mistake, for the driver to answer. */
	if (info->memoryTypeIndex >= d->memory_types.memoryTypeCount)
		return d->next.AllocateMemory(device, info, allocator, ret);
	uint32_t heap = d->memory_types.memoryTypes[info->memoryTypeIndex].heapIndex;
	if (is_import(info->pNext)) {
		VkResult result = d->next.AllocateMemory(device, info, allocator, ret);
		if (result == VK_SUCCESS) {
			here_count(PAGE_COUNT_IMPORTS, 1);
			here_count(PAGE_COUNT_IMPORTED_BYTES, info->allocationSize);
		}
		return checked(d, PAGE_CALL_vkAllocateMemory, result);
	}
	uint64_t bytes = all_instances(d, info, heap);
	if (!reserve(d->memory))
		return VK_ERROR_OUT_OF_HOST_MEMORY;
	if (!take(d, heap, bytes)) {
		unreserve(d->memory);
		return refuse(d, heap, bytes);
	}
	VkResult result = d->next.AllocateMemory(device, info, allocator, ret);
	if (result != VK_SUCCESS) {
		give_back(d, heap, bytes);
		unreserve(d->memory);
		return refused_by_driver(d, heap, bytes, result);
	}
	remember(d->memory, (struct held){*ret, bytes, heap});
	taken(d, heap);
	count_kinds(d, info);
	return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL hook_FreeMemory(VkDevice device, VkDeviceMemory memory,
					   const VkAllocationCallbacks *allocator)
{
	struct device *d = device_of(device);
	struct held h = memory ? forget(d->memory, memory) : (struct held){0};

	d->next.FreeMemory(device, memory, allocator);
	/* Afterwards: until now it was there. */
	if (h.handle)
		give_back(d, h.heap, h.bytes);
}
