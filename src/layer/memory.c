/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vkAllocateMemory and vkFreeMemory. Every allocation comes through here: dedicated, exportable, protected, and
 * what sparse resources are bound to. Imported memory exists already, and belongs to whom it was
 * allocated by, so within a job it is counted once. What the driver allocates for itself is not seen.
 */
#include "layer/memory.h"

#include <stdlib.h>

#include "layer/event.h"
#include "layer/map.h"

struct held {
	uint64_t bytes;
	uint32_t heap;
};

struct memory {
	pthread_mutex_t lock;
	struct map held;
	size_t reserved; /* allocations that are being made: there is room for them */
};

bool memory_init(struct device *d)
{
	struct memory *m = calloc(1, sizeof *m);

	if (!m || pthread_mutex_init(&m->lock, NULL) != 0) {
		free(m);
		return false;
	}
	d->memory = m;
	return true;
}

/* Room is made before the driver is asked, so that no allocation goes unrecorded. NULL: there is none. */
static struct held *reserve(struct memory *m)
{
	struct held *h = malloc(sizeof *h);

	(void)pthread_mutex_lock(&m->lock);
	if (h && map_reserve(&m->held, m->reserved + 1) == 0) {
		m->reserved++;
	} else {
		free(h);
		h = NULL;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return h;
}

static void unreserve(struct memory *m, struct held *h)
{
	(void)pthread_mutex_lock(&m->lock);
	m->reserved--;
	(void)pthread_mutex_unlock(&m->lock);
	free(h);
}

static void remember(struct memory *m, VkDeviceMemory handle, struct held *h)
{
	(void)pthread_mutex_lock(&m->lock);
	m->reserved--;
	(void)map_put(&m->held, (uint64_t)handle, h);
	(void)pthread_mutex_unlock(&m->lock);
}

static struct held *forget(struct memory *m, VkDeviceMemory handle)
{
	(void)pthread_mutex_lock(&m->lock);
	struct held *h = map_take(&m->held, (uint64_t)handle);
	(void)pthread_mutex_unlock(&m->lock);
	return h;
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
	struct held *h;

	if (!m)
		return;
	for (size_t at = 0; (h = map_next(&m->held, &at));) {
		give_back(d, h->heap, h->bytes);
		free(h);
	}
	map_done(&m->held);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
	d->memory = NULL;
}

void memory_after_fork(struct device *d)
{
	/* The table may be half changed, and what is in it is not this process' to account for. */
	*d->memory = (struct memory){.reserved = 0};
	(void)pthread_mutex_init(&d->memory->lock, NULL);
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
	struct held *h = reserve(d->memory);
	if (!h)
		return VK_ERROR_OUT_OF_HOST_MEMORY;
	*h = (struct held){bytes, heap};
	if (!take(d, heap, bytes)) {
		unreserve(d->memory, h);
		return refuse(d, heap, bytes);
	}
	VkResult result = d->next.AllocateMemory(device, info, allocator, ret);
	if (result != VK_SUCCESS) {
		give_back(d, heap, bytes);
		unreserve(d->memory, h);
		return refused_by_driver(d, heap, bytes, result);
	}
	remember(d->memory, *ret, h);
	taken(d, heap);
	count_kinds(d, info);
	return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL hook_FreeMemory(VkDevice device, VkDeviceMemory memory,
					   const VkAllocationCallbacks *allocator)
{
	struct device *d = device_of(device);
	struct held *h = forget(d->memory, memory);

	d->next.FreeMemory(device, memory, allocator);
	/* Afterwards: until now it was there. */
	if (h)
		give_back(d, h->heap, h->bytes);
	free(h);
}
