/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timing against a driver that is only a clock. What real drivers here do not do: counters that wrap or have no
 * bits, submissions that fail, fences that other processes may change.
 */
#include "layer_driver.h"

static void test_times(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 2.0f);
	record(5);
	assert_int_equal(submit(VK_NULL_HANDLE), VK_SUCCESS);
	const struct page_kernel *k = kernel();
	assert_string_equal(k->entry, "add");
	assert_int_equal(k->dispatches, 5);
	assert_int_equal(k->group_total, 5 * 24);
	assert_int_equal(k->timed, 0);
	finish(driver.last_fence);
	assert_int_equal(k->first, 1);
	assert_int_equal(k->timed, 4);
	assert_int_equal(k->min_ns, 2 * (DISPATCH_TICKS + STAMP_TICKS));
	assert_int_equal(k->max_ns, k->min_ns);
	assert_int_equal(k->total_ns, 4 * k->min_ns);
	assert_int_equal(page->slots[SLOT].count[PAGE_COUNT_DISPATCHES], 5);
	assert_int_equal(page->slots[SLOT].count[PAGE_COUNT_DISPATCHES_TIMED], 5);
}

/* The counter starts anew in the middle. */
static void test_wrapping(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 20, 1.0f);
	driver.mask = (1u << 20) - 1;
	driver.clock = (1u << 20) - 2500;
	record(4);
	(void)submit(VK_NULL_HANDLE);
	finish(driver.last_fence);
	assert_int_equal(kernel()->timed, 3);
	assert_int_equal(kernel()->max_ns, DISPATCH_TICKS + STAMP_TICKS);
	assert_int_equal(kernel()->min_ns, DISPATCH_TICKS + STAMP_TICKS);
}

static void test_no_bits(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 0, 1.0f);
	record(4);
	(void)submit(VK_NULL_HANDLE);
	finish(driver.last_fence);
	assert_int_equal(driver.stamps, 0);
	assert_int_equal(kernel()->dispatches, 4);
	/* The host's time is one of all four together; alone a dispatch has one of its own. */
	assert_int_equal(kernel()->timed + kernel()->first + kernel()->lost, 0);
	assert_int_equal(counted(PAGE_COUNT_HOST_SUBMITS), 1);
	assert_int_equal(counted(PAGE_COUNT_HOST_SUBMITS_NS), counted(PAGE_COUNT_BUSY_NS));
	uint64_t before = counted(PAGE_COUNT_BUSY_NS);
	record(1);
	(void)submit(VK_NULL_HANDLE);
	finish(driver.last_fence);
	assert_int_equal(kernel()->timed, 1);
	assert_int_equal(kernel()->by_host, 1);
	assert_int_equal(kernel()->total_ns, counted(PAGE_COUNT_BUSY_NS) - before);
	assert_int_equal(counted(PAGE_COUNT_HOST_SUBMITS), 1);
	assert_int_equal(counted(PAGE_COUNT_DISPATCHES_TIMED), 0);
}

static void test_off(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_OFF, 64, 1.0f);
	record(4);
	(void)submit(VK_NULL_HANDLE);
	assert_int_equal(driver.stamps, 0);
	assert_int_equal(driver.last_buffers, 1);
	assert_int_equal(kernel()->dispatches, 4);
	assert_int_equal(oldest()->first, 1);
	finish(driver.last_fence);
	/* Only once is there a compiler in it. */
	(void)submit(VK_NULL_HANDLE);
	assert_int_equal(oldest()->dispatches, 4);
	assert_int_equal(oldest()->first, 0);
	finish(driver.last_fence);
}

/* Nothing was submitted, so nothing counts, and nothing is under way. */
static void test_failure(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	record(4);
	driver.submit_says = VK_ERROR_OUT_OF_HOST_MEMORY;
	assert_int_equal(submit(VK_NULL_HANDLE), VK_ERROR_OUT_OF_HOST_MEMORY);
	assert_int_equal(kernel()->dispatches, 0);
	assert_int_equal(kernel()->group_total, 0);
	assert_int_equal(page->slots[SLOT].count[PAGE_COUNT_DISPATCHES], 0);
	assert_false(timing_is_busy());
	driver.submit_says = VK_SUCCESS;
	assert_int_equal(submit(VK_NULL_HANDLE), VK_SUCCESS);
	assert_true(timing_is_busy());
	assert_int_equal(kernel()->dispatches, 4);
}

