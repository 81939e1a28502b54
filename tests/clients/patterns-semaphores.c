/* SPDX-License-Identifier: Apache-2.0 */
/* Of vk-patterns: the ways that have vkQueueSubmit2, semaphores or time in them. */
#include "clients/patterns.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void submit_two(const struct gpu *g, VkCommandBuffer c, uint64_t value, VkFence fence)
{
	VkCommandBufferSubmitInfo buffers = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO,
					     .commandBuffer = c};
	VkSemaphoreSubmitInfo signal = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
					.semaphore = g->timeline,
					.value = value,
					.stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT};
	VkSubmitInfo2 info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
			      .commandBufferInfoCount = 1,
			      .pCommandBufferInfos = &buffers,
			      .signalSemaphoreInfoCount = value ? 1 : 0,
			      .pSignalSemaphoreInfos = &signal};

	check(g->submit2(g->queue, 1, &info, fence), "vkQueueSubmit2");
}

void submit2(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	for (int i = 0; i < 10; i++) {
		begin(c, 0);
		dispatch(g, c, 2);
		check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
		submit_two(g, c, 0, g->fence);
		wait_fence(g);
	}
	expect(g, 20, 1);
}

/* No fence anywhere: a timeline semaphore says when. */
void timeline(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	for (uint64_t i = 1; i <= 20; i++) {
		VkSemaphoreWaitInfo wait = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
					    .semaphoreCount = 1,
					    .pSemaphores = &g->timeline,
					    .pValues = &i};
		begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
		dispatch(g, c, 2);
		check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
		submit_two(g, c, i, VK_NULL_HANDLE);
		PFN_vkWaitSemaphores wait_for = (PFN_vkWaitSemaphores)vkGetDeviceProcAddr(
		    g->device, "vkWaitSemaphores");
		check(wait_for(g->device, &wait, UINT64_MAX), "vkWaitSemaphores");
	}
	expect(g, 40, 1);
}

static void signal_now(const struct gpu *g, uint64_t value)
{
	PFN_vkSignalSemaphore signal = (PFN_vkSignalSemaphore)vkGetDeviceProcAddr(
	    g->device, "vkSignalSemaphore");
	VkSemaphoreSignalInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
				      .semaphore = g->timeline,
				      .value = value};

	check(signal(g->device, &info), "vkSignalSemaphore");
}

/* To begin once the host's timeline semaphore has that value. */
static void submit_gated(const struct gpu *g, VkCommandBuffer c, uint64_t value, VkFence fence)
{
	const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
	VkTimelineSemaphoreSubmitInfo values = {
	    .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
	    .waitSemaphoreValueCount = 1,
	    .pWaitSemaphoreValues = &value};
	VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
			     .pNext = &values,
			     .waitSemaphoreCount = 1,
			     .pWaitSemaphores = &g->timeline,
			     .pWaitDstStageMask = &stage,
			     .commandBufferCount = 1,
			     .pCommandBuffers = &c};

	check(vkQueueSubmit(g->queue, 1, &info, fence), "vkQueueSubmit");
}

static VkCommandBuffer record_some(const struct gpu *g, unsigned count)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
	dispatch(g, c, count);
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	return c;
}

static VkCommandBuffer record_three(const struct gpu *g)
{
	return record_some(g, 3);
}

static void pass_time(void)
{
	const char *wait_ms = getenv("WAIT_MS");
	long ms = wait_ms ? strtol(wait_ms, NULL, 10) : 0;
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&time, NULL);
}

/* Done long before it is waited for. */
void late(struct gpu *g)
{
	VkCommandBuffer c = record_three(g);

	submit(g, 1, &c, g->fence);
	pass_time();
	wait_fence(g);
	expect(g, 3, 1);
}

/* Submitted before the host lets them begin. */
void ahead(struct gpu *g)
{
	submit_gated(g, record_three(g), 1, VK_NULL_HANDLE);
	submit_gated(g, record_three(g), 2, g->fence);
	for (uint64_t i = 1; i <= 2; i++) {
		pass_time();
		signal_now(g, i);
	}
	wait_fence(g);
	expect(g, 6, 1);
}

/* One call: the first part can begin, the second one waits for the host. */
void parts(struct gpu *g)
{
	const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
	const uint64_t value = 1;
	VkTimelineSemaphoreSubmitInfo values = {
	    .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
	    .waitSemaphoreValueCount = 1,
	    .pWaitSemaphoreValues = &value};
	VkCommandBuffer c[] = {record_three(g), record_three(g)};
	VkSubmitInfo info[] = {{.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
				.commandBufferCount = 1,
				.pCommandBuffers = &c[0]},
			       {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
				.pNext = &values,
				.waitSemaphoreCount = 1,
				.pWaitSemaphores = &g->timeline,
				.pWaitDstStageMask = &stage,
				.commandBufferCount = 1,
				.pCommandBuffers = &c[1]}};

	check(vkQueueSubmit(g->queue, 2, info, g->fence), "vkQueueSubmit");
	pass_time();
	signal_now(g, 1);
	wait_fence(g);
	expect(g, 6, 1);
}

/* What is done is waited for while the next one waits for the host. */
void gated(struct gpu *g)
{
	VkCommandBuffer first = record_three(g);

	submit(g, 1, &first, g->fence);
	submit_gated(g, record_three(g), 1, VK_NULL_HANDLE);
	wait_fence(g);
	signal_now(g, 1);
	check(vkQueueWaitIdle(g->queue), "vkQueueWaitIdle");
	expect(g, 6, 1);
}

/*
 * A binary semaphore that another process signals, by a byte in a pipe: where somebody lets it be imported. Elsewhere it is
 * a submission's.
 */
void outside(struct gpu *g)
{
	const char *many = getenv("DISPATCHES");
	unsigned count = many ? (unsigned)strtoul(many, NULL, 10) : 3;
	const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
	VkSemaphoreCreateInfo create = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
	VkCommandBuffer c = record_some(g, count);
	VkSemaphore s;
	int ends[2];

	check(pipe(ends) ? VK_ERROR_UNKNOWN : VK_SUCCESS, "pipe");
	check(vkCreateSemaphore(g->device, &create, NULL, &s), "vkCreateSemaphore");
	PFN_vkImportSemaphoreFdKHR import = (PFN_vkImportSemaphoreFdKHR)vkGetDeviceProcAddr(
	    g->device, "vkImportSemaphoreFdKHR");
	VkImportSemaphoreFdInfoKHR from = {
	    .sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
	    .semaphore = s,
	    .flags = VK_SEMAPHORE_IMPORT_TEMPORARY_BIT,
	    .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
	    .fd = ends[0]};
	VkSubmitInfo signal = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
			       .signalSemaphoreCount = 1,
			       .pSignalSemaphores = &s};
	if (import)
		check(import(g->device, &from), "vkImportSemaphoreFdKHR");
	else
		check(vkQueueSubmit(g->queue, 1, &signal, VK_NULL_HANDLE), "vkQueueSubmit");
	VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
			     .waitSemaphoreCount = 1,
			     .pWaitSemaphores = &s,
			     .pWaitDstStageMask = &stage,
			     .commandBufferCount = 1,
			     .pCommandBuffers = &c};
	check(vkQueueSubmit(g->queue, 1, &info, g->fence), "vkQueueSubmit");
	pass_time();
	check(write(ends[1], "", 1) == 1 ? VK_SUCCESS : VK_ERROR_UNKNOWN, "write");
	wait_fence(g);
	vkDestroySemaphore(g->device, s, NULL);
	expect(g, count, 1);
}
