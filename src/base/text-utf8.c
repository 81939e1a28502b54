/* SPDX-License-Identifier: Apache-2.0 */
/* Text from anywhere made fit for JSON (text_to_utf8) and for messages (text_show). */
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
size_t text_utf8_length(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] < 0x80)
		return 1;
	size_t need = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
		      : (s[0] & 0xf0) == 0xe0        ? 3
		      : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
						     : 0;
	if (need == 0 || len < need)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return need;
}

/* A NUL is valid UTF-8 but would end the copy. */
static bool needs_escape(const char *s, size_t len)
{
	return s[0] == '\0' || text_utf8_length(s, len) == 0;
}

/* Whether the backslashes at s stand before an escape, or before text that looks like one. */
static bool backslashes_matter(const char *s, size_t len)
{
	size_t i = 0;
	while (i < len && s[i] == '\\')
		i++;
	if (i == len)
		return false;
	if (needs_escape(s + i, len - i))
		return true;
	return len - i >= 3 && s[i] == 'x' && is_hex(s[i + 1]) && is_hex(s[i + 2]);
}

static size_t put_escape(char *piece, char c)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char u = (unsigned char)c;

	piece[0] = '\\';
	piece[1] = 'x';
	piece[2] = hex[u >> 4];
	piece[3] = hex[u & 15];
	return 4;
}

const char *text_to_utf8(const char *s, size_t len, char *buf, size_t size)
{
	size_t used = 0;

	if (size == 0)
		return buf;
	for (size_t i = 0; i < len;) {
		char piece[4];
		size_t put, take = 1;
		if (needs_escape(s + i, len - i)) {
			put = put_escape(piece, s[i]);
		} else if (s[i] == '\\' && backslashes_matter(s + i, len - i)) {
			piece[0] = piece[1] = '\\';
			put = 2;
		} else {
			put = take = text_utf8_length(s + i, len - i);
			memcpy(piece, s + i, take);
		}
		/* Never half a character, never half an escape. */
		if (put > size - 1 - used)
			break;
		memcpy(buf + used, piece, put);
		used += put;
		i += take;
	}
	buf[used] = '\0';
	return buf;
}

/* C1 controls count: the eight-bit form of ESC [ is U+009B. */
static bool is_control(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	return u[0] < 0x20 || u[0] == 0x7f || (u[0] == 0xc2 && len > 1 && u[1] < 0xa0);
}

const char *text_show(const char *s, char *buf, size_t size)
{
	size_t len = strnlen(s, size), used = 0, keep = 0;

	if (size < sizeof "...")
		return "";
	for (size_t i = 0; i < len;) {
		char piece[4];
		size_t take = text_utf8_length(s + i, len - i), put = take;
		if (take == 0 || is_control(s + i, len - i)) {
			put = put_escape(piece, s[i]);
			take = 1;
		} else {
			memcpy(piece, s + i, take);
		}
		if (put > size - 1 - used) {
			memcpy(buf + keep, "...", 3);
			used = keep + 3;
			break;
		}
		memcpy(buf + used, piece, put);
		used += put;
		i += take;
		/* The last place with room for the dots. */
		if (used <= size - sizeof "...")
			keep = used;
	}
	buf[used] = '\0';
	return buf;
}
