/* SPDX-License-Identifier: Apache-2.0 */
/* Elements from the way a file has them to the way a buffer has them. Pure. */
#pragma once

#include "gpu/types.h"

/* bf16, which no buffer has, is TYPE_NONE here. */
size_t convert_stored_size(enum compute_type stored);
/* Whether numbers stored so can be widened to this type without loss: bf16 and f16 to f32 and f64. */
bool convert_can_widen(enum compute_type stored, enum compute_type to);

void convert_swap(unsigned char *p, size_t count, size_t size);
/* in may be the last part of out's own memory. */
void convert_widen(enum compute_type stored, const unsigned char *in, enum compute_type to,
		   unsigned char *out, size_t count);

/* Walks through an array the first axis of which is the fastest, and knows where each element belongs. */
struct fortran {
	const struct shape *shape;
	uint64_t stride[COMPUTE_DIMS], index[COMPUTE_DIMS];
	uint64_t to; /* in elements */
};

void fortran_start(struct fortran *f, const struct shape *s);
/* The next count elements; those that belong to [first, first + room) go to out. */
void fortran_put(struct fortran *f, const unsigned char *in, size_t count, uint64_t first,
		 uint64_t room, unsigned char *out);
