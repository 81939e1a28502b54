/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of JSON (RFC 8259). */
#include "gpu/json-scan.h"

#include <string.h>

static void skip_space(struct json_scan *s)
{
	while (s->at < s->size && s->text[s->at] && strchr(" \t\r\n", s->text[s->at]))
		s->at++;
}

bool json_scan_take(struct json_scan *s, char what)
{
	skip_space(s);
	if (s->at == s->size || s->text[s->at] != what)
		return false;
	s->at++;
	return true;
}

bool json_scan_ended(struct json_scan *s)
{
	skip_space(s);
	return s->at == s->size;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool json_scan_number(struct json_scan *s, uint64_t *ret)
{
	uint64_t n = 0;

	skip_space(s);
	size_t start = s->at;
	for (; s->at < s->size && is_digit(s->text[s->at]); s->at++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(s->text[s->at] - '0'), &n))
			return false;
	*ret = n;
	/* No leading zero, and not the beginning of 1.5 or 1e3. */
	if (s->at == start || (s->text[start] == '0' && s->at > start + 1))
		return false;
	return s->at == s->size || !s->text[s->at] || !strchr(".eE", s->text[s->at]);
}

static bool hex4(struct json_scan *s, uint32_t *ret)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	*ret = 0;
	for (int i = 0; i < 4; i++, s->at++) {
		const char *d = s->at < s->size && s->text[s->at] ? strchr(digits, s->text[s->at])
								  : NULL;
		if (!d)
			return false;
		uint32_t value = (uint32_t)(d - digits);
		*ret = *ret << 4 | (value < 16 ? value : value - 6);
	}
	return true;
}

/* After \u: one code point, of two halves when it is beyond 16 bits. */
static bool code_point(struct json_scan *s, uint32_t *ret)
{
	uint32_t low;

	if (!hex4(s, ret))
		return false;
	if (*ret < 0xd800 || *ret > 0xdfff)
		return *ret != 0;
	if (*ret > 0xdbff || s->size - s->at < 2 || memcmp(s->text + s->at, "\\u", 2) != 0)
		return false;
	s->at += 2;
	if (!hex4(s, &low) || low < 0xdc00 || low > 0xdfff)
		return false;
	*ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

static size_t encode(uint32_t c, char out[static 4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
	return n;
}

/* One character, of which an escape makes up to four bytes. 0: none. */
static size_t character(struct json_scan *s, char out[static 4])
{
	static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	uint32_t c;

	out[0] = s->text[s->at++];
	if ((unsigned char)out[0] < 0x20)
		return 0;
	if (out[0] != '\\')
		return 1;
	if (s->at == s->size || !s->text[s->at])
		return 0;
	char kind = s->text[s->at++];
	if (kind == 'u')
		return code_point(s, &c) ? encode(c, out) : 0;
	const char *escape = strchr(escapes, kind);
	if (!escape)
		return 0;
	out[0] = meant[escape - escapes];
	return 1;
}

bool json_scan_string(struct json_scan *s, char *buf, size_t size)
{
	size_t used = 0;

	if (!json_scan_take(s, '"'))
		return false;
	while (s->at < s->size && s->text[s->at] != '"') {
		char one[4];
		size_t n = character(s, one);
		if (n == 0 || (buf && n >= size - used))
			return false;
		if (buf)
			memcpy(buf + used, one, n);
		used += n;
	}
	if (buf)
		buf[used] = '\0';
	return json_scan_take(s, '"');
}
