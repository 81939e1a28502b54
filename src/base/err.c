/* SPDX-License-Identifier: Apache-2.0 */
/* The error value: filling it, adding context, turning it into one line. Prints nothing. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A visible mark where n bytes did not fit into size. */
static void mark(char *buf, size_t size, int n)
{
	if (n < 0)
		buf[0] = '\0';
	else if ((size_t)n >= size && size > 4)
		memcpy(buf + size - 4, "...", 4);
}

static void fill(char *buf, size_t size, const char *fmt, va_list ap)
{
	mark(buf, size, vsnprintf(buf, size, fmt, ap));
}

static void set(struct err *e, enum err_kind kind, int os, const char *object)
{
	e->kind = kind;
	e->os = os;
	e->hint[0] = '\0';
	mark(e->object, sizeof e->object,
	     snprintf(e->object, sizeof e->object, "%s", object ? object : ""));
}

int err_os(struct err *e, int os, const char *object, const char *fmt, ...)
{
	va_list ap;
	set(e, ERR_OS, os, object);
	va_start(ap, fmt);
	fill(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return -1;
}

int err_bad(struct err *e, const char *where, const char *fmt, ...)
{
	va_list ap;
	set(e, ERR_BAD, 0, where);
	va_start(ap, fmt);
	fill(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return -1;
}

int err_set(struct err *e, enum err_kind kind, const char *object, const char *fmt, ...)
{
	va_list ap;
	set(e, kind, 0, object);
	va_start(ap, fmt);
	fill(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return -1;
}

int err_as_bad(struct err *e)
{
	e->kind = ERR_BAD;
	return -1;
}

int err_in(struct err *e, const char *fmt, ...)
{
	char context[sizeof e->object];
	char object[2 * sizeof e->object];
	va_list ap;

	va_start(ap, fmt);
	fill(context, sizeof context, fmt, ap);
	va_end(ap);
	(void)snprintf(object, sizeof object, e->object[0] ? "%s: %s" : "%s%s", context, e->object);
	mark(e->object, sizeof e->object, snprintf(e->object, sizeof e->object, "%s", object));
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fill(e->hint, sizeof e->hint, fmt, ap);
	va_end(ap);
	return -1;
}

const char *err_errno_name(int os)
{
	const char *name = strerrorname_np(os);
	return name ? name : "?";
}

const char *err_render(const struct err *e, char *buf, size_t size)
{
	const char *sep = e->object[0] ? ": " : "";
	const char *why = strerrordesc_np(e->os);

	if (e->os)
		mark(buf, size,
		     snprintf(buf, size, "%s%s%s: %s (%s)", e->object, sep, e->text,
			      why ? why : "?", err_errno_name(e->os)));
	else
		mark(buf, size, snprintf(buf, size, "%s%s%s", e->object, sep, e->text));
	return buf;
}
