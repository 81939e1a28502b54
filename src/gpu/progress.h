/* SPDX-License-Identifier: Apache-2.0 */
/* How far the job is, as `progress` answers: only if asked for, at a bounded rate, only when something changed. */
#pragma once

#include "gpu/pipeline.h"

enum { PROGRESS_SHORTEST_NS = 100000000 };

struct progress {
	uint64_t every_ns; /* 0: nobody wants to know */
	uint64_t next_ns, start_ns;
	const struct kernel *kernels;
	size_t kernel_count;
	size_t steps;
	uint64_t total;           /* dispatches of the whole job at most; 0: too many to count */
	uint64_t said_dispatches; /* of the last answer */
	double said_part;
};

/* every_ns may be shorter than what is allowed. Counts from now on. */
void progress_start(struct progress *p, const struct request *q, const struct kernel *kernels);
/*
 * Between two submissions: the step with this index is at work, and of its dispatch at hand this part
 * is done (0..1). Costs a look at the clock.
 */
void progress_tick(struct progress *p, const struct step *now, size_t index, double part);
