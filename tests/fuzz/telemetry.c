/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The telemetry page as a job may leave it, and the report's member that is made of it. The page is far
 * larger than an input, so an input is a list of things that happen, each begun by a byte:
 *
 *   'w' MEMBER ROW ROW OFFSET OFFSET LENGTH BYTES...   the job writes
 *   'p' SLOT   a process takes the slot      'e' SLOT   the process of the slot ends
 *   'l'        a sample is taken             'k'        a kernel was passed
 *
 * Numbers are little-endian; those that are too large begin again at zero. Other bytes are skipped.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "report/parts.h"
#include "watch/telemetry.h"

struct input {
	const uint8_t *at, *end;
};

static unsigned next(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static unsigned next16(struct input *in)
{
	unsigned low = next(in);
	return low | next(in) << 8;
}

/* By members, so that a corpus outlives a change of the page's layout. New ones are added at the end. */
#define MEMBER(array, type, member)                                                       \
	{                                                                                 \
		offsetof(struct telemetry_page, array) + offsetof(struct type, member),   \
		    sizeof(struct type),                                                  \
		    sizeof(((struct telemetry_page *)NULL)->array) / sizeof(struct type), \
		    sizeof(((struct type *)NULL)->member)                                 \
	}
#define HEAD(member)                                                \
	{                                                           \
		offsetof(struct telemetry_page, member), 0, 1,      \
		    sizeof(((struct telemetry_page *)NULL)->member) \
	}

static const struct {
	size_t at, row, rows, size;
} members[] = {
    HEAD(slot_high),
    HEAD(kernel_high),
    HEAD(memory_peak),
    HEAD(soft_ns),
    HEAD(event_head),
    HEAD(kernels_full),
    MEMBER(devices, page_device, state),
    MEMBER(devices, page_device, type),
    MEMBER(devices, page_device, heap_count),
    MEMBER(devices, page_device, has_budget),
    MEMBER(devices, page_device, has_uuid),
    MEMBER(devices, page_device, name),
    MEMBER(devices, page_device, driver_name),
    MEMBER(devices, page_device, driver_info),
    MEMBER(devices, page_device, pci),
    MEMBER(devices, page_device, timestamp_bits),
    MEMBER(devices, page_device, timestamp_period_ns),
    MEMBER(devices, page_device, budget_at_ns),
    MEMBER(devices, page_device, heaps),
    MEMBER(devices, page_device, api_version),
    MEMBER(events, page_event, seq),
    MEMBER(events, page_event, at_ns),
    MEMBER(events, page_event, kind),
    MEMBER(events, page_event, call),
    MEMBER(events, page_event, result),
    MEMBER(events, page_event, pid),
    MEMBER(events, page_event, bytes),
    MEMBER(slots, page_slot, lost_call),
    MEMBER(slots, page_slot, app),
    MEMBER(slots, page_slot, engine),
    MEMBER(slots, page_slot, counted),
    MEMBER(slots, page_slot, bytes),
    MEMBER(slots, page_slot, count),
    MEMBER(slots, page_slot, oldest),
    MEMBER(kernels, page_kernel, state),
    MEMBER(kernels, page_kernel, device),
    MEMBER(kernels, page_kernel, key),
    MEMBER(kernels, page_kernel, spirv),
    MEMBER(kernels, page_kernel, specialization),
    MEMBER(kernels, page_kernel, entry),
    MEMBER(kernels, page_kernel, named),
    MEMBER(kernels, page_kernel, name),
    MEMBER(kernels, page_kernel, local_size),
    MEMBER(kernels, page_kernel, bindings),
    MEMBER(kernels, page_kernel, groups),
    MEMBER(kernels, page_kernel, dispatches),
    MEMBER(kernels, page_kernel, indirect),
    MEMBER(kernels, page_kernel, timed),
    MEMBER(kernels, page_kernel, total_ns),
    MEMBER(kernels, page_kernel, min_ns),
    MEMBER(kernels, page_kernel, max_ns),
    MEMBER(kernels, page_kernel, first),
    MEMBER(kernels, page_kernel, first_ns),
    MEMBER(kernels, page_kernel, lost),
    MEMBER(kernels, page_kernel, by_host),
    MEMBER(kernels, page_kernel, bucket),
    MEMBER(kernels, page_kernel, kind),
    MEMBER(kernels, page_kernel, generated_least),
    MEMBER(kernels, page_kernel, generated_most),
};

static void write_member(struct telemetry_page *page, struct input *in)
{
	size_t m = next(in) % COUNTOF(members), row = next16(in) % members[m].rows;
	size_t offset = next16(in) % members[m].size, n = next(in);
	size_t room = members[m].size - offset, left = (size_t)(in->end - in->at);
	char *to = (char *)page + members[m].at + row * members[m].row + offset;

	n = n < left ? n : left;
	memcpy(to, in->at, n < room ? n : room);
	in->at += n;
}

static void take_slot(struct telemetry *t, unsigned slot)
{
	if (t->slots[slot].pidfd >= 0)
		return;
	t->slots[slot].pidfd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	t->slots[slot].number = t->hellos++;
}

static void passed(struct telemetry *t)
{
	struct telemetry_submit s;

	telemetry_oldest(t, &s);
	if (s.candidates > PAGE_CANDIDATES)
		abort();
	telemetry_stop(t, &s);
	(void)telemetry_soft(t);
	(void)telemetry_progress(t);
}

/* The schema wants numbers that are not negative, and jansson keeps no others than finite ones. */
static void check(const json_t *j)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_integer(j) && json_integer_value(j) < 0)
		abort();
	json_array_foreach(j, i, item) check(item);
	if (json_is_object(j))
		json_object_foreach((json_t *)(uintptr_t)j, key, item) check(item);
}

static void check_report(const struct telemetry *t)
{
	static const char *const expected[] = {
	    "name",  "type",         "driver", "api", "timestamp_valid_bits", "timestamp_period_ns",
	    "heaps", "budget_source"};
	const struct report_facts facts = {.telemetry = t};
	json_t *o = json_object();

	part_layer(o, &facts);
	const json_t *devices = json_object_get(o, "devices");
	for (size_t i = 0; i < json_array_size(devices); i++)
		for (size_t m = 0; m < COUNTOF(expected); m++)
			if (!json_object_get(json_array_get(devices, i), expected[m]))
				abort();
	check(o);
	char *text = json_dumps(o, 0);
	if (!text)
		abort();
	free(text);
	json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {.at = data, .end = data + size};
	static struct telemetry_page page;
	struct telemetry t;
	uint64_t now = 1;

	telemetry_init(&t);
	memset(&page, 0, sizeof page);
	t.page = &page;
	t.processes = calloc(TELEMETRY_PROCESSES, sizeof *t.processes);
	t.events = calloc(TELEMETRY_EVENTS, sizeof *t.events);
	if (!t.processes || !t.events)
		abort();
	while (in.at < in.end) {
		unsigned slot;
		switch (next(&in)) {
		case 'w':
			write_member(t.page, &in);
			break;
		case 'p':
			take_slot(&t, next(&in) % PAGE_SLOTS);
			break;
		case 'e':
			slot = next(&in) % PAGE_SLOTS;
			if (t.slots[slot].pidfd >= 0)
				telemetry_ended(&t, slot, now++);
			break;
		case 'l':
			telemetry_look(&t, "sample", now++);
			break;
		case 'k':
			passed(&t);
			break;
		}
	}
	telemetry_end(&t, now);
	check_report(&t);
	/* Not its own to unmap. */
	t.page = NULL;
	telemetry_done(&t);
	return 0;
}
