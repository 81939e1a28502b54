/* SPDX-License-Identifier: Apache-2.0 */
/* What vkjail prints on stderr. Each message is one write, so that lines of several jobs don't mix. */
#include "cli/say.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

static void put(const char *text, int n, size_t size)
{
	if (n > 0)
		(void)fd_write_all(STDERR_FILENO, text, (size_t)n < size ? (size_t)n : size - 1);
}

/* Paths and parts of a sentence may come from the job or hold any bytes: no terminal escapes out of them. */
static const char *clean(const char *text, char *buf, size_t size)
{
	(void)text_to_utf8(text, strlen(text), buf, size);
	for (char *c = buf; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	return buf;
}

void say_error(const struct err *e)
{
	char line[1400], shown[2200], hint[700], text[3000];

	(void)clean(err_render(e, line, sizeof line), shown, sizeof shown);
	(void)clean(e->hint, hint, sizeof hint);
	int n = snprintf(text, sizeof text, "vkjail: %s\n%s%s%s", shown,
			 hint[0] ? "vkjail: hint: " : "", hint, hint[0] ? "\n" : "");
	put(text, n, sizeof text);
}

static void say_warning(const char *warning)
{
	char shown[2200], text[2300];
	int n = snprintf(text, sizeof text, "vkjail: warning: %s\n",
			 clean(warning, shown, sizeof shown));
	put(text, n, sizeof text);
}

static void say_summary(const struct run_result *r)
{
	const struct outcome *out = &r->outcome;
	char text[1800], shown[1600];
	int n;

	if (out->where[0])
		(void)snprintf(text, sizeof text, "%s: %s", out->where, out->text);
	else
		(void)snprintf(text, sizeof text, "%s", out->text);
	(void)clean(text, shown, sizeof shown);
	n = snprintf(text, sizeof text, "vkjail: %s: %s\n", reason_table[out->reason].name, shown);
	put(text, n, sizeof text);
	if (out->hint[0]) {
		n = snprintf(text, sizeof text, "vkjail: hint: %s\n",
			     clean(out->hint, shown, sizeof shown));
		put(text, n, sizeof text);
	}
	if (r->refused) {
		n = snprintf(text, sizeof text, "vkjail: refused system calls: %s\n", r->refused);
		put(text, n, sizeof text);
	}
	if (r->report_path[0]) {
		n = snprintf(text, sizeof text, "vkjail: report: %.1700s\n", r->report_path);
		put(text, n, sizeof text);
	}
}

void say_result(const struct spec *spec, const struct run_result *r)
{
	const struct outcome *out = &r->outcome;
	bool well = out->reason == REASON_EXITED && out->code == 0;

	for (size_t i = 0; !spec->quiet && i < r->warning_count; i++)
		say_warning(r->warnings[i]);
	if (r->err.kind != ERR_NONE)
		say_error(&r->err);
	else if (spec->verbose || ((!well || spec->dry_run) && !spec->quiet))
		say_summary(r);
	if (r->report_err.kind == ERR_NONE)
		return;
	say_error(&r->report_err);
	if (!r->report_text) {
		static const char line[] = "vkjail: there is no report of this run\n";
		put(line, sizeof line - 1, sizeof line);
		return;
	}
	static const char line[] = "vkjail: the report follows here instead\n";
	put(line, sizeof line - 1, sizeof line);
	(void)fd_write_all(STDERR_FILENO, r->report_text, strlen(r->report_text));
}
