/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was submitted can be left out again: the device looks at a word of host memory before it begins
 * a dispatch, and once the word is 0 it begins no more (VK_EXT_conditional_rendering). So a
 * submission may be long and a signal still waits for one dispatch only. A driver may look earlier
 * than that, but never past a barrier; copies are not left out.
 */
#pragma once

#include "gpu/gpu.h"

struct guard {
	struct gpu_buffer word;
};

/* Part of gpu_open. */
void guard_load(struct gpu *g);
/* Whether there is one: not on every device. Owned, until guard_close. */
bool guard_open(struct guard *guard, struct gpu *g);
bool guard_is_open(const struct guard *guard);
void guard_close(struct guard *guard, struct gpu *g);
/* Around dispatches that are recorded into g->commands. Nothing where guard_open said false. */
void guard_begin(const struct guard *guard, struct gpu *g);
void guard_end(const struct guard *guard, struct gpu *g);
/* From now on guarded dispatches that have not begun are left out. */
void guard_drop(const struct guard *guard);
