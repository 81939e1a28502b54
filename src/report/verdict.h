/* SPDX-License-Identifier: Apache-2.0 */
/* Facts -> reason. A pure and total function: the same facts always give the same outcome. */
#pragma once

#include <stdint.h>

#include "job/reason.h"
#include "plan/plan.h"
#include "watch/claims.h"
#include "watch/facts.h"
#include "watch/telemetry.h"

struct outcome {
	enum reason reason;
	int exit_status; /* of vkjail */
	int code;        /* the job's own exit status, -1 when it has none */
	int signal;      /* that ended the job or cancelled us; 0: none */
	int limit;       /* enum limit, -1: none */
	bool soft;       /* its soft value */
	const struct denied_row *
	    call; /* that the filter ended the job for; NULL: none or not known. Borrowed from the facts */
	uint64_t value; /* what was observed, in the limit's unit */
	char text[900]; /* one sentence for a person */
	char where
	    [400]; /* the place in the job file or on the command line; "" when there is none */
	char hint[320]; /* how to fix it; "" when there is nothing useful to say */
};

/* After a run. claims are vkjail-exec's, gpu is what the Vulkan layer of a command said; each may be NULL. */
void verdict_of_run(const struct plan *plan, const struct observed *o, const struct claims *claims,
		    const struct gpu_said *gpu, struct outcome *ret);

/* Before or instead of a run: the error that prevented it. */
void verdict_of_error(enum reason reason, const struct err *e, struct outcome *ret);
