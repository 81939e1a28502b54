/* SPDX-License-Identifier: Apache-2.0 */
/* A learned job as a profile file, with comments: vkjail-profile(5). */
#pragma once

#include "job/spec.h"
#include "plan/plan.h"
#include "watch/learn.h"

/* Whether the file can be written, before the job runs. 0 or -1. */
int learn_check(const struct spec *spec, struct err *e);

int learn_write(const struct spec *spec, const struct plan *plan, const struct learned *d,
		struct err *e);
