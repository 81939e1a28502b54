/* SPDX-License-Identifier: Apache-2.0 */
/* What vkjail-nvml may say, in every shape, beside a /proc of files: whose memory it is, and that nonsense is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "fake_proc.h"
#include "watch/nvml.h"

static char proc[] = "/tmp/vkjail-nvml.XXXXXX";
static const struct nvml_job job = {.proc = proc, .root = FAKE_PROC_ROOT};

static int make_proc(void **state)
{
	(void)state;
	return fake_proc_make(proc);
}

static int remove_proc(void **state)
{
	(void)state;
	return fake_proc_remove(proc);
}

static void two_gpus(struct nvml *n)
{
	*n = NVML_INIT;
	nvml_want(n, 4, "0000:41:00.0", "/dev/nvidia0");
	nvml_want(n, 7, NULL, "/dev/nvidia12");
	n->host_pids = true;
	n->interval_ns = 1000000000;
}

static bool take(struct nvml *n, const char *text)
{
	return nvml_take(n, text, strlen(text), &job);
}

static void test_wanted(void **state)
{
	struct nvml n;

	(void)state;
	two_gpus(&n);
	assert_string_equal(n.devices[0].name, "pci:0000:41:00.0");
	assert_string_equal(n.devices[1].name, "minor:12");
	for (unsigned i = 0; i < 40; i++)
		nvml_want(&n, i, NULL, "/dev/nvidia1");
	assert_int_equal(n.count, NVML_DEVICES);
	nvml_done(&n);
}

static void test_sum(void **state)
{
	struct nvml n;

	(void)state;
	two_gpus(&n);
	assert_false(take(&n, "{\"event\":\"device\",\"device\":1,\"uuid\":\"GPU-1\",\"driver\":\"555\"}"));
	assert_true(n.devices[1].found);
	assert_string_equal(n.devices[1].uuid, "GPU-1");
	assert_true(take(&n, "{\"event\":\"sample\",\"device\":0,\"t_ns\":1000000000,\"total\":800,"
			     "\"processes\":[[101,10,50],[102,20,70],[102,5,70],[200,99,1],[300,99,null],[100,99,null]]}"));
	assert_int_equal(n.devices[0].memory_bytes, 35);
	assert_int_equal(n.devices[0].processes_peak, 2);
	assert_int_equal(n.devices[0].foreign, 3);
	assert_int_equal(n.devices[0].busy_peak, 100);
	assert_int_equal(n.devices[0].busy_ns, 0);
	assert_true(take(&n, "{\"event\":\"sample\",\"device\":1,\"t_ns\":1500000000,\"processes\":[[101,7,null]]}"));
	assert_int_equal(nvml_memory(&n, 1600000000), 42);
	/* Half a second at 30 %. */
	assert_true(take(&n, "{\"event\":\"sample\",\"device\":0,\"t_ns\":1500000000,\"processes\":[[102,1,30]]}"));
	assert_int_equal(n.devices[0].busy_ns, 150000000);
	assert_int_equal(n.devices[0].memory_peak_bytes, 35);
	assert_int_equal(nvml_memory(&n, 1600000000), 8);
	/* Nobody answers any more: what was held once is not what is held. */
	assert_int_equal(nvml_memory(&n, 60000000000), 0);
	nvml_done(&n);
}

/* What the driver still tells of a process that ends is not another's, until it is told no more. */
static void test_leaving(void **state)
{
	static const char both[] = "{\"event\":\"sample\",\"device\":0,\"t_ns\":%d,\"processes\":[[101,10,50],[300,5,null]]}";
	const struct nvml_job gone = {.proc = job.proc, .root = 99999};
	char text[200];
	struct nvml n;

	(void)state;
	two_gpus(&n);
	(void)snprintf(text, sizeof text, both, 1);
	assert_true(nvml_take(&n, text, strlen(text), &job));
	assert_int_equal(n.devices[0].foreign, 1);
	for (int t = 2; t < 4; t++) {
		(void)snprintf(text, sizeof text, both, t);
		assert_true(nvml_take(&n, text, strlen(text), &gone));
		assert_int_equal(n.devices[0].foreign, 1);
		assert_int_equal(n.devices[0].memory_bytes, 0);
	}
	assert_true(take(&n, "{\"event\":\"sample\",\"device\":0,\"t_ns\":4,\"processes\":[]}"));
	(void)snprintf(text, sizeof text, both, 5);
	assert_true(nvml_take(&n, text, strlen(text), &gone));
	assert_int_equal(n.devices[0].foreign, 2);
	assert_int_equal(n.devices[0].processes_peak, 1);
	nvml_done(&n);
}

