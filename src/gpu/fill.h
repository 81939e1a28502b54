/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated contents of buffers. Every element depends only on its index (and the seed), so any
 * part can be made by itself, and anybody can make the same numbers with another program:
 *
 *   zeros    0
 *   iota     the index: integers modulo their size, floats rounded, bool its lowest bit
 *   random   r = splitmix64's output number index for that seed (z = seed + (index + 1) * 0x9e3779b97f4a7c15,
 *            then its two xor-shift-multiply steps and a last xor-shift by 31);
 *            integers and bool: the highest bits of r; f16, f32, f64: the highest 11, 24, 53 bits
 *            times 2^-11, 2^-24, 2^-53, so in [0, 1)
 *   value    the number
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "job/spec.h"

struct fill {
	enum compute_source source; /* all but SOURCE_FILE */
	enum compute_type type;
	uint64_t seed;
	unsigned char value[8]; /* encoded, with SOURCE_VALUE */
};

/* Writes count elements, the first of which has index `first`. */
void fill_write(const struct fill *f, uint64_t first, size_t count, unsigned char *out);
