/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's queues: which ones a job gets, recording for them, submitting, waiting. What a job
 * does without naming queues goes through the first one.
 */
#include <assert.h>

#include "gpu/gpu.h"
#include "gpu/schedule.h"

static_assert((int)GPU_QUEUES == (int)SCHEDULE_QUEUES, "each queue can be scheduled");

/* ---- choosing ------------------------------------------------------------------------------ */

static unsigned take_family(const struct device *d, uint32_t family, unsigned have, unsigned want,
			    struct gpu_queue ret[static GPU_QUEUES])
{
	const VkQueueFamilyProperties *p = &d->families[family];

	for (uint32_t i = 0; i < p->queueCount && have < want; i++)
		ret[have++] = (struct gpu_queue){
		    .family = family, .index = i, .timestamp_valid_bits = p->timestampValidBits};
	return have;
}

unsigned queue_choose(const struct device *d, unsigned want,
		      struct gpu_queue ret[static GPU_QUEUES])
{
	uint32_t first = (uint32_t)d->queue_family;
	unsigned have;

	if (want > GPU_QUEUES)
		want = GPU_QUEUES;
	/* Work that overlaps can only be told apart by timestamps. */
	if (want == 0 || d->timestamp_valid_bits == 0)
		want = 1;
	/* Within one family nothing has to be shared between families. */
	have = take_family(d, first, 0, want, ret);
	for (uint32_t i = 0; i < d->family_count; i++)
		if (i != first && d->families[i].queueFlags & VK_QUEUE_COMPUTE_BIT &&
		    d->families[i].timestampValidBits > 0)
			have = take_family(d, i, have, want, ret);
	return have;
}

uint32_t queue_infos(const struct gpu *g, VkDeviceQueueCreateInfo ret[static GPU_QUEUES])
{
	static const float priorities[GPU_QUEUES] = {1, 1, 1, 1};
	uint32_t count = 0;

	/* Those of a family come one after the other. */
	for (unsigned i = 0; i < g->queue_count; i++) {
		if (count && ret[count - 1].queueFamilyIndex == g->queues[i].family) {
			ret[count - 1].queueCount++;
			continue;
		}
		ret[count++] = (VkDeviceQueueCreateInfo){
		    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		    .queueFamilyIndex = g->queues[i].family,
		    .queueCount = 1,
		    .pQueuePriorities = priorities,
		};
	}
	return count;
}

/* ---- opening ------------------------------------------------------------------------------- */

static int open_one(struct gpu *g, struct gpu_queue *q, struct fail *f)
{
	VkCommandPoolCreateInfo pool = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
	    .queueFamilyIndex = q->family,
	};
	VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};

	g->GetDeviceQueue(g->device, q->family, q->index, &q->handle);
	VkResult r = g->CreateCommandPool(g->device, &pool, NULL, &q->pool);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkCreateCommandPool", "open the device");
	VkCommandBufferAllocateInfo commands = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
	    .commandPool = q->pool,
	    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
	    .commandBufferCount = g->queue_count > 1 ? GPU_PIECES : 1,
	};
	r = g->AllocateCommandBuffers(g->device, &commands, q->commands);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkAllocateCommandBuffers", "open the device");
	r = g->CreateFence(g->device, &fence, NULL, &q->fence);
	return r == VK_SUCCESS ? 0 : fail_vk(f, r, "vkCreateFence", "open the device");
}

int queue_open_all(struct gpu *g, struct fail *f)
{
	for (unsigned i = 0; i < g->queue_count; i++) {
		if (i == 0 || g->queues[i].family != g->queues[i - 1].family)
			g->families[g->family_count++] = g->queues[i].family;
		if (open_one(g, &g->queues[i], f) < 0)
			return -1;
	}
	return 0;
}

void queue_close_all(struct gpu *g)
{
	for (unsigned i = 0; i < g->queue_count; i++) {
		struct gpu_queue *q = &g->queues[i];
		if (q->fence)
			g->DestroyFence(g->device, q->fence, NULL);
		if (q->pool)
			g->DestroyCommandPool(g->device, q->pool, NULL);
		q->fence = VK_NULL_HANDLE;
		q->pool = VK_NULL_HANDLE;
	}
}

