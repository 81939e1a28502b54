/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes -> values: the table reader and the readers of single values. */
#include "job/decode.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "job/bounds.h"

enum { SHOWN = 64, KNOWN_MAX = 64 };

int decode_bad(const struct decode *d, const struct node *n, const char *fmt, ...)
{
	char where[DECODE_WHERE], text[480];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_bad(d->e, doc_where(d->name, n, where, sizeof where), "%s", text);
}

const char *decode_where(struct decode *d, const struct node *n)
{
	char where[DECODE_WHERE];
	return arena_strdup(&d->spec->arena, doc_where(d->name, n, where, sizeof where));
}

bool decode_is_null(const struct node *n)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	return n->kind == NODE_SCALAR && n->plain && choice_find(nulls, n->text) >= 0;
}

static const char *kind_name(const struct node *n)
{
	switch (n->kind) {
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a map";
	case NODE_SCALAR:
		break;
	}
	return decode_is_null(n) ? "nothing" : "text";
}

int decode_expect(const struct decode *d, const struct node *n, enum node_kind kind,
		  const char *expected)
{
	if (n->kind == kind)
		return 0;
	return decode_bad(d, n, "expected %s, got %s", expected, kind_name(n));
}

/* A scalar that says something; expected is for the message. */
static int expect_value(const struct decode *d, const struct node *n, const char *expected)
{
	if (decode_expect(d, n, NODE_SCALAR, expected) < 0)
		return -1;
	return decode_is_null(n) ? decode_bad(d, n, "expected %s, got nothing", expected) : 0;
}

int decode_unknown_key(const struct decode *d, const struct node *n, const char *const *known)
{
	char shown[SHOWN];
	const char *near = text_nearest(n->key, known);

	(void)text_show(n->key, shown, sizeof shown);
	if (near)
		return decode_bad(d, n, "unknown key '%s', did you mean '%s'?", shown, near);
	return decode_bad(d, n, "unknown key '%s'", shown);
}

const struct node *decode_find(const struct node *map, const char *key)
{
	NODE_EACH(n, map)
	if (strcmp(n->key, key) == 0)
		return n;
	return NULL;
}

int decode_map(struct decode *d, const struct node *n, const struct field *fields, size_t count,
	       void *object)
{
	if (decode_expect(d, n, NODE_MAP, "a map") < 0)
		return -1;
	NODE_EACH(child, n)
	{
		size_t i = 0;
		while (i < count && strcmp(fields[i].key, child->key) != 0)
			i++;
		if (i == count) {
			const char *known[KNOWN_MAX + 1] = {NULL};
			for (size_t k = 0; k < count && k < KNOWN_MAX; k++)
				known[k] = fields[k].key;
			return decode_unknown_key(d, child, known);
		}
		if (fields[i].read(d, child, (char *)object + fields[i].offset, fields[i].arg) < 0)
			return -1;
	}
	return 0;
}

/* ---- single values ------------------------------------------------------------------------ */

int choice_find(const char *const *names, const char *s)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], s) == 0)
			return i;
	return -1;
}

const char *choice_list(const char *const *names, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; names[i] && used < size; i++) {
		const char *sep = i == 0 ? "" : names[i + 1] ? ", " : " or ";
		used += (size_t)snprintf(buf + used, size - used, "%s'%s'", sep, names[i]);
	}
	return buf;
}

int decode_any_text(const struct decode *d, const struct node *n, const char **ret)
{
	if (decode_expect(d, n, NODE_SCALAR, "text") < 0)
		return -1;
	if (decode_is_null(n))
		return decode_bad(
		    d, n, "expected text, got %s: put quotes around it when it is meant as text",
		    n->text[0] ? n->text : "nothing");
	*ret = n->text;
	return 0;
}

int read_text(struct decode *d, const struct node *n, void *member, const void *arg)
{
	const char *text = NULL;

	(void)arg;
	if (decode_any_text(d, n, &text) < 0)
		return -1;
	if (!n->text[0])
		return decode_bad(d, n, "must not be empty");
	*(const char **)member = arena_strdup(&d->spec->arena, n->text);
	return 0;
}

int read_path(struct decode *d, const struct node *n, void *member, const void *arg)
{
	if (read_text(d, n, member, arg) < 0)
		return -1;
	if (strlen(n->text) > BOUND_PATH_BYTES)
		return decode_bad(d, n, "more than %d %s", BOUND_PATH_BYTES,
				  BOUND_WHAT(PATH_BYTES));
	return 0;
}

int read_bool(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const char *const names[] = {"false", "true", NULL};
	char shown[SHOWN];

	(void)arg;
	if (expect_value(d, n, "true or false") < 0)
		return -1;
	int i = choice_find(names, n->text);
	if (i >= 0 && !n->plain)
		return decode_bad(d, n, "expected true or false, got text: write %s without quotes",
				  n->text);
	if (i < 0)
		return decode_bad(d, n, "expected true or false, got '%s'",
				  text_show(n->text, shown, sizeof shown));
	*(bool *)member = i == 1;
	return 0;
}

int read_choice(struct decode *d, const struct node *n, void *member, const void *arg)
{
	const char *const *names = arg;
	char shown[SHOWN], list[256];

	(void)choice_list(names, list, sizeof list);
	if (decode_expect(d, n, NODE_SCALAR, list) < 0)
		return -1;
	int i = choice_find(names, n->text);
	if (i < 0)
		return decode_bad(d, n, "expected %s, got '%s'", list,
				  text_show(n->text, shown, sizeof shown));
	/* Enumerations without negative members have the size of an int with our compilers. */
	*(unsigned *)member = (unsigned)i;
	return 0;
}

int decode_integer(const struct decode *d, const struct node *n, uint64_t min, uint64_t max,
		   uint64_t *ret)
{
	char where[DECODE_WHERE];
	uint64_t v;

	if (expect_value(d, n, "a whole number") < 0)
		return -1;
	if (!n->plain)
		return decode_bad(d, n,
				  "expected a whole number, got text: write it without quotes");
	if (text_count(n->text, doc_where(d->name, n, where, sizeof where), &v, d->e) < 0)
		return -1;
	if (v < min || v > max)
		return decode_bad(d, n, "must be from %llu to %llu, got %llu",
				  (unsigned long long)min, (unsigned long long)max,
				  (unsigned long long)v);
	*ret = v;
	return 0;
}
