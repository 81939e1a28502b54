/* SPDX-License-Identifier: Apache-2.0 */
/* Byte order, widening, order of axes. */
#include "gpu/convert.h"

#include <string.h>

enum { BF16 = TYPE_NONE };

size_t convert_stored_size(enum compute_type stored)
{
	return stored == (enum compute_type)BF16 ? 2 : type_size(stored);
}

bool convert_can_widen(enum compute_type stored, enum compute_type to)
{
	return (stored == (enum compute_type)BF16 || stored == TYPE_F16) &&
	       (to == TYPE_F32 || to == TYPE_F64);
}

void convert_swap(unsigned char *p, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++, p += size)
		for (size_t a = 0, b = size - 1; a < b; a++, b--) {
			unsigned char c = p[a];
			p[a] = p[b];
			p[b] = c;
		}
}

/* The bits of the f32 with the value of this f16; the payload of a NaN stays at the top. */
static uint32_t widen_f16(uint32_t h)
{
	uint32_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff;

	if (exponent == 31)
		return sign | 0x7f800000 | fraction << 13;
	if (exponent)
		return sign | (exponent + 112) << 23 | fraction << 13;
	if (fraction == 0)
		return sign;
	/* Below the normal numbers of f16, but not of f32. */
	unsigned shift = (unsigned)__builtin_clz(fraction) - 21;
	return sign | (113 - shift) << 23 | (fraction << shift & 0x3ff) << 13;
}

void convert_widen(enum compute_type stored, const unsigned char *in, enum compute_type to,
		   unsigned char *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t bits = in[2 * i] | (uint32_t)in[2 * i + 1] << 8;
		float f;
		bits = stored == TYPE_F16 ? widen_f16(bits) : bits << 16;
		memcpy(&f, &bits, sizeof f);
		double d = (double)f;
		if (to == TYPE_F32)
			memcpy(out + 4 * i, &bits, 4);
		else
			memcpy(out + 8 * i, &d, 8);
	}
}

void fortran_start(struct fortran *f, const struct shape *s)
{
	uint64_t stride = 1;

	*f = (struct fortran){.shape = s};
	for (unsigned i = s->dims; i-- > 0;) {
		f->stride[i] = stride;
		stride *= s->dim[i];
	}
}

static void step(struct fortran *f)
{
	for (unsigned i = 0; i < f->shape->dims; i++) {
		f->to += f->stride[i];
		if (++f->index[i] < f->shape->dim[i])
			return;
		f->index[i] = 0;
		f->to -= f->stride[i] * f->shape->dim[i];
	}
}

void fortran_put(struct fortran *f, const unsigned char *in, size_t count, uint64_t first,
		 uint64_t room, unsigned char *out)
{
	size_t size = type_size(f->shape->type);

	for (size_t i = 0; i < count; i++, step(f))
		if (f->to - first < room) /* wraps below first */
			memcpy(out + (f->to - first) * size, in + i * size, size);
}
