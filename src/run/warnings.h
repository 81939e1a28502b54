/* SPDX-License-Identifier: Apache-2.0 */
/* The warnings of a run: the plan's, and what became clear at the end. */
#pragma once

#include "run/supervise.h"

/* Where they come from; all borrowed. */
struct warnings_from {
	const struct plan *plan;
	const struct observed *seen;
	const struct gpu_said *said;
	const struct claims *claims;
};

/* text is copied. */
void warnings_add(struct run_result *ret, const char *text);
void warnings_keep(const struct warnings_from *from, struct run_result *ret);
