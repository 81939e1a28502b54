/* SPDX-License-Identifier: Apache-2.0 */
/* Delays before submissions, and the end of a job. Times are looked at in one direction only: never too early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "layer/event.h"
#include "layer/here.h"
#include "layer/pace.h"
#include "layer/stop.h"

static struct control_page control;
static struct telemetry_page *page;

static int set_up(void **state)
{
	(void)state;
	page = calloc(1, sizeof *page);
	memset(&control, 0, sizeof control);
	here.control = &control;
	here.page = page;
	here.slot = &page->slots[0];
	pace_forget();
	return page ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(page);
	return 0;
}

static void submits_keep_their_distance(void **state)
{
	uint64_t began = now_ns();

	(void)state;
	control.submit_every_ns = 3000000;
	for (int i = 0; i < 11; i++)
		pace_submit();
	assert_true(now_ns() - began >= 10 * 3000000);
	/* The first did not have to wait. */
	assert_true(page->slots[0].count[PAGE_COUNT_SUBMITS_DELAYED] <= 10);
	assert_true(page->slots[0].count[PAGE_COUNT_DELAY_NS] > 0);
	/* Another process' submission counts as well: the moment is the job's. */
	page->submit_tat_ns = began = now_ns() + 20000000;
	pace_submit();
	assert_true(now_ns() >= began);
}

static void nothing_without_a_limit(void **state)
{
	(void)state;
	page->submit_tat_ns = page->share_tat_ns = UINT64_MAX;
	pace_submit();
	control.share_percent = 100;
	pace_submit();
	assert_int_equal(page->slots[0].count[PAGE_COUNT_SUBMITS_DELAYED], 0);
}

static void work_owes_rest(void **state)
{
	uint64_t began = now_ns();

	(void)state;
	control.share_percent = 25;
	page->slots[0].count[PAGE_COUNT_BUSY_NS] += 5000000;
	pace_submit();
	assert_true(now_ns() - began >= 15000000);
	/* Charged once. */
	uint64_t owed = page->share_tat_ns;
	pace_submit();
	assert_int_equal(page->share_tat_ns, owed);
}

/* Two threads look, and the one that looked first comes last. */
static void nothing_is_charged_twice(void **state)
{
	(void)state;
	assert_int_equal(pace_charge(150), 150);
	assert_int_equal(pace_charge(100), 0);
	assert_int_equal(pace_charge(150), 0);
	assert_int_equal(pace_charge(160), 10);
	/* A child of a fork begins anew. */
	pace_forget();
	assert_int_equal(pace_charge(20), 20);
}

static void the_end_comes_at_once(void **state)
{
	(void)state;
	control.stop = PAGE_STOP_LOST;
	/* A delay of an hour is not waited for. */
	page->submit_tat_ns = now_ns() + 3600000000000u;
	control.submit_every_ns = 1;
	pace_submit();
	assert_true(stop_submit());
	assert_int_equal(page->slots[0].count[PAGE_COUNT_SUBMITS_REFUSED], 1);
	assert_int_equal(event_stopped(PAGE_CALL_vkQueueSubmit), VK_ERROR_DEVICE_LOST);
	assert_int_equal(page->events[0].kind, PAGE_EVENT_STOPPED);
	assert_int_equal(page->slots[0].lost_ns, 0);
}

static _Atomic pid_t held_thread;

static void *submit_held(void *ret)
{
	held_thread = gettid();
	*(bool *)ret = stop_submit();
	return NULL;
}

/* As the kernel shows it: 'R', 'S', ... */
static char thread_state(pid_t thread)
{
	char path[64], line[512] = "";

	(void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	(void)fclose(f);
	const char *behind = strrchr(line, ')');
	return behind ? behind[2] : '?';
}

static void a_held_submission_sleeps(void **state)
{
	pthread_t thread;
	bool refused = false;
	uint64_t end = now_ns() + 10000000000u;

	(void)state;
	control.stop = PAGE_STOP_HOLD;
	held_thread = 0;
	assert_int_equal(pthread_create(&thread, NULL, submit_held, &refused), 0);
	while (now_ns() < end && (!held_thread || thread_state(held_thread) != 'S'))
		(void)sched_yield();
	assert_true(now_ns() < end);
	assert_false(refused);
	control.stop = PAGE_STOP_LOST;
	(void)pthread_join(thread, NULL);
	assert_true(refused);
}

static void events(void **state)
{
	const uint32_t loss = PAGE_CALL_vkWaitForFences;

	(void)state;
	assert_int_equal(event_result(NULL, loss, VK_ERROR_DEVICE_LOST), VK_ERROR_DEVICE_LOST);
	assert_int_not_equal(page->slots[0].lost_ns, 0);
	assert_int_equal(page->slots[0].lost_call, loss);
	/* The first one stays; repeated ones are counted, and fill the ring only for a while. */
	(void)event_result(NULL, PAGE_CALL_vkQueueSubmit, VK_ERROR_DEVICE_LOST);
	assert_int_equal(page->slots[0].lost_call, loss);
	for (int i = 0; i < 5000; i++)
		(void)event_result(NULL, PAGE_CALL_vkQueueSubmit, VK_ERROR_DEVICE_LOST);
	assert_int_equal(page->slots[0].count[PAGE_COUNT_EVENTS], 5002);
	assert_true(page->event_head < 20);
	for (uint64_t i = 0; i < page->event_head; i++)
		assert_int_equal(page->events[i].seq, i + 1);
	/* What means no trouble is none. */
	uint64_t head = page->event_head;
	assert_int_equal(event_result(NULL, loss, VK_NOT_READY), VK_NOT_READY);
	assert_int_equal(page->event_head, head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(submits_keep_their_distance, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_without_a_limit, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(work_owes_rest, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_is_charged_twice, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_end_comes_at_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_held_submission_sleeps, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(events, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