/* ---- recording ----------------------------------------------------------------------------- */

int gpu_begin_round(struct gpu *g, struct fail *f)
{
	g->busy = 0;
	for (unsigned i = 0; i < g->queue_count; i++) {
		VkResult r = g->ResetCommandPool(g->device, g->queues[i].pool, 0);
		if (r != VK_SUCCESS)
			return fail_vk(f, r, "vkResetCommandPool", "record commands");
	}
	return 0;
}

void gpu_resume_piece(struct gpu *g, unsigned queue, unsigned number)
{
	VkCommandBuffer commands = g->queues[queue].commands[number];

	if (g->commands == commands)
		return;
	g->commands = commands;
	g->bound_pipeline = VK_NULL_HANDLE;
	g->bound_step = NULL;
}

int gpu_begin_piece(struct gpu *g, unsigned queue, unsigned number, struct fail *f)
{
	VkCommandBufferBeginInfo info = {
	    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
	    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
	};

	g->commands = VK_NULL_HANDLE;
	gpu_resume_piece(g, queue, number);
	VkResult r = g->BeginCommandBuffer(g->commands, &info);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkBeginCommandBuffer", "record commands");
	/* What other queues wrote before is seen here; of what this one wrote the steps take care. */
	if (g->queue_count > 1)
		gpu_order_steps(g);
	return 0;
}

int gpu_submit_piece(struct gpu *g, const struct gpu_submission *s, struct fail *f)
{
	static const VkPipelineStageFlags stages[GPU_QUEUES] = {
	    VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
	    VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT};
	struct gpu_queue *q = &g->queues[s->queue];
	VkSubmitInfo submit = {
	    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
	    .waitSemaphoreCount = s->wait_count,
	    .pWaitSemaphores = s->waits,
	    .pWaitDstStageMask = stages,
	    .commandBufferCount = 1,
	    .pCommandBuffers = &q->commands[s->number],
	    .signalSemaphoreCount = s->signal_count,
	    .pSignalSemaphores = s->signals,
	};
	VkResult r = g->EndCommandBuffer(q->commands[s->number]);

	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkEndCommandBuffer", "record commands");
	if (s->last && (r = g->ResetFences(g->device, 1, &q->fence)) != VK_SUCCESS)
		return fail_vk(f, r, "vkResetFences", "submit work");
	r = g->QueueSubmit(q->handle, 1, &submit, s->last ? q->fence : VK_NULL_HANDLE);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkQueueSubmit", "submit work");
	if (s->last)
		g->busy |= 1u << s->queue;
	return 0;
}

int gpu_begin(struct gpu *g, struct fail *f)
{
	return gpu_begin_round(g, f) < 0 ? -1 : gpu_begin_piece(g, 0, 0, f);
}

int gpu_submit(struct gpu *g, struct fail *f)
{
	struct gpu_submission only = {.queue = 0, .number = 0, .last = true};

	return gpu_submit_piece(g, &only, f);
}

/* ---- waiting ------------------------------------------------------------------------------- */

int gpu_wait(struct gpu *g, uint64_t timeout_ns, struct fail *f)
{
	VkFence fences[GPU_QUEUES];
	uint32_t count = 0;

	for (unsigned i = 0; i < g->queue_count; i++)
		if (g->busy & 1u << i)
			fences[count++] = g->queues[i].fence;
	if (count == 0)
		return 1;
	VkResult r = g->WaitForFences(g->device, count, fences, VK_TRUE, timeout_ns);
	if (r == VK_SUCCESS)
		return 1;
	return r == VK_TIMEOUT ? 0 : fail_vk(f, r, "vkWaitForFences", "wait for the device");
}

bool gpu_is_idle(struct gpu *g, unsigned queue)
{
	return !(g->busy & 1u << queue) ||
	       g->WaitForFences(g->device, 1, &g->queues[queue].fence, VK_TRUE, 0) == VK_SUCCESS;
}

int gpu_finish(struct gpu *g, struct fail *f)
{
	if (gpu_submit(g, f) < 0)
		return -1;
	return gpu_wait(g, UINT64_MAX, f) < 0 ? -1 : 0;
}
