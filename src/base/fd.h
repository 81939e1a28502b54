/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: bounded whole-file reads, whole writes. -1 means no descriptor. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Reads everything from fd, at most max bytes (one more is an error). *ret_data is malloc'ed,
 * zero-terminated beyond *ret_size, owned by the caller. name is for the error only.
 */
int fd_read_all(int fd, const char *name, size_t max, char **ret_data, size_t *ret_size,
		struct err *e);

/* Opens a regular file read-only (never blocks on a FIFO, refuses directories and devices). Returns an fd. */
int fd_open_regular(int dirfd, const char *path, struct err *e);

/* open + read_all of a regular file. */
int fd_read_file(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_size,
		 struct err *e);

/* Writes all bytes, through EINTR, short writes and descriptors that are non-blocking. 0, or -1 with errno set. */
int fd_write_all(int fd, const void *data, size_t size);
