/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers in device memory. Where device memory is host memory (software, integrated) it is mapped
 * and nothing is copied; elsewhere copies go through staging buffers (transfer.c).
 */
#include "gpu/gpu.h"

#include "base/auto.h"
#include "base/text.h"
#include "gpu/image.h"

static int find_type(const struct gpu *g, uint32_t allowed, VkMemoryPropertyFlags want)
{
	for (uint32_t i = 0; i < g->info->memory.memoryTypeCount; i++)
		if (allowed & 1u << i &&
		    (g->info->memory.memoryTypes[i].propertyFlags & want) == want)
			return (int)i;
	return -1;
}

static int choose_type(const struct gpu *g, uint32_t allowed, enum gpu_place place,
		       bool *ret_mapped)
{
	const VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
					   VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
	VkPhysicalDeviceType kind = g->info->props.deviceType;
	int type = -1;

	*ret_mapped = true;
	if (place == GPU_FOR_STAGING || place == GPU_FOR_GUARD) {
		type = find_type(g, allowed, host | VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
		return type >= 0 ? type : find_type(g, allowed, host);
	}
	/* A discrete device may offer its memory through a window, but reading through it is slow. */
	if (place == GPU_FOR_KERNELS && !g->test_staging &&
	    (kind == VK_PHYSICAL_DEVICE_TYPE_CPU || kind == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU))
		type = find_type(g, allowed, host | VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
	if (type >= 0)
		return type;
	*ret_mapped = false;
	type = find_type(g, allowed, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
	return type >= 0 ? type : find_type(g, allowed, 0);
}

int gpu_too_much(struct fail *f, uint64_t needed, uint64_t available, const char *what)
{
	char want[32], have[32];

	(void)fail_set(f, END_DEVICE_MEMORY, NULL, "%s needed, %s is %s",
		       text_print_size(needed, want, sizeof want), what,
		       text_print_size(available, have, sizeof have));
	f->needed = needed;
	f->available = available;
	return -1;
}

static uint64_t budget_left(const struct gpu *g, uint32_t heap)
{
	VkPhysicalDeviceMemoryBudgetPropertiesEXT now;

	if (!device_budget(g->vk, g->info, &now))
		return UINT64_MAX;
	return now.heapBudget[heap] > now.heapUsage[heap]
		   ? now.heapBudget[heap] - now.heapUsage[heap]
		   : 0;
}

static bool is_local(const struct gpu *g, uint32_t heap)
{
	return g->info->memory.memoryHeaps[heap].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT;
}

uint64_t gpu_budget_left(const struct gpu *g)
{
	uint64_t most = 0, left;

	if (!g->info->has_budget)
		return UINT64_MAX;
	for (uint32_t i = 0; i < g->info->memory.memoryHeapCount; i++)
		if (is_local(g, i) && (left = budget_left(g, i)) > most)
			most = left;
	return most;
}

uint64_t gpu_budget_all(const struct gpu *g)
{
	VkPhysicalDeviceMemoryBudgetPropertiesEXT now;
	uint64_t all = 0;

	if (!device_budget(g->vk, g->info, &now))
		return UINT64_MAX;
	for (uint32_t i = 0; i < g->info->memory.memoryHeapCount; i++)
		if (is_local(g, i) && __builtin_add_overflow(all, now.heapBudget[i], &all))
			return UINT64_MAX;
	return all;
}

int gpu_allocate(struct gpu *g, const VkMemoryRequirements *need, enum gpu_place place,
		 struct gpu_memory *ret, struct fail *f)
{
	bool mappable;
	int type = choose_type(g, need->memoryTypeBits, place, &mappable);

	if (type < 0)
		return fail_set(f, END_FAILED, NULL, "the device has no memory type for this");
	uint32_t index = g->info->memory.memoryTypes[type].heapIndex;
	const VkMemoryHeap *heap = &g->info->memory.memoryHeaps[index];
	/* Staging memory beside a discrete device is the host's and not what the limit is about. */
	bool counted = heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT && place != GPU_FOR_GUARD;
	if (counted && g->limit && (need->size > g->limit || g->allocated > g->limit - need->size))
		return gpu_too_much(f, g->allocated + need->size, g->limit,
				    "the limit of device memory");
	if (need->size > heap->size)
		return gpu_too_much(f, need->size, heap->size, "the device's heap");
	uint64_t left = budget_left(g, index);
	if (need->size > left)
		return gpu_too_much(f, need->size, left, "what the driver's memory budget leaves");
	if (need->size > g->info->max_allocation)
		return gpu_too_much(f, need->size, g->info->max_allocation,
				    "the device's largest single allocation");
	VkMemoryAllocateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
	    .allocationSize = need->size,
	    .memoryTypeIndex = (uint32_t)type,
	};
	VkResult r = g->AllocateMemory(g->device, &info, NULL, &ret->handle);
	if (r != VK_SUCCESS) {
		ret->handle = VK_NULL_HANDLE;
		f->bytes = f->needed = need->size;
		return fail_vk(f, r, "vkAllocateMemory", "allocate device memory");
	}
	ret->counted = counted ? need->size : 0;
	ret->mappable = mappable;
	g->allocated += ret->counted;
	return 0;
}

void gpu_free(struct gpu *g, struct gpu_memory *m)
{
	if (m->handle)
		g->FreeMemory(g->device, m->handle, NULL); /* unmaps as well */
	g->allocated -= m->counted;
	*m = (struct gpu_memory){.counted = 0};
}

static int bind_memory(struct gpu *g, struct gpu_buffer *b, struct fail *f)
{
	void *map = NULL;
	VkResult r = g->BindBufferMemory(g->device, b->buffer, b->memory.handle, 0);

	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkBindBufferMemory", "use device memory");
	if (!b->memory.mappable)
		return 0;
	r = g->MapMemory(g->device, b->memory.handle, 0, VK_WHOLE_SIZE, 0, &map);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkMapMemory", "map device memory");
	b->map = map;
	return 0;
}

static VkBufferUsageFlags usage_of(enum gpu_place place)
{
	VkBufferUsageFlags copied = VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
				    VK_BUFFER_USAGE_TRANSFER_DST_BIT;

	if (place == GPU_FOR_GUARD)
		return VK_BUFFER_USAGE_CONDITIONAL_RENDERING_BIT_EXT;
	return place == GPU_FOR_KERNELS ? copied | VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
					      VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT
					: copied;
}

int gpu_buffer_create(struct gpu *g, uint64_t bytes, enum gpu_place place, struct gpu_buffer *ret,
		      struct fail *f)
{
	struct gpu_buffer b = {.size = bytes ? (bytes + 3) / 4 * 4 : 4};
	VkBufferCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
	    .size = b.size,
	    .sharingMode = g->family_count > 1 ? VK_SHARING_MODE_CONCURRENT
					       : VK_SHARING_MODE_EXCLUSIVE,
	    .queueFamilyIndexCount = g->family_count,
	    .pQueueFamilyIndices = g->families,
	    .usage = usage_of(place),
	};
	VkMemoryRequirements need;
	VkResult r = g->CreateBuffer(g->device, &info, NULL, &b.buffer);

	if (r != VK_SUCCESS) {
		f->bytes = f->needed = b.size;
		return fail_vk(f, r, "vkCreateBuffer", "make a buffer");
	}
	g->GetBufferMemoryRequirements(g->device, b.buffer, &need);
	if (gpu_allocate(g, &need, place, &b.memory, f) < 0 || bind_memory(g, &b, f) < 0) {
		gpu_buffer_destroy(g, &b);
		return -1;
	}
	*ret = b;
	return 0;
}

void gpu_buffer_destroy(struct gpu *g, struct gpu_buffer *b)
{
	image_free(g, b->image);
	if (b->buffer)
		g->DestroyBuffer(g->device, b->buffer, NULL);
	gpu_free(g, &b->memory);
	*b = (struct gpu_buffer){.size = 0};
}

void gpu_barrier(struct gpu *g, VkPipelineStageFlags from, VkAccessFlags wrote,
		 VkPipelineStageFlags to, VkAccessFlags reads)
{
	VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
				   .srcAccessMask = wrote,
				   .dstAccessMask = reads};

	/* Kernels read through uniform blocks as well, which Vulkan counts apart. */
	if (reads & VK_ACCESS_SHADER_READ_BIT)
		barrier.dstAccessMask |= VK_ACCESS_UNIFORM_READ_BIT;
	g->CmdPipelineBarrier(g->commands, from, to, 0, 1, &barrier, 0, NULL, 0, NULL);
}

/* Everything that steps do, in one of the two scopes of a barrier. */
enum {
	STEP_STAGES = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
	STEP_WRITES = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
	STEP_READS = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_UNIFORM_READ_BIT |
		     VK_ACCESS_TRANSFER_READ_BIT,
};

void gpu_order_steps(struct gpu *g)
{
	gpu_barrier(g, STEP_STAGES, STEP_WRITES, STEP_STAGES, STEP_READS | STEP_WRITES);
}

void gpu_show_writes(struct gpu *g)
{
	gpu_barrier(g, STEP_STAGES, STEP_WRITES,
		    VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
		    VK_ACCESS_HOST_READ_BIT | VK_ACCESS_TRANSFER_READ_BIT);
}

int gpu_make_visible(struct gpu *g, struct fail *f)
{
	gpu_show_writes(g);
	return gpu_finish(g, f);
}
