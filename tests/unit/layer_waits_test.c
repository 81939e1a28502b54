/* SPDX-License-Identifier: Apache-2.0 */
/* From when on a submission counts as under way: not while it waits for another queue's or for the program. */
#include "layer_driver.h"

/* What is submitted: one batch with `commands` in it, unless it is to be empty. */
struct batch {
	VkSemaphore wait, signal;
	uint64_t wait_value, signal_value;
	VkPipelineStageFlags stages; /* 0: compute */
	bool is_empty;
};

enum { MOST = 4 };

/* The fence that the layer gave it, which is not signalled. */
static VkFence put_many(VkQueue queue, const struct batch *b, uint32_t count)
{
	VkSubmitInfo infos[MOST];
	VkTimelineSemaphoreSubmitInfo values[MOST];
	VkPipelineStageFlags stages[MOST];

	for (uint32_t i = 0; i < count; i++) {
		stages[i] = b[i].stages ? b[i].stages : VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
		values[i] = (VkTimelineSemaphoreSubmitInfo){
		    .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		    .waitSemaphoreValueCount = b[i].wait != VK_NULL_HANDLE,
		    .pWaitSemaphoreValues = &b[i].wait_value,
		    .signalSemaphoreValueCount = b[i].signal != VK_NULL_HANDLE,
		    .pSignalSemaphoreValues = &b[i].signal_value};
		infos[i] = (VkSubmitInfo){.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
					  .pNext = &values[i],
					  .waitSemaphoreCount = b[i].wait != VK_NULL_HANDLE,
					  .pWaitSemaphores = &b[i].wait,
					  .pWaitDstStageMask = &stages[i],
					  .commandBufferCount = b[i].is_empty ? 0 : 1,
					  .pCommandBuffers = &commands,
					  .signalSemaphoreCount = b[i].signal != VK_NULL_HANDLE,
					  .pSignalSemaphores = &b[i].signal};
	}
	assert_int_equal(CALL(QueueSubmit)(queue, count, infos, VK_NULL_HANDLE), VK_SUCCESS);
	return driver.last_fence;
}

static VkFence put(VkQueue queue, struct batch b)
{
	return put_many(queue, &b, 1);
}

static void signal_from_host(VkSemaphore s, uint64_t value)
{
	const VkSemaphoreSignalInfo info = {.semaphore = s, .value = value};

	assert_int_equal(CALL(SignalSemaphore)(DEVICE, &info), VK_SUCCESS);
}

static void submitted_ahead(void **state)
{
	(void)state;
	open_limited();
	VkSemaphore s = new_semaphore(true);
	VkFence f = put(queues[0], (struct batch){.wait = s, .wait_value = 5});
	expect_waiting();
	signal_from_host(s, 4);
	expect_waiting();
	uint64_t before = now_ns();
	signal_from_host(s, 5);
	assert_true(oldest()->since_ns >= before);
	assert_int_equal(oldest()->waiting, 0);
	assert_int_equal(oldest()->dispatches, 1);
	finish(f);
	expect_nothing();
	assert_true(counted(PAGE_COUNT_BUSY_NS) <= now_ns() - before);
	/* Signalled already. */
	f = put(queues[0], (struct batch){.wait = s, .wait_value = 5});
	assert_true(oldest()->since_ns > 0);
	finish(f);
	/* It was never seen to begin. */
	uint64_t busy = counted(PAGE_COUNT_BUSY_NS);
	f = put(queues[0], (struct batch){.wait = s, .wait_value = 6});
	driver.counter[(uintptr_t)s] = 6;
	driver.signalled[(uintptr_t)f] = true;
	timing_poll_all();
	expect_nothing();
	assert_int_equal(counted(PAGE_COUNT_BUSY_NS), busy);
}

