/* SPDX-License-Identifier: Apache-2.0 */
/* The header of .npy files (versions 1 to 3): reading and writing. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "gpu/types.h"

/* The longest header that is read: shapes are short, so a longer one is damage or a trick. */
enum { NPY_HEADER_MAX = 64 << 10, NPY_HEADER_WRITTEN = 320 };

struct npy {
	struct shape shape;
	size_t offset;   /* where the array's bytes begin */
	bool big_endian; /* they have to be swapped */
	bool fortran;    /* the first axis is the fastest */
};

/* How long the header of this file is, from its first NPY_START bytes (fewer: the file ends there). */
enum { NPY_START = 12 };
size_t npy_header_size(const unsigned char *data, size_t size);

/* data holds the first size bytes of the file. name is for the error only. */
int npy_parse(const unsigned char *data, size_t size, const char *name, struct npy *ret,
	      struct err *e);

/* Writes a version 1.0 header; returns its length. */
size_t npy_header(const struct shape *s, char buf[static NPY_HEADER_WRITTEN]);
