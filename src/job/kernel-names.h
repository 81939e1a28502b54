/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for kernels whose program gives them none: a file of lines "HASH NAME", where HASH is the
 * SHA-256 of the SPIR-V words or its first digits, 8 at least. '#' starts a comment.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum { KERNEL_HASH_DIGITS = 64, KERNEL_HASH_LEAST = 8, KERNEL_NAMES_MAX = 65536 };

struct kernel_name {
	const char *hash; /* lower case */
	const char *name;
};

struct kernel_names {
	struct kernel_name *at; /* in the order of their hashes; the arena's */
	size_t count;
};

/* Reads the file; what it holds is owned by the arena. */
int kernel_names_read(struct kernel_names *ret, struct arena *a, const char *path, struct err *e);

/* The same from text that is there already; name is for messages. */
int kernel_names_parse(struct kernel_names *ret, struct arena *a, const char *name, char *text,
		       struct err *e);

/* The name of the kernel with this hash (64 digits), by the longest part of it that has one; or NULL. */
const char *kernel_names_find(const struct kernel_names *n, const char *hash);