/* The one that runs is the one that is named, however many wait for it. */
static void another_queue(void **state)
{
	(void)state;
	open_limited();
	VkSemaphore s = new_semaphore(false), t = new_semaphore(true);
	VkFence first = put(queues[0], (struct batch){.signal = s});
	uint64_t since = oldest()->since_ns;
	VkFence second = put(queues[1], (struct batch){.wait = s, .signal = t, .signal_value = 1});
	VkFence third = put(queues[2], (struct batch){.wait = t, .wait_value = 1});
	assert_int_equal(oldest()->since_ns, since);
	assert_int_equal(oldest()->waiting, 2);
	uint64_t before = now_ns();
	finish(first);
	assert_true(oldest()->since_ns >= before);
	assert_int_equal(oldest()->waiting, 1);
	driver.counter[(uintptr_t)t] = 1;
	finish(second);
	assert_int_equal(oldest()->waiting, 0);
	assert_true(oldest()->since_ns >= before);
	finish(third);
	expect_nothing();
	/* A signal is taken away by the wait for it: the next one is another. */
	first = put(queues[0], (struct batch){.signal = s});
	second = put(queues[1], (struct batch){.wait = s});
	assert_int_equal(oldest()->waiting, 1);
	finish(first);
	assert_int_equal(oldest()->waiting, 0);
	finish(second);
	expect_nothing();
}

/* What comes later on a queue does not overtake. */
static void behind_one_that_waits(void **state)
{
	(void)state;
	open_limited();
	VkSemaphore s = new_semaphore(true);
	VkFence first = put(queues[0], (struct batch){.wait = s, .wait_value = 1});
	VkFence second = put(queues[0], (struct batch){.is_empty = false});
	expect_waiting();
	signal_from_host(s, 1);
	assert_true(oldest()->since_ns > 0);
	finish(first);
	assert_true(oldest()->since_ns > 0);
	finish(second);
	expect_nothing();
	/* What is signalled on the same queue before holds nothing up that the queue itself does not. */
	VkSemaphore own = new_semaphore(false);
	const struct batch chained[] = {{.signal = own}, {.wait = own}};
	unsigned submits = driver.submits;
	first = put_many(queues[0], chained, 2);
	assert_int_equal(driver.submits, submits + 1);
	assert_true(oldest()->since_ns > 0);
	finish(first);
	expect_nothing();
}

/* A kernel that runs counts, whatever is said of others: nobody gets away by a wait that is never met. */
static void no_way_around(void **state)
{
	(void)state;
	open_limited();
	VkSemaphore never = new_semaphore(true), s = new_semaphore(false);
	/* In the same call: it is submitted in two parts, so that the first one can be seen to be done. */
	const struct batch two[] = {{.signal = s}, {.wait = never, .wait_value = 1}};
	unsigned submits = driver.submits;
	VkFence last = put_many(queues[0], two, 2);
	assert_int_equal(driver.submits, submits + 2);
	assert_int_equal(driver.last_batches, 1);
	uint64_t since = oldest()->since_ns;
	assert_true(since > 0);
	VkFence second = put(queues[1], (struct batch){.wait = s});
	finish((VkFence)(uintptr_t)((uintptr_t)last - 1)); /* the first part's */
	assert_true(oldest()->since_ns > since);
	assert_int_equal(oldest()->waiting, 1);
	finish(second);
	expect_waiting();
	/* A wait at a stage that no kernel and no copy has. */
	second = put(queues[1], (struct batch){.wait = never,
					       .wait_value = 1,
					       .stages = VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT});
	assert_true(oldest()->since_ns > 0);
	finish(second);
	signal_from_host(never, 1);
	finish(last);
	expect_nothing();
}

