/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What vkjail-exec says about the job: device, budgets, kernels, how it ended. It runs inside
 * the sandbox, so all of this is claimed, not observed: every message is bounded, only known members
 * of the right type are kept, and nothing here decides about the kernel's facts.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLAIM_MESSAGE_MAX = 32 * 1024, CLAIM_LIST_MAX = 512 };

enum claim_end {
	CLAIM_END_NONE,
	CLAIM_END_DONE,
	CLAIM_END_BAD_JOB,
	CLAIM_END_DEVICE_MEMORY,
	CLAIM_END_DEVICE_LOST,
	CLAIM_END_KERNEL_TIME,
	CLAIM_END_CANCELLED,
	CLAIM_END_CHECK_FAILED,
	CLAIM_END_FAILED
};

/* The last `progress` claim. Nothing says that the numbers fit together. */
struct claim_progress {
	char kernel[128];
	uint64_t step, steps, dispatches, total, elapsed_ns;
	double part;
	uint64_t device_bytes; /* of the last `budget` claim */
};

struct claims {
	json_t *device; /* object, or NULL while nothing was said */
	json_t *filter; /* the second one is in force; object, or NULL */
	json_t *end;    /* object, or NULL */
	json_t *
	    lists; /* object of arrays: budgets, shaders, kernels, phases, outputs, warnings, troubles */
	struct claim_progress progress;
	bool progressed; /* since somebody looked */
	enum claim_end how;
	uint64_t budget_interval_ns; /* of the budgets that are kept; 0: all of them are */
	unsigned budgets_taken;
	unsigned refused; /* messages that made no sense */
	unsigned dropped; /* messages beyond the bounds */
};

void claims_init(struct claims *c);
void claims_done(struct claims *c);

/* One datagram. Never fails: what makes no sense is counted. */
void claims_add(struct claims *c, const char *data, size_t size);

/* Whether an "output" was claimed for this buffer, and whether as one of a job that was ended. */
bool claims_has_output(const struct claims *c, const char *buffer);
bool claims_has_partial(const struct claims *c, const char *buffer);
