/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs all steps in order, in submissions that grow while they are short, times each dispatch and
 * holds it to the limit.
 */
#pragma once

#include "gpu/budget.h"
#include "gpu/pipeline.h"

enum {
	BATCH_MAX = 64,
	BATCH_NS = 5000000,       /* a submission shorter than this may be doubled */
	WAIT_SLICE_NS = 20000000, /* how long a signal may go unnoticed */
	WAIT_GRACE_NS = 2000000,  /* submitting and waking up are not the dispatch's time */
};
#define COMPILE_ALLOWANCE_NS \
	UINT64_C(10000000000) /* for the driver's own compiler, once a pipeline */

struct run {
	struct gpu *gpu;
	struct budget *budget;
	uint64_t limit_ns; /* of one dispatch, 0: none */
	bool timed;        /* by the device; else by the host, one dispatch a submission */
};

/* Sets run->timed. On END_KERNEL_TIME and END_CANCELLED f->pending says whether the device still works. */
int run_steps(struct run *run, struct step *steps, size_t count, struct fail *f);
