/* SPDX-License-Identifier: Apache-2.0 */
/* See layer.h. */
#include "run/layer.h"

#include <stdio.h>

#include "base/text.h"

#define SECOND_NS 1000000000u

static uint64_t or_else(uint64_t value, uint64_t otherwise)
{
	return value < LIMIT_UNSET ? value : otherwise;
}

struct telemetry_orders layer_orders(const struct plan *p, const struct spec *spec)
{
	static const enum page_timing timing[] = {[TIMING_SAMPLED] = PAGE_TIMING_SAMPLED,
						  [TIMING_OFF] = PAGE_TIMING_OFF,
						  [TIMING_ALL] = PAGE_TIMING_ALL};
	const uint64_t *value = p->limits.value;
	struct telemetry_orders o = {
	    .memory_hard = or_else(value[LIMIT_DEVICE_MEMORY], PAGE_NO_LIMIT),
	    .memory_soft = or_else(p->limits.soft[LIMIT_DEVICE_MEMORY], PAGE_NO_LIMIT),
	    .kernel_ns = or_else(value[LIMIT_KERNEL], 0),
	    .budget_ns = or_else(p->sample_ns, 0),
	    .share_percent = (uint32_t)or_else(value[LIMIT_GPU_SHARE], 0),
	    .timing = timing[spec->kernel_timing],
	    .stop = spec->kernel_stop == KERNEL_STOP_HOLD ? PAGE_STOP_HOLD : PAGE_STOP_LOST,
	};

	if (limit_is_set(&p->limits, LIMIT_SUBMITS))
		o.submit_every_ns = SECOND_NS / value[LIMIT_SUBMITS];
	/* For idleness it is enough to know that something is under way. */
	if (!o.kernel_ns && limit_is_set(&p->limits, LIMIT_IDLE))
		o.kernel_ns = PAGE_NO_LIMIT;
	return o;
}

/* Programs go on after allocations that failed, or say nothing of it. */
bool layer_warning(const struct gpu_said *g, const struct outcome *out, unsigned number, char *text,
		   size_t size)
{
	char bytes[32];

	if (out->reason == REASON_DEVICE_MEMORY)
		return false;
	if (g->refused && number-- == 0) {
		(void)snprintf(
		    text, size,
		    "%llu allocation%s of device memory (%s together) refused because of the limit device-memory",
		    (unsigned long long)g->refused, g->refused == 1 ? "" : "s",
		    text_print_size(g->refused_bytes, bytes, sizeof bytes));
		return true;
	}
	if (g->driver_refused && number == 0) {
		(void)snprintf(
		    text, size,
		    "the driver refused %llu allocation%s of device memory (%s together)",
		    (unsigned long long)g->driver_refused, g->driver_refused == 1 ? "" : "s",
		    text_print_size(g->driver_refused_bytes, bytes, sizeof bytes));
		return true;
	}
	return false;
}
