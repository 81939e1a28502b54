/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock, the second wall: what of the new root may be read, executed and written, by paths, whatever
 * becomes of the mounts; and no signals or abstract sockets beyond the job. landlock(7). The kernel's
 * numbers stand here, because the headers of many systems are older than their kernels.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What the running kernel offers; 0: no Landlock, and *ret_errno says how that shows. */
int landlock_abi(int *ret_errno);

/* Access rights, each from an ABI on: 1, 2 (REFER), 3 (TRUNCATE), 5 (IOCTL_DEV). */
enum {
	LL_EXECUTE = 1 << 0,
	LL_WRITE_FILE = 1 << 1,
	LL_READ_FILE = 1 << 2,
	LL_READ_DIR = 1 << 3,
	LL_REMOVE_DIR = 1 << 4,
	LL_REMOVE_FILE = 1 << 5,
	LL_MAKE_CHAR = 1 << 6,
	LL_MAKE_DIR = 1 << 7,
	LL_MAKE_REG = 1 << 8,
	LL_MAKE_SOCK = 1 << 9,
	LL_MAKE_FIFO = 1 << 10,
	LL_MAKE_BLOCK = 1 << 11,
	LL_MAKE_SYM = 1 << 12,
	LL_REFER = 1 << 13,
	LL_TRUNCATE = 1 << 14,
	LL_IOCTL_DEV = 1 << 15,
};

/* Scopes, from ABI 6 on. */
enum { LL_SCOPE_ABSTRACT = 1 << 0, LL_SCOPE_SIGNAL = 1 << 1 };

/*
 * The least ABI that is used: with the first one no file can be moved from one directory to another,
 * which ordinary programs do.
 */
enum { LL_ABI_LEAST = 2, LL_ABI_TRUNCATE = 3, LL_ABI_IOCTL = 5, LL_ABI_SCOPES = 6 };

/* What may be done below a path of the new root. */
struct landlock_path {
	const char *path;
	uint64_t access;
};

struct landlock_rules {
	int abi;         /* 0: not used */
	const char *why; /* then: why not */
	uint64_t handled, scoped;
	struct landlock_path *paths;
	size_t path_count;
};