/* Layers that check refuse a call before anything is written: what the program had there goes on as it was. */
static void test_refused_pipelines(void **state)
{
	const VkComputePipelineCreateInfo other = {.stage = {.pName = "other"}};
	VkPipeline array[1];

	(void)state;
	open_device(PAGE_TIMING_OFF, 64, 1.0f);
	array[0] = pipeline;
	driver.pipelines_say = VK_ERROR_VALIDATION_FAILED_EXT;
	assert_int_equal(
	    CALL(CreateComputePipelines)(DEVICE, VK_NULL_HANDLE, 1, &other, NULL, array),
	    VK_ERROR_VALIDATION_FAILED_EXT);
	assert_ptr_equal(array[0], VK_NULL_HANDLE);
	record(4);
	assert_int_equal(submit(VK_NULL_HANDLE), VK_SUCCESS);
	assert_int_equal(kernel()->dispatches, 4);
	assert_string_equal(kernel()->entry, "add");
}

static void test_oldest(void **state)
{
	const struct page_submit *o = oldest();
	VkFence fence;

	(void)state;
	open_device(PAGE_TIMING_SAMPLED, 64, 1.0f);
	fence = new_fence(NULL);
	record(7);
	(void)submit(fence);
	assert_ptr_equal(driver.last_fence, fence);
	uint64_t since = o->since_ns;
	assert_true(since > 0 && o->seq % 2 == 0);
	assert_int_equal(o->dispatches, 7);
	assert_int_equal(o->first, 1);
	assert_int_equal(o->kernel_count, 1);
	assert_ptr_equal(&page->kernels[o->kernels[0]], kernel());
	/* A second one behind it: the first one stays the oldest, and then the second one is it. */
	record(2);
	(void)submit(VK_NULL_HANDLE);
	assert_int_equal(o->since_ns, since);
	VkFence second = driver.last_fence;
	(void)CALL(WaitForFences)(DEVICE, 1, &fence, VK_TRUE, 1);
	assert_int_equal(o->dispatches, 2);
	assert_int_equal(o->first, 0);
	assert_true(o->since_ns > since);
	finish(second);
	assert_int_equal(o->since_ns, 0);
	assert_false(timing_is_busy());
}

/* Its state can change without us; ours comes after it, in a submission of nothing. */
static void test_foreign(void **state)
{
	const VkExportFenceCreateInfo exported = {
	    .sType = VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO};
	VkFence fence;

	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	fence = new_fence(&exported);
	record(3);
	(void)submit(fence);
	assert_int_equal(driver.submits, 2);
	assert_ptr_not_equal(driver.last_fence, fence);
	assert_int_equal(driver.last_buffers, 0);
	(void)CALL(WaitForFences)(DEVICE, 1, &fence, VK_TRUE, 1);
	assert_true(timing_is_busy());
	finish(driver.last_fence);
	assert_false(timing_is_busy());
	assert_int_equal(kernel()->timed + kernel()->first, 3);
}

/* Our own fence could not be submitted after it. The program's work was, so it counts, and is not heard of again. */
static void test_foreign_untold(void **state)
{
	const VkExportFenceCreateInfo exported = {
	    .sType = VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO};

	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	VkFence fence = new_fence(&exported);
	record(3);
	driver.submit_says = VK_ERROR_OUT_OF_HOST_MEMORY;
	driver.submit_fails_at = 2;
	assert_int_equal(submit(fence), VK_SUCCESS);
	assert_int_equal(kernel()->dispatches, 3);
	assert_int_equal(kernel()->lost, 3);
	assert_false(timing_is_busy());
	/* As do those that follow. */
	driver.submit_says = VK_SUCCESS;
	record(2);
	assert_int_equal(submit(VK_NULL_HANDLE), VK_SUCCESS);
	finish(driver.last_fence);
	assert_int_equal(kernel()->dispatches, 5);
	assert_int_equal(kernel()->timed + kernel()->first, 2);
}

