/* SPDX-License-Identifier: Apache-2.0 */
/* Heap budgets and the job's own allocations as `budget` answers, at fixed points and at intervals. */
#pragma once

#include "gpu/gpu.h"

struct budget {
	const struct gpu *gpu;
	uint64_t every_ns; /* 0: only at the fixed points */
	uint64_t next_ns;
	bool warned; /* that the budget is less than what the job holds */
};

void budget_answer(struct budget *b, const char *at);
/* A sample if one is due. Returns the nanoseconds until the next one, UINT64_MAX: none. */
uint64_t budget_tick(struct budget *b);
