/* SPDX-License-Identifier: Apache-2.0 */
/* The table of element types; shapes with checked sizes; numbers to bytes. */
#include "gpu/types.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"

enum kind { KIND_NONE, KIND_UNSIGNED, KIND_SIGNED, KIND_FLOAT, KIND_BOOL };

static const struct {
	const char *name, *npy;
	size_t size;
	enum kind kind;
} types[] = {
    [TYPE_NONE] = {"none", "", 0, KIND_NONE},      [TYPE_U8] = {"u8", "|u1", 1, KIND_UNSIGNED},
    [TYPE_I8] = {"i8", "|i1", 1, KIND_SIGNED},     [TYPE_U16] = {"u16", "<u2", 2, KIND_UNSIGNED},
    [TYPE_I16] = {"i16", "<i2", 2, KIND_SIGNED},   [TYPE_U32] = {"u32", "<u4", 4, KIND_UNSIGNED},
    [TYPE_I32] = {"i32", "<i4", 4, KIND_SIGNED},   [TYPE_F32] = {"f32", "<f4", 4, KIND_FLOAT},
    [TYPE_U64] = {"u64", "<u8", 8, KIND_UNSIGNED}, [TYPE_I64] = {"i64", "<i8", 8, KIND_SIGNED},
    [TYPE_F64] = {"f64", "<f8", 8, KIND_FLOAT},    [TYPE_F16] = {"f16", "<f2", 2, KIND_FLOAT},
    [TYPE_BOOL] = {"bool", "|b1", 1, KIND_BOOL},
};

const char *type_name(enum compute_type type)
{
	return types[type].name;
}

size_t type_size(enum compute_type type)
{
	return types[type].size;
}

bool type_is_float(enum compute_type type)
{
	return types[type].kind == KIND_FLOAT;
}

const char *type_npy(enum compute_type type)
{
	return types[type].npy;
}

enum compute_type type_from_name(const char *name)
{
	for (size_t i = TYPE_NONE + 1; i < COUNTOF(types); i++)
		if (strcmp(name, types[i].name) == 0)
			return (enum compute_type)i;
	return TYPE_NONE;
}

enum compute_type type_from_npy(const char *descr)
{
	if (descr[0] == '\0')
		return TYPE_NONE;
	for (size_t i = TYPE_NONE + 1; i < COUNTOF(types); i++) {
		/* A one-byte type has no byte order: NumPy writes '|', other writers '<' or '='. */
		bool any_order = types[i].size == 1 && strchr("|<=", descr[0]);
		if (strcmp(descr, types[i].npy) == 0 ||
		    (any_order && strcmp(descr + 1, types[i].npy + 1) == 0))
			return (enum compute_type)i;
	}
	return TYPE_NONE;
}

int shape_finish(struct shape *s, const char *where, struct err *e)
{
	uint64_t count = 1;

	for (unsigned i = 0; i < s->dims; i++)
		if (__builtin_mul_overflow(count, s->dim[i], &count))
			return err_bad(e, where,
				       "the shape has more elements than 64 bits can count");
	if (__builtin_mul_overflow(count, type_size(s->type), &s->bytes) ||
	    s->bytes > INT64_MAX - 64)
		return err_bad(e, where, "the shape needs more bytes than 63 bits can count");
	s->count = count;
	return 0;
}

const char *shape_print(const struct shape *s, char buf[static SHAPE_TEXT])
{
	int n = snprintf(buf, SHAPE_TEXT, "%s [", type_name(s->type));

	for (unsigned i = 0; i < s->dims; i++)
		n += snprintf(buf + n, (size_t)(SHAPE_TEXT - n), "%s%llu", i ? ", " : "",
			      (unsigned long long)s->dim[i]);
	(void)snprintf(buf + n, (size_t)(SHAPE_TEXT - n), "]");
	return buf;
}

uint16_t f16_from_double(double value)
{
	uint16_t sign = signbit(value) ? 0x8000 : 0;
	double a = fabs(value);
	int exponent;

	if (isnan(value))
		return sign | 0x7e00;
	if (a <= 0)
		return sign;
	if (a >= 65520.0) /* halfway between the largest number and infinity */
		return sign | 0x7c00;
	(void)frexp(a, &exponent);
	/* One unit in the last place: 11 bits for normal numbers, 2^-24 for the smallest ones. */
	int ulp = exponent - 11 < -24 ? -24 : exponent - 11;
	double steps = nearbyint(ldexp(a, -ulp)); /* exact scaling, one rounding, to even */
	/* Numbers of one exponent and the next are consecutive in this encoding, so a carry is right. */
	return (uint16_t)(sign + (unsigned)(ulp + 24) * 1024 + (unsigned)steps);
}

static int encode_float(double value, enum compute_type as, unsigned char out[static 8],
			struct err *e)
{
	float f = (float)value;
	uint16_t h = f16_from_double(value);

	if (as == TYPE_F64) {
		memcpy(out, &value, 8);
		return 0;
	}
	bool lost = as == TYPE_F32 ? !isfinite(f) : (h & 0x7c00) == 0x7c00;
	if (isfinite(value) && lost)
		return err_bad(e, "", "%g does not fit into %s", value, type_name(as));
	memcpy(out, as == TYPE_F32 ? (const void *)&f : (const void *)&h, type_size(as));
	return 0;
}

static int encode_integer(int64_t i, enum compute_type as, unsigned char out[static 8],
			  struct err *e)
{
	unsigned bits = (unsigned)type_size(as) * 8;
	bool fits;

	if (types[as].kind == KIND_UNSIGNED)
		fits = i >= 0 && (bits == 64 || (uint64_t)i >> bits == 0);
	else if (types[as].kind == KIND_BOOL)
		fits = i == 0 || i == 1;
	else
		fits = bits == 64 || (i >= -(1LL << (bits - 1)) && i < 1LL << (bits - 1));
	if (!fits)
		return err_bad(e, "", "%lld does not fit into %s", (long long)i, type_name(as));
	for (unsigned b = 0; b < bits; b += 8)
		out[b / 8] = (unsigned char)((uint64_t)i >> b);
	return 0;
}

int number_encode(const struct compute_number *n, enum compute_type as, unsigned char out[static 8],
		  struct err *e)
{
	if (types[as].kind == KIND_FLOAT)
		return encode_float(n->is_integer ? (double)n->i : n->f, as, out, e);
	if (!n->is_integer)
		return err_bad(e, "", "%g is not an integer, and %s is wanted", n->f,
			       type_name(as));
	return encode_integer(n->i, as, out, e);
}
