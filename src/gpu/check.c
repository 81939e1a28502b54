/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every element becomes a long double, whose 64 bits of precision (on x86-64 and better elsewhere)
 * hold each integer and each float of a buffer exactly, so that types need not be compared in pairs.
 */
#include "gpu/check.h"

#include <inttypes.h>
#include <math.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"

static long double half(uint16_t h)
{
	unsigned exponent = h >> 10 & 0x1f, fraction = h & 0x3ff;
	double v = exponent == 0    ? ldexp(fraction, -24)
		   : exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
				    : ldexp(fraction + 1024, (int)exponent - 25);

	return h & 0x8000 ? -v : v;
}

static uint64_t bits_of(const unsigned char *bytes, size_t size)
{
	uint64_t v = 0;

	for (size_t i = size; i > 0; i--)
		v = v << 8 | bytes[i - 1];
	return v;
}

static long double float_of(uint64_t bits, size_t size)
{
	uint32_t low = (uint32_t)bits;
	double d;
	float f;

	memcpy(&d, &bits, sizeof d);
	memcpy(&f, &low, sizeof f);
	return size == 8 ? (long double)d : size == 4 ? (long double)f : half((uint16_t)bits);
}

long double value_read(enum compute_type type, const unsigned char *element)
{
	size_t size = type_size(type);
	uint64_t bits = bits_of(element, size);
	unsigned unused = size ? 64 - 8 * (unsigned)size : 0;

	switch (type) {
	case TYPE_F16:
	case TYPE_F32:
	case TYPE_F64:
		return float_of(bits, size);
	case TYPE_I8:
	case TYPE_I16:
	case TYPE_I32:
	case TYPE_I64:
		/* The sign bit moved to the top and back again. */
		return (long double)((int64_t)(bits << unused) >> unused);
	case TYPE_NONE:
	case TYPE_BOOL:
	case TYPE_U8:
	case TYPE_U16:
	case TYPE_U32:
	case TYPE_U64:
		break;
	}
	return (long double)bits;
}

const char *value_print(enum compute_type type, long double value, char buf[static CHECK_VALUE])
{
	bool is_float = type == TYPE_F16 || type == TYPE_F32 || type == TYPE_F64;
	int digits = !is_float ? 20 : type == TYPE_F64 ? 17 : type == TYPE_F32 ? 9 : 5;

	(void)snprintf(buf, CHECK_VALUE, "%.*Lg", digits, isnan(value) ? fabsl(value) : value);
	return buf;
}

bool until_is_over(const struct request_until *u, enum compute_type type,
		   const unsigned char *element)
{
	long double v = value_read(type, element);
	long double number = u->value.is_integer ? (long double)u->value.i
						 : (long double)u->value.f;

	return u->above ? v > number : v < number;
}

int check_hash(const char *name, const char *expected, const unsigned char *bytes, uint64_t size,
	       struct err *e)
{
	SHA2_CTX ctx;
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char text[2 * SHA256_DIGEST_LENGTH + 1];

	SHA256Init(&ctx);
	SHA256Update(&ctx, bytes, size);
	SHA256Final(digest, &ctx);
	for (size_t i = 0; i < sizeof digest; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
	if (strcmp(text, expected) == 0)
		return 0;
	return err_bad(e, "", "buffer '%s' has the SHA-256 %s, expected %s", name, text, expected);
}

int check_shapes(const char *name, const struct shape *s, const char *file,
		 const struct shape *file_shape, struct err *e)
{
	char text[2][SHAPE_TEXT];

	if (s->dims == file_shape->dims &&
	    memcmp(s->dim, file_shape->dim, s->dims * sizeof s->dim[0]) == 0)
		return 0;
	return err_bad(e, "", "buffer '%s' is %s and cannot be checked against %s, which is %s",
		       name, shape_print(s, text[0]), file, shape_print(file_shape, text[1]));
}

static bool is_right(const struct check_pair *p, long double value, long double expected)
{
	if (isnan(value) || isnan(expected))
		return isnan(value) && isnan(expected);
	if (isinf(value) || isinf(expected))
		return value == expected;
	return fabsl(value - expected) <=
	       (long double)p->max_abs + (long double)p->max_rel * fabsl(expected);
}

/* "[3, 4]" */
static const char *print_place(const struct shape *s, uint64_t at, char *buf, size_t size)
{
	uint64_t place[COMPUTE_DIMS] = {0};
	size_t used = 1;

	for (unsigned i = s->dims; i > 0; i--) {
		place[i - 1] = at % s->dim[i - 1];
		at /= s->dim[i - 1];
	}
	(void)snprintf(buf, size, "[");
	for (unsigned i = 0; i < s->dims && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%" PRIu64, i ? ", " : "",
					 place[i]);
	if (used < size)
		(void)snprintf(buf + used, size - used, "]");
	return buf;
}

int check_values(const struct check_pair *p, struct err *e)
{
	size_t size = type_size(p->shape->type), file_size = type_size(p->file_shape->type);
	char have[CHECK_VALUE], want[CHECK_VALUE], place[96];
	uint64_t wrong = 0, worst = 0;
	long double most = -1;

	for (uint64_t i = 0; i < p->shape->count; i++) {
		long double v = value_read(p->shape->type, p->bytes + i * size);
		long double x = value_read(p->file_shape->type, p->file_bytes + i * file_size);
		if (is_right(p, v, x))
			continue;
		/* A NaN or an infinity is worse than any number. */
		long double off = isnan(v - x) ? (long double)INFINITY : fabsl(v - x);
		wrong++;
		if (off > most) {
			most = off;
			worst = i;
		}
	}
	if (wrong == 0)
		return 0;
	(void)value_print(p->shape->type, value_read(p->shape->type, p->bytes + worst * size),
			  have);
	(void)value_print(p->file_shape->type,
			  value_read(p->file_shape->type, p->file_bytes + worst * file_size), want);
	return err_bad(
	    e, "",
	    "buffer '%s' differs from %s in %" PRIu64 " of %" PRIu64
	    " elements, most at %s: %s in place of %s, off by %Lg (max-abs is %g, max-rel %g)",
	    p->name, p->file, wrong, p->shape->count,
	    print_place(p->shape, worst, place, sizeof place), have, want, most, p->max_abs,
	    p->max_rel);
}
