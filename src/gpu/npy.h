/* SPDX-License-Identifier: Apache-2.0 */
/* The header of .npy files (versions 1 to 3, little-endian, C order): reading and writing. Pure. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "gpu/types.h"

/* The longest header that is read: shapes are short, so a longer one is damage or a trick. */
enum { NPY_HEADER_MAX = 64 << 10, NPY_HEADER_WRITTEN = 320 };

/*
 * data holds the first size bytes of the file. *ret_offset is where the array's bytes begin.
 * name is for the error only.
 */
int npy_parse(const unsigned char *data, size_t size, const char *name, struct shape *ret,
	      size_t *ret_offset, struct err *e);

/* Writes a version 1.0 header; returns its length. */
size_t npy_header(const struct shape *s, char buf[static NPY_HEADER_WRITTEN]);
