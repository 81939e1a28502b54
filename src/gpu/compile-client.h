/* SPDX-License-Identifier: Apache-2.0 */
/* Runs vkjail-compile on one shader: hostile text ends that process, not this one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gpu/fail.h"
#include "gpu/request.h"

enum {
	COMPILE_SOURCE_MAX = 4 << 20,
	COMPILE_RESULT_MAX = 16 << 20,
	COMPILE_ERRORS_MAX = 64 << 10,
	COMPILE_DEADLINE_MS = 20000, /* of real time; the compiler's own limit is of CPU time */
};

struct compile_job {
	const char *compiler, *path, *entry, *where;
	int fd;
	uint64_t offset, size; /* of the source; UINT64_MAX: to the end */
	const struct request_define *defines;
	size_t define_count;
	const uint32_t
	    *cached; /* what an earlier compilation gave: only to be validated; NULL: none */
	size_t cached_count;
};

/* What the device takes; the compiler works before this is known, and validates for it. */
struct compile_target {
	uint32_t api; /* VK_API_VERSION_1_1 and newer */
	bool scalar;  /* scalar block layout is on */
};

struct compiled {
	uint32_t *words; /* malloc'ed, begins with SPIR-V's magic number */
	size_t count;
	bool glsl;
	uint64_t cpu_ns; /* what the compiler used */
};

struct compiler;

/* Starts a compiler and gives it the source; NULL with *f. *job must live until the compiler is gone. */
struct compiler *compile_start(const struct compile_job *job, struct fail *f);
/* Waits for it; frees c in any case. Anything but a good end is 'shader rejected'. */
int compile_finish(struct compiler *c, const struct compile_target *target, struct compiled *ret,
		   struct fail *f);
/* Ends and frees one that is not wanted any more; NULL is fine. */
void compile_drop(struct compiler *c);