/* Numbers of another pid namespace may be anybody's. */
static void test_container(void **state)
{
	struct nvml n;

	(void)state;
	two_gpus(&n);
	n.host_pids = false;
	assert_true(take(&n, "{\"event\":\"sample\",\"device\":0,\"t_ns\":1,\"processes\":[[101,10,50],[102,20,70]]}"));
	assert_int_equal(n.devices[0].memory_bytes, 20);
	assert_int_equal(n.devices[0].foreign, 1);
	nvml_done(&n);
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = {
	    "", "{", "[]", "7", "null", "\"sample\"", "{\"event\":7}", "{\"event\":\"sample\"}",
	    "{\"event\":\"sample\",\"device\":2,\"t_ns\":1,\"processes\":[[101,1,1]]}",
	    "{\"event\":\"sample\",\"device\":-1,\"t_ns\":1,\"processes\":[[101,1,1]]}",
	    "{\"event\":\"sample\",\"device\":0,\"t_ns\":-1,\"processes\":[[101,1,1]]}",
	    "{\"event\":\"sample\",\"device\":0,\"processes\":[[101,1,1]]}",
	    "{\"event\":\"sample\",\"device\":0,\"t_ns\":1,\"processes\":{}}",
	    "{\"event\":\"error\",\"device\":0,\"t_ns\":1,\"kind\":\"xid\"}",
	    "{\"event\":\"error\",\"device\":9,\"t_ns\":1,\"kind\":\"ecc\"}",
	};
	struct nvml n;

	(void)state;
	two_gpus(&n);
	for (size_t i = 0; i < COUNTOF(texts); i++)
		assert_false(take(&n, texts[i]));
	assert_int_equal(n.error_count, 0);
	assert_int_equal(n.readings, 0);
	/* Rows that make no sense add nothing; too much is as much as can be. */
	assert_true(take(&n, "{\"event\":\"sample\",\"device\":0,\"t_ns\":5,\"processes\":[7,[],[101],[0,5,5],[-1,5,5],"
			     "[99999999999,5,5],[101,-5,-5],[\"101\",5,5],{},[[101,5]]]}"));
	assert_int_equal(n.devices[0].memory_bytes, 0);
	assert_false(n.devices[0].has_memory);
	assert_true(take(&n, "{\"event\":\"sample\",\"device\":0,\"t_ns\":6,\"processes\":"
			     "[[101,9223372036854775807,5000],[102,9223372036854775807,1]]}"));
	assert_int_equal(n.devices[0].memory_bytes, INT64_MAX);
	assert_int_equal(n.devices[0].busy_peak, 100);
	/* Time does not go back. */
	assert_false(take(&n, "{\"event\":\"sample\",\"device\":0,\"t_ns\":6,\"processes\":[]}"));
	nvml_done(&n);
}

static void test_errors(void **state)
{
	struct nvml n;

	(void)state;
	two_gpus(&n);
	for (int i = 0; i < NVML_ERRORS + 3; i++)
		(void)take(&n, "{\"event\":\"error\",\"device\":1,\"t_ns\":9,\"kind\":\"xid\",\"xid\":79}");
	assert_int_equal(n.error_count, NVML_ERRORS);
	assert_int_equal(n.errors_dropped, 3);
	assert_int_equal(n.errors[0].xid, 79);
	assert_int_equal(n.errors[0].device, 1);
	(void)take(&n, "{\"event\":\"trouble\",\"text\":\"the first\"}");
	(void)take(&n, "{\"event\":\"trouble\",\"text\":\"the second\"}");
	assert_string_equal(n.why, "the first");
	nvml_done(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wanted),    cmocka_unit_test(test_sum),
		cmocka_unit_test(test_leaving), cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_container), cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests_name("nvml", tests, make_proc, remove_proc);
}