/* Under way twice. On one queue the second time is what can be read; on two it would be a piece of each. */
static void test_simultaneous(void **state)
{
	const VkSubmitInfo info = {.commandBufferCount = 1, .pCommandBuffers = &commands};
	VkFence first, second;

	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	record_into(commands, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT, 2);
	for (int on_two = 0; on_two < 2; on_two++) {
		uint64_t read = kernel()->timed + kernel()->first, lost = kernel()->lost;
		(void)submit(VK_NULL_HANDLE);
		first = driver.last_fence;
		(void)CALL(QueueSubmit)(queues[on_two], 1, &info, VK_NULL_HANDLE);
		second = driver.last_fence;
		finish(first);
		finish(second);
		assert_int_equal(kernel()->timed + kernel()->first, read + (on_two ? 0 : 2));
		assert_int_equal(kernel()->lost, lost + (on_two ? 4 : 2));
	}
	/* One after the other is as on one queue; that the first one is done is found out here. */
	uint64_t read = kernel()->timed, lost = kernel()->lost;
	(void)submit(VK_NULL_HANDLE);
	driver.signalled[(uintptr_t)driver.last_fence] = true;
	(void)CALL(QueueSubmit)(queues[1], 1, &info, VK_NULL_HANDLE);
	finish(driver.last_fence);
	assert_int_equal(kernel()->timed, read + 4);
	assert_int_equal(kernel()->lost, lost);
}

/* The first ones of a kernel are timed, then as many as the cost allows. */
static void test_sampled(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_SAMPLED, 64, 1.0f);
	for (int i = 0; i < 2000; i++) {
		record(1);
		(void)submit(VK_NULL_HANDLE);
		finish(driver.last_fence);
	}
	assert_int_equal(kernel()->dispatches, 2000);
	assert_int_equal(kernel()->first, 1);
	/* 16, and one in 128 while the cost is not known: no command buffers of our own could be made. */
	assert_in_range(kernel()->timed, 16 + 1900 / 128, 16 + 2000 / 128 + 1);
}

/* Each submission tries to make command buffers of its own, and nothing of those that fail may stay. */
static void test_no_memory_for_ours(void **state)
{
	(void)state;
	driver.has_loader_data = true;
	open_device(PAGE_TIMING_SAMPLED, 64, 1.0f);
	record_into(commands, 0, 3);
	driver.begin_says = VK_ERROR_OUT_OF_DEVICE_MEMORY;
	for (int i = 0; i < 10; i++) {
		(void)submit(VK_NULL_HANDLE);
		finish(driver.last_fence);
	}
	assert_int_equal(driver.live_pools, 0);
	assert_int_equal(driver.live_buffers, 1);
	/* Once there is memory again it goes on as if nothing had been. */
	driver.begin_says = VK_SUCCESS;
	(void)submit(VK_NULL_HANDLE);
	finish(driver.last_fence);
	assert_int_equal(driver.last_buffers, 4);
	assert_int_equal(driver.live_pools, 2);
}

/* How many command buffers reach the driver with a recording of so many dispatches. */
static uint32_t submit_once(unsigned dispatches)
{
	record_into(commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, dispatches);
	(void)submit(VK_NULL_HANDLE);
	finish(driver.last_fence);
	return driver.last_buffers;
}

/* What a timestamp costs is measured once, and a program's first result does not wait for it. */
static void test_calibration_waits(void **state)
{
	(void)state;
	driver.has_loader_data = true;
	open_device(PAGE_TIMING_SAMPLED, 64, 1.0f);
	assert_int_equal(submit_once(0), 1);
	assert_int_equal(submit_once(1), 1);
	assert_int_equal(submit_once(1), 2);
	assert_int_equal(submit_once(1), 1);
	assert_int_equal(kernel()->first, 1);
	assert_int_equal(kernel()->timed, 2);
}

/* Unless it has more than the one, or that may be all that there ever is to be told. */
static void test_calibration_first(void **state)
{
	(void)state;
	driver.has_loader_data = true;
	open_device(PAGE_TIMING_SAMPLED, 64, 1.0f);
	assert_int_equal(submit_once(2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_times, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_wrapping, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_bits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_off, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_refused_pipelines, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_oldest, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_foreign, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_foreign_untold, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_simultaneous, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_sampled, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_memory_for_ours, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_calibration_waits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_calibration_first, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
