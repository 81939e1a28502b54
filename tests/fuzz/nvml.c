/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of vkjail-nvml, one a line, and the report's members that are made of them: once where the numbers of processes
 * are the driver's own, and once as in a container, where the job's have to have a node open.
 */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fake_proc.h"
#include "base/auto.h"
#include "report/parts.h"

static char proc[] = "/tmp/vkjail-fuzz.XXXXXX";

static void remove_proc(void)
{
	(void)fake_proc_remove(proc);
}

static void expect(bool what)
{
	if (!what)
		abort();
}

/* The schema wants numbers that are not negative, and strings where there are some. */
static void check_numbers(const json_t *j)
{
	const char *key;
	json_t *item;
	size_t i;

	expect(j && (!json_is_integer(j) || json_integer_value(j) >= 0));
	json_array_foreach(j, i, item) check_numbers(item);
	if (json_is_object(j))
		json_object_foreach((json_t *)(uintptr_t)j, key, item) check_numbers(item);
}

static void check_report(struct observed *seen)
{
	static const char *const expected[] = {"index", "processes_peak", "other_processes"};
	const struct nvml *n = &seen->nvml;
	json_t *o = json_object(), *events = json_array(), *device;
	size_t i;

	part_observed(o, seen);
	part_gpu_errors(seen, events);
	const json_t *all = json_object_get(json_object_get(o, "observed"), "nvml");
	expect(json_integer_value(json_object_get(all, "readings")) >= 0);
	expect(!n->why[0] == !json_is_string(json_object_get(all, "why")));
	expect(!n->driver[0] == !json_is_string(json_object_get(all, "driver")));
	json_array_foreach(json_object_get(all, "devices"), i, device)
	{
		for (size_t m = 0; m < COUNTOF(expected); m++)
			expect(json_object_get(device, expected[m]));
		expect(json_integer_value(json_object_get(device, "busy_percent_peak")) <= 100);
	}
	expect(json_array_size(events) == n->error_count);
	check_numbers(o);
	check_numbers(events);
	char *text = json_dumps(o, 0);
	expect(text);
	free(text);
	json_decref(o);
	json_decref(events);
}

static void take_all(const uint8_t *data, size_t size, bool host_pids)
{
	static const struct nvml_job job = {.proc = proc, .root = FAKE_PROC_ROOT};
	static struct observed seen;
	struct nvml *n = &seen.nvml;

	*n = NVML_INIT;
	nvml_want(n, 4, "0000:41:00.0", "/dev/nvidia0");
	nvml_want(n, 7, NULL, "/dev/nvidia12");
	n->host_pids = host_pids;
	n->interval_ns = 1000000000;
	n->started = true;
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t length = end ? (size_t)(end - data) - at : size - at;
		uint64_t readings = n->readings;
		bool reading = nvml_take(n, (const char *)data + at, length, &job);
		expect(n->readings == readings + reading);
		for (unsigned i = 0; i < n->count; i++)
			expect(nvml_memory(n, n->devices[i].read_ns) <= INT64_MAX);
		expect(n->error_count <= NVML_ERRORS);
		at += length + 1;
	}
	check_report(&seen);
	nvml_done(n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;

	if (!made) {
		expect(fake_proc_make(proc) == 0);
		expect(atexit(remove_proc) == 0);
		made = true;
	}
	take_all(data, size, true);
	take_all(data, size, false);
	return 0;
}
