/* SPDX-License-Identifier: Apache-2.0 */
/* The error value: filling it, adding context, turning it into one line. Prints nothing. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Formats with a visible mark where the text did not fit. */
static void fill(char *buf, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, size, fmt, ap);
	if (n < 0) {
		buf[0] = '\0';
		return;
	}
	if ((size_t)n >= size && size > 4)
		memcpy(buf + size - 4, "...", 4);
}

static void set_object(struct err *e, const char *object)
{
	int n = snprintf(e->object, sizeof e->object, "%s", object ? object : "");
	if (n >= (int)sizeof e->object)
		memcpy(e->object + sizeof e->object - 4, "...", 4);
}

int err_os(struct err *e, int os, const char *object, const char *fmt, ...)
{
	va_list ap;
	e->kind = ERR_OS;
	e->os = os;
	e->hint[0] = '\0';
	set_object(e, object);
	va_start(ap, fmt);
	fill(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return -1;
}

int err_bad(struct err *e, const char *where, const char *fmt, ...)
{
	va_list ap;
	e->kind = ERR_BAD;
	e->os = 0;
	e->hint[0] = '\0';
	set_object(e, where);
	va_start(ap, fmt);
	fill(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return -1;
}

int err_set(struct err *e, enum err_kind kind, const char *object, const char *fmt, ...)
{
	va_list ap;
	e->kind = kind;
	e->os = 0;
	e->hint[0] = '\0';
	set_object(e, object);
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
	char object[sizeof e->object];
	va_list ap;

	va_start(ap, fmt);
	fill(context, sizeof context, fmt, ap);
	va_end(ap);
	int n = e->object[0] ? snprintf(object, sizeof object, "%s: %s", context, e->object)
			     : snprintf(object, sizeof object, "%s", context);
	if (n >= (int)sizeof object)
		memcpy(object + sizeof object - 4, "...", 4);
	memcpy(e->object, object, sizeof object);
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
	int n = e->os ? snprintf(buf, size, "%s%s%s: %s (%s)", e->object, sep, e->text, strerrordesc_np(e->os),
				 err_errno_name(e->os))
		      : snprintf(buf, size, "%s%s%s", e->object, sep, e->text);
	if (n >= (int)size && size > 4)
		memcpy(buf + size - 4, "...", 4);
	return buf;
}
