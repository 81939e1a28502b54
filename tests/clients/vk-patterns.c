/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Vulkan program that submits work in every way there is, and checks what comes out.
 *
 *     vk-patterns ROUNDS.spv PATTERN...
 *
 * WAIT_MS in the environment is how long `ahead`, `parts` and `outside` let their submissions wait, and `late` waits itself; 0
 * when it is not there. DISPATCHES is how many `outside` has in its one.
 * Each pattern prints "PATTERN dispatches N right|WRONG". The patterns are rows of the table at the
 * end; "list" prints their names. Every dispatch takes 1024 numbers a few steps on; the host does the same.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/patterns.h"

enum { THREADS = 4, MANY = 560 };

/* ---- the ways ------------------------------------------------------------------------------ */

static void reset(VkCommandBuffer c)
{
	check(vkResetCommandBuffer(c, 0), "vkResetCommandBuffer");
}

/* Recorded once, submitted again and again. */
static void resubmit(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	begin(c, 0);
	dispatch(g, c, 3);
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	for (int i = 0; i < 20; i++) {
		submit(g, 1, &c, g->fence);
		wait_fence(g);
	}
	expect(g, 60, 1);
}

/* Recorded anew for each submission, and said to be for one. */
static void once(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	for (int i = 0; i < 50; i++) {
		begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
		dispatch(g, c, 2);
		check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
		submit(g, 1, &c, g->fence);
		wait_fence(g);
		reset(c);
	}
	expect(g, 100, 1);
}

/* The same without saying so. */
static void anew(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	for (int i = 0; i < 50; i++) {
		begin(c, 0);
		dispatch(g, c, 2);
		check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
		submit(g, 1, &c, g->fence);
		wait_fence(g);
	}
	expect(g, 100, 1);
}

/* Submitted again while it is still under way, and twice in one submission. */
static void simultaneous(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY), two[] = {c, c};

	begin(c, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
	dispatch(g, c, 2);
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	for (int i = 0; i < 5; i++)
		submit(g, 1, &c, VK_NULL_HANDLE);
	submit(g, 2, two, VK_NULL_HANDLE);
	check(vkQueueWaitIdle(g->queue), "vkQueueWaitIdle");
	expect(g, 14, 1);
}

