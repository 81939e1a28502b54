/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element types, shapes and single numbers of compute jobs: names, sizes, and conversions that say
 * when a number does not fit. Pure; knows no files and no Vulkan.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/spec.h"

/* Enough for every shape_print. */
enum { SHAPE_TEXT = 224 };

struct shape {
	enum compute_type type;
	unsigned dims; /* 0: a single number */
	uint64_t dim[COMPUTE_DIMS];
	uint64_t count; /* elements; set by shape_finish */
	uint64_t bytes;
};

const char *type_name(enum compute_type type);
size_t type_size(enum compute_type type);
bool type_is_float(enum compute_type type);
const char *type_npy(enum compute_type type);       /* "<f4" */
enum compute_type type_from_name(const char *name); /* TYPE_NONE: no such type */
enum compute_type type_from_npy(const char *descr); /* TYPE_NONE: not one we read */

/* Sets count and bytes; an overflow is an error. */
int shape_finish(struct shape *s, const char *where, struct err *e);
/* "f32 [512, 512, 4]" */
const char *shape_print(const struct shape *s, char buf[static SHAPE_TEXT]);

/*
 * Writes n as a little-endian element of type `as` to out (type_size(as) bytes). An integer may
 * become a float; a float never becomes an integer. n->ref must have been resolved.
 */
int number_encode(const struct compute_number *n, enum compute_type as, unsigned char out[static 8],
		  struct err *e);

/* IEEE 754 binary16, round to nearest even. */
uint16_t f16_from_double(double value);
