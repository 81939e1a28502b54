/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shaders of a compute job as the job gets them: read once, here, with what they include, and
 * put into one sealed memfd. So what is compiled is what was looked at, whoever changes the files.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "job/spec.h"

enum { SHADERS_BYTES = 64 << 20 };

/* Where in the memfd. */
struct shader_place {
	uint64_t offset, size;
};

/* One place for each kernel of the job. Returns the memfd, or -1. */
int shaders_read(const struct spec *spec, struct shader_place *places, struct err *e);
