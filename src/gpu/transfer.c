/* SPDX-License-Identifier: Apache-2.0 */
/* Each slot has its own commands and fence: it is free once the fence is signalled. */
#include "gpu/transfer.h"

static int open_slot(struct transfer *t, struct transfer_slot *s, struct fail *f)
{
	struct gpu *g = t->gpu;
	VkCommandBufferAllocateInfo commands = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
	    .commandPool = t->pool,
	    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
	    .commandBufferCount = 1,
	};
	VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};

	if (gpu_buffer_create(g, t->slot_bytes, GPU_FOR_STAGING, &s->buffer, f) < 0)
		return -1;
	VkResult r = g->AllocateCommandBuffers(g->device, &commands, &s->commands);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkAllocateCommandBuffers", "copy to or from the device");
	r = g->CreateFence(g->device, &fence, NULL, &s->fence);
	return r == VK_SUCCESS ? 0 : fail_vk(f, r, "vkCreateFence", "copy to or from the device");
}

/* A piece must hold at least one unit, and its size be a multiple of 4, as copies want it. */
static int transfer_open(struct transfer *t, uint64_t unit, struct fail *f)
{
	struct gpu *g = t->gpu;
	uint64_t want = g->test_staging ? g->test_staging : TRANSFER_SLOT_BYTES;
	VkCommandPoolCreateInfo pool = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
	    .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
	    .queueFamilyIndex = g->queues[0].family,
	};

	if (want < 4 * unit)
		want = 4 * unit;
	if (t->slot_bytes >= want)
		return 0;
	transfer_done(t);
	t->slot_bytes = want;
	VkResult r = g->CreateCommandPool(g->device, &pool, NULL, &t->pool);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkCreateCommandPool", "copy to or from the device");
	for (size_t i = 0; i < TRANSFER_SLOTS; i++)
		if (open_slot(t, &t->slots[i], f) < 0)
			return -1;
	return 0;
}

static int wait_for(struct transfer *t, struct transfer_slot *s, struct fail *f)
{
	if (!s->busy)
		return 0;
	s->busy = false;
	VkResult r = t->gpu->WaitForFences(t->gpu->device, 1, &s->fence, VK_TRUE, UINT64_MAX);
	return r == VK_SUCCESS ? 0 : fail_vk(f, r, "vkWaitForFences", "wait for the device");
}

static void barrier(struct transfer *t, const struct transfer_slot *s, const VkMemoryBarrier *b,
		    VkPipelineStageFlags from, VkPipelineStageFlags to)
{
	t->gpu->CmdPipelineBarrier(s->commands, from, to, 0, 1, b, 0, NULL, 0, NULL);
}

/* What kernels wrote is copied, and what is copied they and the host will read. */
static int submit_copy(struct transfer *t, struct transfer_slot *s, VkBuffer from, VkBuffer to,
		       const VkBufferCopy *copy, struct fail *f)
{
	static const VkMemoryBarrier before = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
					       .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
					       .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT |
								VK_ACCESS_TRANSFER_WRITE_BIT};
	static const VkMemoryBarrier after = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
					      .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
					      .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT |
							       VK_ACCESS_MEMORY_WRITE_BIT |
							       VK_ACCESS_HOST_READ_BIT};
	struct gpu *g = t->gpu;
	VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
					  .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
	VkSubmitInfo submit = {
	    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
	    .commandBufferCount = 1,
	    .pCommandBuffers = &s->commands,
	};
	VkResult r = g->BeginCommandBuffer(s->commands, &begin);

	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkBeginCommandBuffer", "record commands");
	barrier(t, s, &before, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT);
	g->CmdCopyBuffer(s->commands, from, to, 1, copy);
	barrier(t, s, &after, VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT);
	r = g->EndCommandBuffer(s->commands);
	if (r == VK_SUCCESS)
		r = g->ResetFences(g->device, 1, &s->fence);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkEndCommandBuffer", "record commands");
	r = g->QueueSubmit(g->queues[0].handle, 1, &submit, s->fence);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkQueueSubmit", "submit work");
	s->busy = true;
	return 0;
}

static uint64_t piece_size(const struct transfer *t, uint64_t left, uint64_t unit)
{
	uint64_t most = t->slot_bytes / (4 * unit) * (4 * unit);

	return left < most ? left : most;
}

static uint64_t padded(uint64_t bytes)
{
	return (bytes + 3) / 4 * 4;
}

int transfer_up(struct transfer *t, const struct gpu_buffer *to, uint64_t bytes,
		const struct transfer_end *from, struct fail *f)
{
	if (transfer_open(t, from->unit, f) < 0)
		return -1;
	for (uint64_t at = 0, turn = 0; at < bytes; turn++) {
		struct transfer_slot *s = &t->slots[turn % TRANSFER_SLOTS];
		uint64_t part = piece_size(t, bytes - at, from->unit);
		if (wait_for(t, s, f) < 0)
			return -1;
		memset(s->buffer.map + padded(part) - 4, 0, 4);
		if (from->move(from->arg, s->buffer.map, part, f) < 0)
			return -1;
		VkBufferCopy copy = {.dstOffset = at, .size = padded(part)};
		if (submit_copy(t, s, s->buffer.buffer, to->buffer, &copy, f) < 0)
			return -1;
		at += part;
	}
	for (size_t i = 0; i < TRANSFER_SLOTS; i++)
		if (wait_for(t, &t->slots[i], f) < 0)
			return -1;
	return 0;
}

int transfer_down(struct transfer *t, const struct gpu_buffer *from, uint64_t bytes,
		  const struct transfer_end *to, struct fail *f)
{
	uint64_t asked = 0, ask = 0;

	if (transfer_open(t, to->unit, f) < 0)
		return -1;
	for (uint64_t at = 0, turn = 0; at < bytes; turn++) {
		for (; asked < bytes && ask < turn + TRANSFER_SLOTS; ask++) {
			struct transfer_slot *s = &t->slots[ask % TRANSFER_SLOTS];
			s->bytes = piece_size(t, bytes - asked, to->unit);
			VkBufferCopy copy = {.srcOffset = asked, .size = padded(s->bytes)};
			if (submit_copy(t, s, from->buffer, s->buffer.buffer, &copy, f) < 0)
				return -1;
			asked += s->bytes;
		}
		struct transfer_slot *s = &t->slots[turn % TRANSFER_SLOTS];
		if (wait_for(t, s, f) < 0 || to->move(to->arg, s->buffer.map, s->bytes, f) < 0)
			return -1;
		at += s->bytes;
	}
	return 0;
}

void transfer_done(struct transfer *t)
{
	if (!t->gpu)
		return;
	for (size_t i = 0; i < TRANSFER_SLOTS; i++) {
		struct transfer_slot *s = &t->slots[i];
		struct fail ignored = FAIL_INIT; /* the first cause has been told */
		(void)wait_for(t, s, &ignored);
		if (s->fence)
			t->gpu->DestroyFence(t->gpu->device, s->fence, NULL);
		if (s->buffer.buffer)
			gpu_buffer_destroy(t->gpu, &s->buffer);
		*s = (struct transfer_slot){.busy = false};
	}
	if (t->pool)
		t->gpu->DestroyCommandPool(t->gpu->device, t->pool, NULL);
	t->pool = VK_NULL_HANDLE;
	t->slot_bytes = 0;
}
