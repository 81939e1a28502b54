/* SPDX-License-Identifier: Apache-2.0 */
/* Runs vkjail-compile on one shader: hostile text ends that process, not this one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gpu/fail.h"

enum {
	COMPILE_SOURCE_MAX = 4 << 20,
	COMPILE_RESULT_MAX = 16 << 20,
	COMPILE_ERRORS_MAX = 64 << 10,
	COMPILE_DEADLINE_MS = 20000, /* of real time; the compiler's own limit is of CPU time */
};

struct compile_job {
	const char *compiler, *path, *entry, *where;
	int fd;
};

/* *ret_words is malloc'ed and begins with SPIR-V's magic number. Anything else is 'shader rejected'. */
int compile_shader(const struct compile_job *job, uint32_t **ret_words, size_t *ret_count, bool *ret_glsl, struct fail *f);
