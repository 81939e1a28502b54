/* SPDX-License-Identifier: Apache-2.0 */
/* Line by line; a line's comments are followed so that it is known whether the next begins inside one. */
#include "base/include-scan.h"

#include <string.h>

void include_scan_init(struct include_scan *s, const char *text, size_t size)
{
	*s = (struct include_scan){.text = text, .size = size, .line = 1};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* From `at` to the end of the line through comments. False: something else stands there, too. */
static bool follow(struct include_scan *s, size_t at, size_t end)
{
	bool blank = true;

	while (at < end && !s->in_remark) {
		const char *p = s->text + at;
		bool two = at + 1 < end;
		if (s->in_comment) {
			s->in_comment = !(two && p[0] == '*' && p[1] == '/');
			at += s->in_comment ? 1 : 2;
		} else if (two && p[0] == '/' && p[1] == '*') {
			s->in_comment = true;
			at += 2;
		} else if (two && p[0] == '/' && p[1] == '/') {
			s->in_remark = true;
		} else {
			blank &= is_blank(*p);
			at++;
		}
	}
	return blank;
}

/* The offset behind '# include "name"', or 0. */
static size_t match(struct include_scan *s, size_t at, size_t end)
{
	static const char word[] = "include";

	while (at < end && is_blank(s->text[at]))
		at++;
	if (at == end || s->text[at] != '#')
		return 0;
	for (at++; at < end && is_blank(s->text[at]);)
		at++;
	if (end - at < sizeof word || memcmp(s->text + at, word, sizeof word - 1) != 0)
		return 0;
	for (at += sizeof word - 1; at < end && is_blank(s->text[at]);)
		at++;
	if (at == end || (s->text[at] != '"' && s->text[at] != '<'))
		return 0;
	s->angled = s->text[at] == '<';
	s->name = s->text + at + 1;
	const char *close = memchr(s->name, s->angled ? '>' : '"', end - at - 1);
	if (!close)
		return 0;
	s->name_size = (size_t)(close - s->name);
	return at + s->name_size + 2;
}

/* Looks at one line and goes on to the next. True: it is an #include. */
static bool take_line(struct include_scan *s)
{
	const char *newline = memchr(s->text + s->at, '\n', s->size - s->at);
	size_t start = s->at, end = newline ? (size_t)(newline - s->text) : s->size;
	bool whole = !s->in_comment && !s->continued;
	size_t bytes = end;

	s->found_line = s->line++;
	s->at = newline ? end + 1 : end;
	if (!s->continued)
		s->in_remark = false;
	if (bytes > start && s->text[bytes - 1] == '\r')
		bytes--;
	s->continued = bytes > start && s->text[bytes - 1] == '\\';
	size_t rest = whole ? match(s, start, end) : 0;
	bool alone = follow(s, rest ? rest : start, end);
	s->found_at = start;
	s->found_end = end;
	return rest && alone && !s->in_comment && !s->continued;
}

bool include_scan_next(struct include_scan *s)
{
	while (s->at < s->size)
		if (take_line(s))
			return true;
	return false;
}
