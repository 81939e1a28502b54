/* SPDX-License-Identifier: Apache-2.0 */
/* A learned job as a profile file, with comments: vkjail-profile(5). */
#pragma once

#include "base/atomic.h"
#include "job/spec.h"
#include "plan/plan.h"
#include "watch/learn.h"

/* Opens the place of the file before the job runs, which may be able to change the way there. 0 or -1. */
int learn_open(const struct spec *spec, struct atomic_file *ret, struct err *e);

int learn_write(const struct spec *spec, const struct plan *plan, const struct learned *d,
		struct atomic_file *file, struct err *e);
