/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at what buffers hold: one element against a number, a whole buffer against a hash or
 * against what a file holds. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "gpu/request.h"
#include "gpu/types.h"

enum { CHECK_VALUE = 40 }; /* enough for every value_print */

/* Wide enough for every integer and every float that there is. */
long double value_read(enum compute_type type, const unsigned char *element);
/* As it would be written: 1.5, -3, nan. */
const char *value_print(enum compute_type type, long double value, char buf[static CHECK_VALUE]);

/* Whether the value has crossed the number. A NaN has not. */
bool until_is_over(const struct request_until *u, enum compute_type type,
		   const unsigned char *element);

/*
 * Both return -1 with the difference in words. name is the buffer's, for messages.
 *
 * A value is right when |value - expected| <= max_abs + max_rel * |expected|; infinities when they
 * are equal, a NaN when a NaN is expected.
 */
int check_hash(const char *name, const char *expected, const unsigned char *bytes, uint64_t size,
	       struct err *e);
struct check_pair {
	const char *name, *file;
	const struct shape *shape, *file_shape;
	const unsigned char *bytes, *file_bytes;
	double max_abs, max_rel;
};
int check_values(const struct check_pair *p, struct err *e);
/* What a check needs to make sense: the same shape; numbers of any type are compared as numbers. */
int check_shapes(const char *name, const struct shape *s, const char *file,
		 const struct shape *file_shape, struct err *e);