/* Through one without work, and through sparse binding, which wait as well. */
static void through_others(void **state)
{
	(void)state;
	open_limited();
	VkSemaphore host = new_semaphore(true), a = new_semaphore(false), b = new_semaphore(false);
	uint64_t value = 3;
	const VkTimelineSemaphoreSubmitInfo values = {
	    .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
	    .waitSemaphoreValueCount = 1,
	    .pWaitSemaphoreValues = &value};
	const VkBindSparseInfo bind = {.pNext = &values,
				       .waitSemaphoreCount = 1,
				       .pWaitSemaphores = &host,
				       .signalSemaphoreCount = 1,
				       .pSignalSemaphores = &a};
	assert_int_equal(CALL(QueueBindSparse)(queues[0], 1, &bind, VK_NULL_HANDLE), VK_SUCCESS);
	VkFence bound = driver.last_fence;
	VkFence empty = put(queues[1], (struct batch){.wait = a, .signal = b, .is_empty = true});
	VkFence work = put(queues[2], (struct batch){.wait = b});
	assert_int_equal(oldest()->since_ns, 0);
	assert_int_equal(oldest()->waiting, 3);
	signal_from_host(host, 3);
	/* Binding is no work of a kernel's. */
	assert_int_equal(oldest()->since_ns, 0);
	finish(bound);
	assert_int_equal(oldest()->since_ns, 0);
	finish(empty);
	assert_true(oldest()->since_ns > 0);
	finish(work);
	expect_nothing();
}

