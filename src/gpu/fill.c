/* SPDX-License-Identifier: Apache-2.0 */
/* zeros, iota, random, value: see fill.h for what they mean exactly. */
#include "gpu/fill.h"

#include <string.h>

#include "gpu/types.h"

static uint64_t splitmix64(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void put_float(double value, enum compute_type type, unsigned char *out)
{
	float f = (float)value;
	uint16_t h;

	if (type == TYPE_F64) {
		memcpy(out, &value, 8);
	} else if (type == TYPE_F32) {
		memcpy(out, &f, 4);
	} else {
		h = f16_from_double(value);
		memcpy(out, &h, 2);
	}
}

static bool is_float(enum compute_type type)
{
	return type == TYPE_F16 || type == TYPE_F32 || type == TYPE_F64;
}

static void put_iota(uint64_t index, enum compute_type type, unsigned char *out)
{
	if (type == TYPE_BOOL)
		index &= 1;
	/* A float type gets one rounding from 64 bits, not two through double. */
	if (type == TYPE_F32) {
		float f = (float)index;
		memcpy(out, &f, 4);
	} else if (is_float(type)) {
		put_float((double)index, type, out);
	} else {
		memcpy(out, &index,
		       type_size(type)); /* the low bytes: little-endian, as everything here */
	}
}

static void put_random(uint64_t r, enum compute_type type, unsigned char *out)
{
	unsigned bits = type == TYPE_BOOL ? 1 : (unsigned)type_size(type) * 8;

	if (type == TYPE_F64) {
		put_float((double)(r >> 11) * 0x1p-53, type, out);
	} else if (type == TYPE_F32) {
		put_float((double)(r >> 40) * 0x1p-24, type, out);
	} else if (type == TYPE_F16) {
		put_float((double)(r >> 53) * 0x1p-11, type, out);
	} else {
		r >>= 64 - bits;
		memcpy(out, &r, type_size(type));
	}
}

void fill_write(const struct fill *f, uint64_t first, size_t count, unsigned char *out)
{
	size_t size = type_size(f->type);

	if (f->source == SOURCE_ZEROS) {
		memset(out, 0, count * size);
		return;
	}
	for (size_t i = 0; i < count; i++, out += size) {
		if (f->source == SOURCE_IOTA)
			put_iota(first + i, f->type, out);
		else if (f->source == SOURCE_RANDOM)
			put_random(splitmix64(f->seed, first + i), f->type, out);
		else
			memcpy(out, f->value, size);
	}
}
