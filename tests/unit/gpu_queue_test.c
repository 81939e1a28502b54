/* SPDX-License-Identifier: Apache-2.0 */
/* Which queues of a device a job gets, and which of them each of its steps goes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "gpu/lanes.h"

#define DRAW (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT)
#define COMPUTE (VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT)
#define COPY VK_QUEUE_TRANSFER_BIT

static void test_choice(void **state)
{
	static const struct {
		const char *what;
		VkQueueFamilyProperties families[4];
		uint32_t family_count;
		int first; /* the device's own choice */
		unsigned want;
		const char *got; /* FAMILY.INDEX each */
	} rows[] = {
	    {"one queue", {{DRAW, 1, 64, {0}}}, 1, 0, 3, "0.0"},
	    {"one is wanted", {{DRAW, 16, 64, {0}}}, 1, 0, 1, "0.0"},
	    {"none is wanted", {{DRAW, 16, 64, {0}}}, 1, 0, 0, "0.0"},
	    {"one family", {{DRAW, 16, 64, {0}}}, 1, 0, 3, "0.0 0.1 0.2"},
	    {"no more than four", {{DRAW, 16, 64, {0}}}, 1, 0, 99, "0.0 0.1 0.2 0.3"},
	    {"the family for compute alone comes first",
	     {{DRAW, 16, 64, {0}}, {COPY, 2, 64, {0}}, {COMPUTE, 8, 64, {0}}},
	     3, 2, 3, "2.0 2.1 2.2"},
	    {"the rest from the others", {{DRAW, 1, 64, {0}}, {COMPUTE, 2, 64, {0}}}, 2, 1, 4,
	     "1.0 1.1 0.0"},
	    {"no family that cannot compute", {{COMPUTE, 1, 64, {0}}, {COPY, 8, 64, {0}}}, 2, 0, 4, "0.0"},
	    {"none whose work cannot be timed",
	     {{COMPUTE, 1, 64, {0}}, {DRAW, 8, 0, {0}}, {DRAW, 1, 36, {0}}},
	     3, 0, 4, "0.0 2.0"},
	    {"just one where nothing can be timed", {{COMPUTE, 8, 0, {0}}}, 1, 0, 4, "0.0"},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		AUTO_FREE struct device *d = calloc(1, sizeof *d);
		struct gpu_queue got[GPU_QUEUES];
		char text[64] = "";
		size_t used = 0;
		assert_non_null(d);
		memcpy(d->families, rows[i].families, sizeof rows[i].families);
		d->family_count = rows[i].family_count;
		d->queue_family = rows[i].first;
		d->timestamp_valid_bits = d->families[rows[i].first].timestampValidBits;
		unsigned count = queue_choose(d, rows[i].want, got);
		for (unsigned q = 0; q < count; q++)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%u.%u", q ? " " : "",
						 got[q].family, got[q].index);
		if (strcmp(text, rows[i].got) != 0)
			fail_msg("%s: got '%s', expected '%s'", rows[i].what, text, rows[i].got);
	}
}

static void test_infos_join_the_queues_of_a_family(void **state)
{
	static const struct gpu g = {
	    .queues = {{.family = 2, .index = 0}, {.family = 2, .index = 1}, {.family = 0, .index = 0}},
	    .queue_count = 3,
	};
	VkDeviceQueueCreateInfo infos[GPU_QUEUES];
	(void)state;

	assert_int_equal(queue_infos(&g, infos), 2);
	assert_int_equal(infos[0].queueFamilyIndex, 2);
	assert_int_equal(infos[0].queueCount, 2);
	assert_int_equal(infos[1].queueFamilyIndex, 0);
	assert_int_equal(infos[1].queueCount, 1);
}

static void test_lanes(void **state)
{
	static struct request_step steps[] = {
	    {.work = WORK_GROUP, .inner = 3, .queue = NULL},
	    {.work = WORK_RUN, .queue = "left"},
	    {.work = WORK_CHECK, .queue = NULL},
	    {.work = WORK_COPY, .queue = "right"},
	    {.work = WORK_CLEAR, .queue = NULL},
	    {.work = WORK_RUN, .queue = "far"},
	    {.work = WORK_RUN, .queue = "left"},
	    {.work = WORK_RUN, .queue = NULL},
	};
	static const struct request q = {.steps = steps, .step_count = COUNTOF(steps)},
				    none = {.steps = steps, .step_count = 0},
				    plain = {.steps = steps + 7, .step_count = 1};
	/* Steps that go to no queue keep 0. */
	static const struct {
		unsigned lanes;
		uint8_t want[COUNTOF(steps)];
	} rows[] = {
	    {1, {0, 0, 0, 0, 0, 0, 0, 0}},
	    {2, {0, 0, 0, 1, 0, 1, 0, 0}},
	    {3, {0, 0, 0, 1, 2, 0, 0, 2}},
	    {4, {0, 0, 0, 1, 2, 3, 0, 2}},
	};
	(void)state;

	assert_int_equal(lanes_named(&q), 4);
	assert_int_equal(lanes_named(&none), 1);
	assert_int_equal(lanes_named(&plain), 1);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		AUTO_FREE struct step *s = calloc(COUNTOF(steps), sizeof *s);
		assert_non_null(s);
		lanes_assign(&q, rows[i].lanes, s);
		for (size_t n = 0; n < COUNTOF(steps); n++)
			if (s[n].lane != rows[i].want[n])
				fail_msg("%u lanes: step %zu is on %u, expected %u", rows[i].lanes, n, s[n].lane,
					 rows[i].want[n]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_choice),
	    cmocka_unit_test(test_infos_join_the_queues_of_a_family),
	    cmocka_unit_test(test_lanes),
	};

	return cmocka_run_group_tests_name("gpu_queue", tests, NULL, NULL);
}