/* A secondary command buffer, twice in its primary and once in another. */
static void secondary(struct gpu *g)
{
	VkCommandBuffer s = buffer(g, VK_COMMAND_BUFFER_LEVEL_SECONDARY);
	VkCommandBuffer p[] = {buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY),
			       buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY)};

	begin(s, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
	dispatch(g, s, 3);
	check(vkEndCommandBuffer(s), "vkEndCommandBuffer");
	for (int i = 0; i < 2; i++) {
		begin(p[i], VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
		dispatch(g, p[i], 1);
		vkCmdExecuteCommands(p[i], 1, &s);
		if (i == 0)
			vkCmdExecuteCommands(p[i], 1, &s);
		check(vkEndCommandBuffer(p[i]), "vkEndCommandBuffer");
	}
	submit(g, 2, p, g->fence);
	wait_fence(g);
	expect(g, 1 + 6 + 1 + 3, 1);
}

/* Asks for the fence's state until it is signalled. */
static void polling(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	for (int i = 0; i < 20; i++) {
		VkResult r;
		begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
		dispatch(g, c, 1);
		check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
		submit(g, 1, &c, g->fence);
		while ((r = vkGetFenceStatus(g->device, g->fence)) == VK_NOT_READY)
			;
		check(r, "vkGetFenceStatus");
		check(vkResetFences(g->device, 1, &g->fence), "vkResetFences");
	}
	expect(g, 20, 1);
}

/* Many submissions, and one wait at the end. */
static void idle(struct gpu *g)
{
	VkCommandBuffer c[20];

	for (int i = 0; i < 20; i++) {
		c[i] = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
		begin(c[i], VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
		dispatch(g, c[i], 5);
		check(vkEndCommandBuffer(c[i]), "vkEndCommandBuffer");
		submit(g, 1, &c[i], VK_NULL_HANDLE);
	}
	check(vkDeviceWaitIdle(g->device), "vkDeviceWaitIdle");
	expect(g, 100, 1);
}

/* A command buffer for each submission; the driver gives out the same handle again. */
static void freed(struct gpu *g)
{
	for (int i = 0; i < 30; i++) {
		VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
		begin(c, 0);
		dispatch(g, c, 1);
		check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
		submit(g, 1, &c, g->fence);
		wait_fence(g);
		vkFreeCommandBuffers(g->device, g->pool, 1, &c);
	}
	expect(g, 30, 1);
}

/* All command buffers are reset with their pool. */
static void pool_reset(struct gpu *g)
{
	VkCommandBuffer c[2] = {buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY),
				buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY)};

	for (int i = 0; i < 20; i++) {
		for (int n = 0; n < 2; n++) {
			begin(c[n], VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
			dispatch(g, c[n], 2);
			check(vkEndCommandBuffer(c[n]), "vkEndCommandBuffer");
		}
		submit(g, 2, c, g->fence);
		wait_fence(g);
		check(vkResetCommandPool(g->device, g->pool, 0), "vkResetCommandPool");
	}
	expect(g, 80, 1);
}

static void indirect(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
	bind(g, c, g->pipeline);
	for (int i = 0; i < 7; i++) {
		vkCmdDispatchIndirect(c, g->indirect, 0);
		barrier(c);
	}
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	submit(g, 1, &c, g->fence);
	wait_fence(g);
	expect(g, 7, 1);
}

/* In two halves: each dispatch does one, so two count as one for the numbers. */
static void base(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
	const uint32_t half = NUMBERS / LOCAL / 2;

	begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
	bind(g, c, g->pipeline);
	for (int i = 0; i < 6; i++) {
		vkCmdDispatchBase(c, 0, 0, 0, half, 1, 1);
		vkCmdDispatchBase(c, half, 0, 0, half, 1, 1);
		barrier(c);
	}
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	submit(g, 1, &c, g->fence);
	wait_fence(g);
	expect(g, 6, 1);
	g->dispatches += 6;
}

/* No groups at all: what is measured is nothing but the measuring. */
static void empty(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
	bind(g, c, g->pipeline);
	for (int i = 0; i < 100; i++)
		vkCmdDispatch(c, 0, 0, 0);
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	submit(g, 1, &c, g->fence);
	wait_fence(g);
	g->dispatches += 100;
}

struct job {
	struct gpu *g;
	VkCommandPool pool;
	pthread_mutex_t *queue;
};

static void *one_thread(void *argument)
{
	struct job *j = argument;
	struct gpu mine = *j->g; /* the pool and the fence are this thread's, the rest is shared */
	VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
					.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT};
	VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};

	check(vkCreateCommandPool(mine.device, &pool, NULL, &mine.pool), "vkCreateCommandPool");
	check(vkCreateFence(mine.device, &fence, NULL, &mine.fence), "vkCreateFence");
	VkCommandBuffer c = buffer(&mine, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
	for (int i = 0; i < 25; i++) {
		begin(c, i % 2 ? VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT : 0);
		dispatch(&mine, c, 2);
		check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
		(void)pthread_mutex_lock(j->queue);
		submit(&mine, 1, &c, mine.fence);
		(void)pthread_mutex_unlock(j->queue);
		wait_fence(&mine);
	}
	vkDestroyFence(mine.device, mine.fence, NULL);
	vkDestroyCommandPool(mine.device, mine.pool, NULL);
	return NULL;
}

static void threads(struct gpu *g)
{
	pthread_mutex_t queue = PTHREAD_MUTEX_INITIALIZER;
	struct job job = {.g = g, .queue = &queue};
	pthread_t thread[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, one_thread, &job) != 0)
			exit(1);
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(thread[i], NULL);
	expect(g, 25 * 2 * THREADS, 1);
}

