/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for shaders: integers with all their bits, finite floats, true and false. One spelling
 * for each: YAML's octal, sexagesimal and underscored forms are refused rather than guessed.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "job/decode.h"

enum { SHOWN = 64, NUMBER_BYTES = 64 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(const char *s)
{
	size_t n = 0;
	while (is_digit(s[n]))
		n++;
	return n;
}

enum shape { SHAPE_BAD, SHAPE_INTEGER, SHAPE_HEX, SHAPE_FLOAT };

/* The grammar of JSON numbers, with a sign in front of either kind and 0x for integers. */
static enum shape number_shape(const char *s)
{
	bool is_float = false;

	if (*s == '-' || *s == '+')
		s++;
	if (s[0] == '0' && s[1] == 'x' && s[2])
		return s[2 + strspn(s + 2, "0123456789abcdefABCDEF")] ? SHAPE_BAD : SHAPE_HEX;
	size_t n = digits(s);
	if (n == 0 || (n > 1 && s[0] == '0'))
		return SHAPE_BAD;
	s += n;
	if (*s == '.') {
		is_float = true;
		n = digits(++s);
		if (n == 0)
			return SHAPE_BAD;
		s += n;
	}
	if (*s == 'e' || *s == 'E') {
		is_float = true;
		s++;
		if (*s == '-' || *s == '+')
			s++;
		n = digits(s);
		if (n == 0)
			return SHAPE_BAD;
		s += n;
	}
	if (*s)
		return SHAPE_BAD;
	return is_float ? SHAPE_FLOAT : SHAPE_INTEGER;
}

static bool is_not_finite(const char *s)
{
	static const char *const names[] = {"nan", ".nan", "inf", ".inf", "infinity", NULL};
	char low[16] = "";

	if (*s == '-' || *s == '+')
		s++;
	if (strlen(s) >= sizeof low)
		return false;
	for (size_t i = 0; s[i]; i++)
		low[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') : s[i];
	return choice_find(names, low) >= 0;
}

struct range {
	const char *name;
	int64_t min, max;
	double limit; /* of a float type; 0: an integer type */
};

static const struct range ranges[] = {
    [TYPE_U8] = {"u8", 0, UINT8_MAX, 0},
    [TYPE_I8] = {"i8", INT8_MIN, INT8_MAX, 0},
    [TYPE_U16] = {"u16", 0, UINT16_MAX, 0},
    [TYPE_I16] = {"i16", INT16_MIN, INT16_MAX, 0},
    [TYPE_U32] = {"u32", 0, UINT32_MAX, 0},
    [TYPE_I32] = {"i32", INT32_MIN, INT32_MAX, 0},
    [TYPE_F32] = {"f32", 0, 0, 0x1.fffffep127},
    [TYPE_U64] = {"u64", 0, INT64_MAX, 0},
    [TYPE_I64] = {"i64", INT64_MIN, INT64_MAX, 0},
    [TYPE_F64] = {"f64", 0, 0, 0x1.fffffffffffffp1023},
    [TYPE_F16] = {"f16", 0, 0, 65504},
    [TYPE_BOOL] = {"bool", 0, 1, 0},
};

int decode_number_check(const struct decode *d, const struct node *n,
			const struct compute_number *number)
{
	if (number->type == TYPE_NONE)
		return 0;
	const struct range *r = &ranges[number->type];
	char shown[SHOWN];

	(void)text_show(n->text, shown, sizeof shown);
	if (r->limit > 0)
		return fabs(number->f) <= r->limit
			   ? 0
			   : decode_bad(d, n, "%s is too large for %s", shown, r->name);
	if (!number->is_integer)
		return decode_bad(d, n, "expected a whole number for %s, got '%s'", r->name, shown);
	if (number->i < r->min || number->i > r->max)
		return decode_bad(d, n, "%s does not fit into %s (%lld to %lld)", shown, r->name,
				  (long long)r->min, (long long)r->max);
	return 0;
}

static int out_of_range(const struct decode *d, const struct node *n)
{
	char shown[SHOWN];
	return decode_bad(d, n, "'%s' is too large", text_show(n->text, shown, sizeof shown));
}

int decode_number(const struct decode *d, const struct node *n, enum compute_type type,
		  struct compute_number *ret)
{
	struct compute_number v = {.type = type};
	char shown[SHOWN];

	if (decode_expect(d, n, NODE_SCALAR, "a number") < 0)
		return -1;
	(void)text_show(n->text, shown, sizeof shown);
	if (!n->plain)
		return decode_bad(
		    d, n, "expected a number, got the text '%s': write it without quotes", shown);
	if (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0) {
		v.is_integer = true;
		v.i = n->text[0] == 't';
		v.f = (double)v.i;
		*ret = v;
		return type == TYPE_NONE || type == TYPE_BOOL
			   ? 0
			   : decode_bad(d, n, "expected a number for %s, got '%s'",
					ranges[type].name, shown);
	}
	enum shape shape = strlen(n->text) < NUMBER_BYTES ? number_shape(n->text) : SHAPE_BAD;
	if (shape == SHAPE_BAD && is_not_finite(n->text))
		return decode_bad(d, n, "expected a finite number, got '%s'", shown);
	if (shape == SHAPE_BAD)
		return decode_bad(d, n, "expected a number such as 3, 0x10 or 0.5, got '%s'",
				  shown);
	errno = 0;
	if (shape == SHAPE_FLOAT) {
		v.f = strtod(n->text, NULL);
		if (!isfinite(v.f))
			return out_of_range(d, n);
	} else {
		v.is_integer = true;
		v.i = strtoll(n->text, NULL, shape == SHAPE_HEX ? 16 : 10);
		if (errno)
			return out_of_range(d, n);
		v.f = (double)v.i;
	}
	*ret = v;
	return decode_number_check(d, n, ret);
}
