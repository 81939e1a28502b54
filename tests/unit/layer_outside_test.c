/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From when on a submission counts as under way that waits for a binary semaphore which another process or a window system
 * signals: from when it is seen to have begun, by an event that its first command buffer sets.
 */
#include "layer_driver.h"

static VkSubmitInfo waiting_for(const VkSemaphore *s)
{
	static const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;

	return (VkSubmitInfo){.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
			      .waitSemaphoreCount = 1,
			      .pWaitSemaphores = s,
			      .pWaitDstStageMask = &stage,
			      .commandBufferCount = 1,
			      .pCommandBuffers = &commands};
}

/* The layer's fence. */
static VkFence put(VkQueue queue, VkSemaphore s)
{
	const VkSubmitInfo info = waiting_for(&s);

	assert_int_equal(CALL(QueueSubmit)(queue, 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
	return driver.last_fence;
}

static VkFence put_signal(VkQueue queue, VkSemaphore s)
{
	const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
				   .commandBufferCount = 1,
				   .pCommandBuffers = &commands,
				   .signalSemaphoreCount = 1,
				   .pSignalSemaphores = &s};

	assert_int_equal(CALL(QueueSubmit)(queue, 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
	return driver.last_fence;
}

static void import(VkSemaphore s)
{
	const VkImportSemaphoreFdInfoKHR info = {
	    .semaphore = s,
	    .flags = VK_SEMAPHORE_IMPORT_TEMPORARY_BIT,
	    .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
	    .fd = -1};

	assert_int_equal(CALL(ImportSemaphoreFdKHR)(DEVICE, &info), VK_SUCCESS);
}

static void begins(void)
{
	driver.event_set[(uintptr_t)driver.last_event] = true;
	timing_poll_all();
}

static void open_marking(void)
{
	driver.has_loader_data = true;
	open_limited();
}

static void expect_marked(void)
{
	expect_waiting();
	assert_int_equal(driver.last_buffers, 2);
	assert_ptr_equal(driver.last_first, driver.setter);
}

static void another_process(void **state)
{
	(void)state;
	open_marking();
	VkSemaphore s = new_semaphore(false);
	for (int i = 0; i < 3; i++) {
		import(s);
		VkFence f = put(queues[0], s);
		expect_marked();
		timing_poll_all();
		expect_waiting();
		uint64_t before = now_ns(), busy = counted(PAGE_COUNT_BUSY_NS);
		begins();
		assert_true(oldest()->since_ns >= before);
		assert_int_equal(oldest()->waiting, 0);
		assert_int_equal(oldest()->dispatches, 1);
		finish(f);
		expect_nothing();
		assert_true(counted(PAGE_COUNT_BUSY_NS) - busy <= now_ns() - before);
	}
	/* The same one each time. */
	assert_int_equal(driver.events, 1);
	/* Two at once need two. */
	import(s);
	VkFence first = put(queues[0], s);
	VkEvent event = driver.last_event;
	import(s);
	VkFence second = put(queues[0], s);
	assert_int_equal(driver.events, 2);
	driver.event_set[(uintptr_t)event] = true;
	timing_poll_all();
	assert_true(oldest()->since_ns > 0);
	finish(first);
	expect_waiting();
	finish(second);
	expect_nothing();
}

/* It is known who signals it, until somebody else does. */
static void own_and_others(void **state)
{
	(void)state;
	open_marking();
	VkSemaphore s = new_semaphore(false);
	uint32_t image;
	import(s);
	finish(put(queues[0], s));
	VkFence f = put_signal(queues[1], s);
	assert_int_equal(driver.last_buffers, 1);
	(void)put(queues[0], s);
	assert_int_equal(driver.last_buffers, 1);
	finish(f);
	assert_true(oldest()->since_ns > 0);
	finish(driver.last_fence);
	/* Signalled and not waited for: what is imported replaces it. */
	finish(put_signal(queues[1], s));
	import(s);
	f = put(queues[0], s);
	expect_marked();
	finish(f);
	finish(put_signal(queues[1], s));
	assert_int_equal(
	    CALL(AcquireNextImageKHR)(DEVICE, VK_NULL_HANDLE, 0, s, VK_NULL_HANDLE, &image),
	    VK_SUBOPTIMAL_KHR);
	f = put(queues[0], s);
	expect_marked();
	finish(f);
	expect_nothing();
}

/* The first part of a call is seen to run; the second has its own marker. */
static void in_parts(void **state)
{
	(void)state;
	open_marking();
	VkSemaphore s = new_semaphore(false);
	import(s);
	const VkSubmitInfo two[] = {{.commandBufferCount = 1, .pCommandBuffers = &commands},
				    waiting_for(&s)};
	unsigned submits = driver.submits;
	assert_int_equal(CALL(QueueSubmit)(queues[0], 2, two, VK_NULL_HANDLE), VK_SUCCESS);
	assert_int_equal(driver.submits, submits + 2);
	assert_ptr_equal(driver.last_first, driver.setter);
	assert_true(oldest()->since_ns > 0);
	VkFence last = driver.last_fence;
	finish((VkFence)(uintptr_t)1);
	expect_waiting();
	finish(last);
	expect_nothing();
}

static void submit2(void **state)
{
	(void)state;
	open_marking();
	VkSemaphore s = new_semaphore(false);
	const VkSemaphoreSubmitInfo wait = {.semaphore = s,
					    .stageMask = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT};
	const VkCommandBufferSubmitInfo buffers = {.commandBuffer = commands};
	const VkSubmitInfo2 info = {.waitSemaphoreInfoCount = 1,
				    .pWaitSemaphoreInfos = &wait,
				    .commandBufferInfoCount = 1,
				    .pCommandBufferInfos = &buffers};
	assert_int_equal(CALL(QueueSubmit2)(queues[0], 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
	expect_marked();
	begins();
	assert_true(oldest()->since_ns > 0);
	finish(driver.last_fence);
	expect_nothing();
}

static void refused(void **state)
{
	(void)state;
	open_marking();
	VkSemaphore s = new_semaphore(false);
	const VkSubmitInfo info = waiting_for(&s);
	driver.submit_says = VK_ERROR_OUT_OF_HOST_MEMORY;
	assert_int_equal(CALL(QueueSubmit)(queues[0], 1, &info, VK_NULL_HANDLE),
			 VK_ERROR_OUT_OF_HOST_MEMORY);
	expect_nothing();
	driver.submit_says = VK_SUCCESS;
	VkFence f = put(queues[0], s);
	expect_marked();
	assert_int_equal(driver.events, 1);
	finish(f);
}

/* Then it counts from when the device could begin, were the semaphore signalled. */
static void begins_at_once(VkSemaphore s)
{
	VkFence f = put(queues[0], s);

	assert_int_equal(driver.last_buffers, 1);
	assert_true(oldest()->since_ns > 0);
	finish(f);
	expect_nothing();
}

static void without_markers(void **state)
{
	(void)state;
	open_marking();
	VkSemaphore s = new_semaphore(false);
	driver.events_say = VK_ERROR_OUT_OF_HOST_MEMORY;
	begins_at_once(s);
	driver.events_say = VK_SUCCESS;
	driver.begin_says = VK_ERROR_OUT_OF_HOST_MEMORY;
	begins_at_once(s);
	assert_int_equal(driver.live_events, 0);
	driver.begin_says = VK_SUCCESS;
	/* Sparse binding has no command buffers. */
	const VkBindSparseInfo sparse = {.waitSemaphoreCount = 1, .pWaitSemaphores = &s};
	assert_int_equal(CALL(QueueBindSparse)(queues[0], 1, &sparse, VK_NULL_HANDLE), VK_SUCCESS);
	assert_int_equal(oldest()->waiting, 0);
	finish(driver.last_fence);
	/* A graphics stage holds nothing up. */
	const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT;
	VkSubmitInfo info = waiting_for(&s);
	info.pWaitDstStageMask = &stage;
	assert_int_equal(CALL(QueueSubmit)(queues[0], 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
	assert_int_equal(driver.last_buffers, 1);
	finish(driver.last_fence);
	/* Only with a limit that counts from there. */
	control.kernel_ns = 0;
	begins_at_once(s);
	assert_int_equal(driver.live_events, 0);
}

/* A driver may finish all that is under way before it gives a time; timestamps of ours come behind the marker. */
static void with_times(void **state)
{
	(void)state;
	driver.has_loader_data = true;
	control.kernel_ns = 1000000000;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	record_into(commands, 0, 2);
	VkSemaphore s = new_semaphore(false);
	VkFence gated = put(queues[0], s);
	assert_ptr_equal(driver.last_first, driver.setter);
	assert_true(driver.last_buffers > 2);
	commands = new_commands();
	record_into(commands, 0, 2);
	VkFence f = put_signal(queues[1], new_semaphore(false));
	driver.no_results = true;
	finish(f);
	assert_int_equal(kernel()->first + kernel()->timed, 0);
	driver.no_results = false;
	begins();
	finish(gated);
	assert_int_equal(kernel()->dispatches, 4);
	assert_true(kernel()->first + kernel()->timed > 0);
	expect_nothing();
}

/* What it made is gone with the device. */
static int tear_down_all(void **state)
{
	int r = tear_down(state);

	return driver.live_events ? -1 : r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(another_process, set_up, tear_down_all),
	    cmocka_unit_test_setup_teardown(own_and_others, set_up, tear_down_all),
	    cmocka_unit_test_setup_teardown(in_parts, set_up, tear_down_all),
	    cmocka_unit_test_setup_teardown(submit2, set_up, tear_down_all),
	    cmocka_unit_test_setup_teardown(refused, set_up, tear_down_all),
	    cmocka_unit_test_setup_teardown(without_markers, set_up, tear_down_all),
	    cmocka_unit_test_setup_teardown(with_times, set_up, tear_down_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
