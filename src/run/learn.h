/* SPDX-License-Identifier: Apache-2.0 */
/* A learned job as a profile file, with comments: vkjail-profile(5). */
#pragma once

#include "base/atomic.h"
#include "job/spec.h"
#include "plan/plan.h"
#include "report/verdict.h"
#include "watch/learn.h"

/* Opens the place of the file before the job runs, which may be able to change the way there. 0 or -1. */
int learn_open(const struct spec *spec, struct atomic_file *ret, struct err *e);

/* Writes it. A profile that is not whole, as that of a job that was ended, or that cannot be written, is a warning of the plan. */
void learn_keep(const struct spec *spec, struct plan *plan, const struct learned *d,
		const struct outcome *out, struct atomic_file *file);