/* More kernels than the page has rows for; the last ones are used. Pipelines come and go, and so do their handles. */
static void many(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	for (uint32_t i = 2; i < MANY; i++) {
		VkPipeline p = make_pipeline(g, i, NULL);
		if (i < MANY - 50) {
			vkDestroyPipeline(g->device, p, NULL);
			continue;
		}
		begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
		bind(g, c, p);
		vkCmdDispatch(c, NUMBERS / LOCAL, 1, 1);
		check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
		submit(g, 1, &c, g->fence);
		wait_fence(g);
		vkDestroyPipeline(g->device, p, NULL);
		expect(g, 1, i);
	}
}

/* Two kernels in command buffers that are submitted again. */
static void mixed(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
	VkPipeline other = make_pipeline(g, 7, "other");

	begin(c, 0);
	dispatch(g, c, 2);
	bind(g, c, other);
	vkCmdDispatch(c, NUMBERS / LOCAL, 1, 1);
	barrier(c);
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	for (int i = 0; i < 20; i++) {
		submit(g, 1, &c, g->fence);
		wait_fence(g);
		expect(g, 2, 1);
		expect(g, 1, 7);
	}
	vkDestroyPipeline(g->device, other, NULL);
}

/* Enough in one command buffer that some are timed inside of it although it can be submitted again. */
static void lengthy(struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	begin(c, 0);
	dispatch(g, c, 500);
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	for (int i = 0; i < 2; i++) {
		submit(g, 1, &c, g->fence);
		wait_fence(g);
	}
	expect(g, 1000, 1);
}

static const struct way {
	const char *name;
	uint32_t api;
	void (*run)(struct gpu *g);
} ways[] = {
    {"resubmit", VK_API_VERSION_1_1, resubmit},
    {"once", VK_API_VERSION_1_1, once},
    {"anew", VK_API_VERSION_1_1, anew},
    {"simultaneous", VK_API_VERSION_1_1, simultaneous},
    {"secondary", VK_API_VERSION_1_1, secondary},
    {"submit2", VK_API_VERSION_1_3, submit2},
    {"timeline", VK_API_VERSION_1_3, timeline},
    {"ahead", VK_API_VERSION_1_3, ahead},
    {"parts", VK_API_VERSION_1_3, parts},
    {"late", VK_API_VERSION_1_1, late},
    {"gated", VK_API_VERSION_1_3, gated},
    {"outside", VK_API_VERSION_1_3, outside},
    {"polling", VK_API_VERSION_1_1, polling},
    {"idle", VK_API_VERSION_1_1, idle},
    {"freed", VK_API_VERSION_1_1, freed},
    {"pool-reset", VK_API_VERSION_1_1, pool_reset},
    {"indirect", VK_API_VERSION_1_1, indirect},
    {"base", VK_API_VERSION_1_1, base},
    {"empty", VK_API_VERSION_1_1, empty},
    {"threads", VK_API_VERSION_1_1, threads},
    {"many", VK_API_VERSION_1_1, many},
    {"mixed", VK_API_VERSION_1_1, mixed},
    {"lengthy", VK_API_VERSION_1_1, lengthy},
    {"old", VK_API_VERSION_1_0, once},
};

static const struct way *way_of(const char *name)
{
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return NULL;
}

static int list(void)
{
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		(void)puts(ways[i].name);
	return 0;
}

int main(int argc, char **argv)
{
	int wrong = 0;

	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list();
	if (argc < 3)
		return 2;
	read_code(argv[1]);
	for (int i = 2; i < argc; i++) {
		const struct way *w = way_of(argv[i]);
		static struct gpu g;
		if (!w)
			return 2;
		open_gpu(&g, w->api);
		w->run(&g);
		check(vkDeviceWaitIdle(g.device), "vkDeviceWaitIdle");
		bool right = memcmp(g.data, g.expect, sizeof g.expect) == 0;
		wrong += !right;
		(void)printf("%s dispatches %llu %s\n", w->name, (unsigned long long)g.dispatches,
			     right ? "right" : "WRONG");
		(void)fflush(stdout);
		close_gpu(&g);
	}
	return wrong != 0;
}