static void submit2(void **state)
{
	(void)state;
	open_limited();
	VkSemaphore s = new_semaphore(true);
	const VkSemaphoreSubmitInfo wait = {.semaphore = s,
					    .value = 7,
					    .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT};
	const VkCommandBufferSubmitInfo buffer = {.commandBuffer = commands};
	const VkSubmitInfo2 info = {.waitSemaphoreInfoCount = 1,
				    .pWaitSemaphoreInfos = &wait,
				    .commandBufferInfoCount = 1,
				    .pCommandBufferInfos = &buffer};
	assert_int_equal(CALL(QueueSubmit2)(queues[0], 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
	expect_waiting();
	signal_from_host(s, 7);
	assert_true(oldest()->since_ns > 0);
	finish(driver.last_fence);
	expect_nothing();
}

/* Nothing that is submitted refers to it any more, so nobody asks for it: the driver would not survive that. */
static void destroyed(void **state)
{
	(void)state;
	open_limited();
	VkSemaphore s = new_semaphore(true);
	VkFence f = put(queues[0], (struct batch){.wait = s, .wait_value = 1});
	CALL(DestroySemaphore)(DEVICE, s, NULL);
	timing_poll_all();
	assert_int_equal(oldest()->waiting, 0);
	finish(f);
	expect_nothing();
}

/* As if it had not been tried: the signal that it would have taken away is still there. */
static void refused(void **state)
{
	(void)state;
	open_limited();
	VkSemaphore s = new_semaphore(false);
	const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
	const VkSubmitInfo info = {.waitSemaphoreCount = 1,
				   .pWaitSemaphores = &s,
				   .pWaitDstStageMask = &stage,
				   .commandBufferCount = 1,
				   .pCommandBuffers = &commands};
	VkFence first = put(queues[0], (struct batch){.signal = s});
	driver.submit_says = VK_ERROR_OUT_OF_HOST_MEMORY;
	assert_int_equal(CALL(QueueSubmit)(queues[1], 1, &info, VK_NULL_HANDLE),
			 VK_ERROR_OUT_OF_HOST_MEMORY);
	assert_int_equal(oldest()->waiting, 0);
	driver.submit_says = VK_SUCCESS;
	VkFence second = put(queues[1], (struct batch){.wait = s});
	assert_int_equal(oldest()->waiting, 1);
	finish(first);
	finish(second);
	expect_nothing();
	/* The second part of a call: what went before cannot be taken back. */
	VkSemaphore t = new_semaphore(true);
	const uint64_t one = 1;
	const VkTimelineSemaphoreSubmitInfo value = {
	    .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
	    .waitSemaphoreValueCount = 1,
	    .pWaitSemaphoreValues = &one};
	VkSubmitInfo two[] = {{.commandBufferCount = 1, .pCommandBuffers = &commands}, info};
	two[1].pNext = &value;
	two[1].pWaitSemaphores = &t;
	driver.submit_says = VK_ERROR_OUT_OF_HOST_MEMORY;
	driver.submit_fails_at = driver.submits + 2;
	assert_int_equal(CALL(QueueSubmit)(queues[0], 2, two, VK_NULL_HANDLE), VK_ERROR_DEVICE_LOST);
	assert_true(oldest()->since_ns > 0);
	assert_int_equal(kernel()->dispatches, 3);
}

/* Its own numbers would be as good without the limit, and are. */
static void without_a_limit(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_OFF, 64, 1.0f);
	record_into(commands, 0, 1);
	VkSemaphore s = new_semaphore(true), b = new_semaphore(false);
	unsigned submits = driver.submits;
	(void)put(queues[1], (struct batch){.signal = b, .is_empty = true});
	assert_int_equal(driver.submits, submits + 1);
	assert_ptr_equal(driver.last_fence, VK_NULL_HANDLE);
	VkFence f = put(queues[0], (struct batch){.wait = s, .wait_value = 1});
	expect_waiting();
	finish(f);
	assert_int_equal(counted(PAGE_COUNT_BUSY_NS), 0);
	/* Who signals it is not known: it counts as it did before. */
	f = put(queues[0], (struct batch){.wait = b});
	assert_true(oldest()->since_ns > 0);
	finish(f);
	expect_nothing();
}

/*
 * A driver may wait for all that is under way before it gives a time. While something waits for the program that
 * would be for ever.
 */
static void times_are_read_later(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	record(2);
	VkSemaphore s = new_semaphore(true);
	VkCommandBuffer gated = new_commands();
	VkFence first = put(queues[0], (struct batch){.is_empty = false});
	VkCommandBuffer mine = commands;
	commands = gated;
	record(1);
	VkFence second = put(queues[0], (struct batch){.wait = s, .wait_value = 1});
	driver.no_results = true;
	finish(first);
	assert_int_equal(oldest()->since_ns, 0);
	assert_int_equal(kernel()->first + kernel()->timed, 0);
	driver.no_results = false;
	signal_from_host(s, 1);
	assert_int_equal(kernel()->first + kernel()->timed, 2);
	finish(second);
	assert_int_equal(kernel()->timed, 2);
	/* Recorded anew before they can be read: then they are lost. */
	commands = mine;
	record(2);
	first = put(queues[0], (struct batch){.is_empty = false});
	second = put(queues[0], (struct batch){.wait = s, .wait_value = 2, .is_empty = true});
	driver.no_results = true;
	finish(first);
	record(1);
	assert_int_equal(kernel()->lost, 2);
	driver.no_results = false;
	signal_from_host(s, 2);
	finish(second);
	assert_int_equal(kernel()->timed, 2);
	expect_nothing();
}

/* Only so many wait to be read. */
static void not_for_ever(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	VkSemaphore s = new_semaphore(true);
	VkFence gate = put(queues[1], (struct batch){.wait = s, .wait_value = 1, .is_empty = true});
	driver.no_results = true;
	for (int i = 0; i < 100; i++) {
		if (i < 40)
			commands = new_commands();
		record(1);
		finish(put(queues[0], (struct batch){.is_empty = false}));
	}
	assert_int_equal(kernel()->dispatches, 100);
	assert_int_equal(kernel()->first + kernel()->timed, 0);
	driver.no_results = false;
	finish(gate);
	assert_int_equal(kernel()->first + kernel()->timed + kernel()->lost, 100);
	assert_true(kernel()->timed > 0);
	expect_nothing();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(submitted_ahead, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(another_queue, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(behind_one_that_waits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_way_around, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(through_others, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(submit2, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(destroyed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(times_are_read_later, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(not_for_ever, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(without_a_limit, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
