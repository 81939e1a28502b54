/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a .npy file is a Python dictionary in text form. Only what numpy.save writes for
 * plain arrays is read: the three keys in any order, one string, one boolean, one tuple of numbers.
 */
#include "gpu/npy.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct cursor {
	const char *at, *end;
};

static void skip_space(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n'))
		c->at++;
}

static bool take(struct cursor *c, char what)
{
	skip_space(c);
	if (c->at == c->end || *c->at != what)
		return false;
	c->at++;
	return true;
}

static bool take_word(struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	skip_space(c);
	if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
		return false;
	c->at += n;
	return true;
}

/* A quoted string without escapes, as numpy writes them. */
static bool take_string(struct cursor *c, char *buf, size_t size)
{
	skip_space(c);
	if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
		return false;
	char quote = *c->at++;
	size_t n = 0;
	while (c->at < c->end && *c->at != quote) {
		if (n + 1 >= size || !isprint((unsigned char)*c->at))
			return false;
		buf[n++] = *c->at++;
	}
	buf[n] = '\0';
	return take(c, quote);
}

static bool take_number(struct cursor *c, uint64_t *ret)
{
	uint64_t n = 0;

	skip_space(c);
	if (c->at == c->end || !isdigit((unsigned char)*c->at))
		return false;
	while (c->at < c->end && isdigit((unsigned char)*c->at))
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *c->at++ - '0', &n))
			return false;
	(void)take(c, 'L'); /* Python 2 wrote long integers so */
	*ret = n;
	return true;
}

static int parse_shape(struct cursor *c, const char *name, struct shape *s, struct err *e)
{
	if (!take(c, '('))
		return err_bad(e, name, "damaged .npy header: the shape is not a tuple");
	for (s->dims = 0; !take(c, ')');) {
		if (s->dims == COMPUTE_DIMS)
			return err_bad(
			    e, name,
			    "the array has more than %d dimensions, which is the most there can be",
			    COMPUTE_DIMS);
		if (!take_number(c, &s->dim[s->dims++]))
			return err_bad(
			    e, name,
			    "damaged .npy header: the shape holds something that is not a size");
		if (!take(c, ',') && !(c->at < c->end && *c->at == ')'))
			return err_bad(e, name, "damaged .npy header: the shape does not end");
	}
	return 0;
}

static int parse_descr(struct cursor *c, const char *name, struct npy *ret, struct err *e)
{
	char descr[32];

	if (take(c, '['))
		return err_bad(e, name,
			       "the array has a structured type, only plain numbers can be read");
	if (!take_string(c, descr, sizeof descr))
		return err_bad(e, name, "damaged .npy header: descr is not a short string");
	ret->big_endian = descr[0] == '>';
	if (ret->big_endian)
		descr[0] = '<';
	ret->shape.type = type_from_npy(descr);
	if (ret->shape.type != TYPE_NONE)
		return 0;
	if (ret->big_endian)
		descr[0] = '>';
	if (strchr(descr, 'O'))
		return err_bad(
		    e, name,
		    "the array holds Python objects ('%s'), only plain numbers can be read", descr);
	return err_bad(e, name,
		       "the array's type is '%s', which is not one of the types of compute jobs",
		       descr);
}

static int parse_entry(struct cursor *c, const char *name, struct npy *ret, unsigned *seen,
		       struct err *e)
{
	char key[32];
	unsigned bit;
	int rc = 0;

	if (!take_string(c, key, sizeof key) || !take(c, ':'))
		return err_bad(e, name, "damaged .npy header: expected a key");
	if (strcmp(key, "descr") == 0) {
		bit = 1;
		rc = parse_descr(c, name, ret, e);
	} else if (strcmp(key, "fortran_order") == 0) {
		bit = 2;
		ret->fortran = take_word(c, "True");
		if (!ret->fortran && !take_word(c, "False"))
			return err_bad(
			    e, name,
			    "damaged .npy header: fortran_order is neither True nor False");
	} else if (strcmp(key, "shape") == 0) {
		bit = 4;
		rc = parse_shape(c, name, &ret->shape, e);
	} else {
		return err_bad(e, name, "damaged .npy header: unknown key '%s'", key);
	}
	if (rc == 0 && *seen & bit)
		return err_bad(e, name, "damaged .npy header: key '%s' stands there twice", key);
	*seen |= bit;
	return rc;
}

size_t npy_header_size(const unsigned char *data, size_t size)
{
	if (size < NPY_START || memcmp(data, "\x93NUMPY", 6) != 0)
		return size;
	size_t length = data[8] | (size_t)data[9] << 8;
	if (data[6] > 1)
		length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
	length += data[6] > 1 ? 12 : 10;
	/* The longer ones are refused by what stands in the first bytes. */
	return length < NPY_START ? NPY_START : length < NPY_HEADER_MAX ? length : NPY_HEADER_MAX;
}

int npy_parse(const unsigned char *data, size_t size, const char *name, struct npy *ret,
	      struct err *e)
{
	unsigned seen = 0;

	*ret = (struct npy){.offset = 0};
	if (size < 10 || memcmp(data, "\x93NUMPY", 6) != 0)
		return err_bad(e, name, "is not a .npy file");
	unsigned major = data[6];
	if (major < 1 || major > 3)
		return err_bad(e, name, "is a .npy file of version %u, versions 1 to 3 can be read",
			       major);
	size_t start = major == 1 ? 10 : 12;
	if (size < start)
		return err_bad(e, name, "is cut off inside the .npy header");
	size_t length = data[8] | (size_t)data[9] << 8;
	if (major > 1)
		length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
	if (length > NPY_HEADER_MAX - start)
		return err_bad(e, name, "has a .npy header of %zu bytes, %d is the most", length,
			       NPY_HEADER_MAX);
	if (length > size - start)
		return err_bad(e, name, "is cut off inside the .npy header");

	struct cursor c = {(const char *)data + start, (const char *)data + start + length};
	if (!take(&c, '{'))
		return err_bad(e, name, "damaged .npy header: no dictionary");
	while (!take(&c, '}')) {
		if (parse_entry(&c, name, ret, &seen, e) < 0)
			return -1;
		skip_space(&c);
		if (!take(&c, ',') && !(c.at < c.end && *c.at == '}'))
			return err_bad(e, name, "damaged .npy header: the dictionary does not end");
	}
	skip_space(&c);
	if (c.at != c.end || seen != 7)
		return err_bad(e, name, "damaged .npy header: %s",
			       seen != 7 ? "descr, fortran_order or shape is missing"
					 : "text after the dictionary");
	ret->offset = start + length;
	return shape_finish(&ret->shape, name, e);
}

size_t npy_header(const struct shape *s, char buf[static NPY_HEADER_WRITTEN])
{
	char shape[SHAPE_TEXT];
	int n = 0;

	shape[0] = '\0';
	for (unsigned i = 0; i < s->dims; i++)
		n += snprintf(shape + n, sizeof shape - (size_t)n, "%llu,%s",
			      (unsigned long long)s->dim[i], i + 1 < s->dims ? " " : "");
	n = snprintf(buf + 10, NPY_HEADER_WRITTEN - 10,
		     "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type_npy(s->type),
		     shape);
	/* The array begins at a multiple of 64, the header ends with a newline. */
	size_t total = ((size_t)n + 10 + 1 + 63) / 64 * 64;
	memset(buf + 10 + n, ' ', total - 10 - (size_t)n);
	buf[total - 1] = '\n';
	memcpy(buf, "\x93NUMPY\x01\x00", 8);
	buf[8] = (char)((total - 10) & 0xff);
	buf[9] = (char)((total - 10) >> 8);
	return total;
}
