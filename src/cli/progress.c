/* SPDX-License-Identifier: Apache-2.0 */
/* See progress.h. What the job says is shown as text only, and its numbers need not make sense. */
#include "cli/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { LINE_MAX_BYTES = 240, COLUMNS = 80 };
#define REDRAW_NS  UINT64_C(90000000) /* the job tells every 100 ms, if it is honest */
#define LINE_NS    UINT64_C(5000000000)
#define SECOND     1000000000.0
#define LONGEST_NS (1e9 * SECOND) /* of a time that is worth showing */

static uint64_t now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- words --------------------------------------------------------------------------------- */

static void put(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void put(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

static const char *seconds(double ns, char *buf, size_t size)
{
	return text_print_duration((uint64_t)(ns / SECOND) * 1000000000u, buf, size);
}

static void put_times(const struct claim_progress *c, char *buf, size_t size)
{
	double done = (double)c->dispatches + c->part, elapsed = (double)c->elapsed_ns;
	char text[32];

	if (done > 0 && elapsed > 0) {
		double rate = done * SECOND / elapsed;
		if (rate >= 0.1)
			put(buf, size, rate < 10 ? "  %.1f/s" : "  %.0f/s", rate);
	}
	if (elapsed > LONGEST_NS)
		return;
	put(buf, size, "  %s", seconds(elapsed, text, sizeof text));
	double left = done > 0 ? ((double)c->total - done) * elapsed / done : -1;
	if (c->total && left >= 0 && left < LONGEST_NS)
		put(buf, size, ", %s left", seconds(left, text, sizeof text));
}

/* From 1 MiB on in whole ones: digits that change all the time say nothing. */
static void put_memory(const char *what, uint64_t bytes, uint64_t limit, char *buf, size_t size)
{
	char used[32], most[32];

	if (bytes == 0)
		return;
	put(buf, size, "  %s %s", what,
	    text_print_size(bytes >> 20 ? bytes & ~UINT64_C(0xfffff) : bytes, used, sizeof used));
	if (limit < LIMIT_UNSET)
		put(buf, size, "/%s", text_print_size(limit, most, sizeof most));
}

const char *progress_text(const struct progress_view *v, const struct watch_progress *p, char *buf,
			  size_t size)
{
	const struct claim_progress *c = p->claim;
	double done = (double)c->dispatches + c->part;
	char kernel[64];

	buf[0] = '\0';
	put(buf, size, "vkjail: %s  step %llu/%llu  %llu",
	    text_show(c->kernel, kernel, sizeof kernel), (unsigned long long)c->step,
	    (unsigned long long)c->steps, (unsigned long long)c->dispatches);
	if (c->total)
		put(buf, size, "/%llu", (unsigned long long)c->total);
	if (c->total && done <= (double)c->total)
		put(buf, size, " (%d%%)", (int)(100 * done / (double)c->total));
	put_times(c, buf, size);
	put_memory("mem", p->memory_bytes, v->memory_limit, buf, size);
	put_memory("dev", c->device_bytes, v->device_limit, buf, size);
	return buf;
}

/* ---- where they go ------------------------------------------------------------------------- */

/*
 * The open file is shared with the job and the shell, so it can't be made non-blocking; but it can
 * be opened once more. A terminal that was stopped with Ctrl-S must not stop the limits.
 */
static int own_stderr(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) < 0)
		return -1;
	if (!S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode))
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	/* After su(1) it belongs to somebody else; then poll(2) has to do. */
	return fd >= 0 ? fd : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

bool progress_open(struct progress_view *v, const struct spec *spec)
{
	*v = (struct progress_view){
	    .fd = -1,
	    .terminal = isatty(STDERR_FILENO) == 1,
	    .memory_limit = LIMIT_UNSET,
	    .device_limit = spec->limits.value[LIMIT_DEVICE_MEMORY],
	};
	if (!spec->compute || spec->quiet || spec->dry_run || !(v->terminal || spec->verbose))
		return false;
	v->fd = own_stderr();
	return v->fd >= 0;
}

static void write_some(const struct progress_view *v, const char *text, size_t size)
{
	struct pollfd p = {.fd = v->fd, .events = POLLOUT};

	if (poll(&p, 1, 0) == 1 && p.revents & POLLOUT)
		(void)!write(v->fd, text, size);
}

static size_t columns(const struct progress_view *v)
{
	struct winsize size;
	return ioctl(v->fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : COLUMNS;
}

/* Over what stood there. No escape sequences: any terminal knows the carriage return. */
static void redraw(struct progress_view *v, const char *text)
{
	char line[2 * LINE_MAX_BYTES + 8];
	size_t width = columns(v), n = strlen(text);

	/* Not into the last column, where the terminal would start a new line; not into half a character. */
	for (; n > 0 && (n >= width || ((unsigned char)text[n] & 0xc0) == 0x80); n--)
		;
	size_t gone = v->drawn < width ? v->drawn : width - 1;
	int spaces = gone > n ? (int)(gone - n) : 0;
	int size = snprintf(line, sizeof line, "\r%.*s%*s%s", (int)n, text, spaces, "",
			    n ? "" : "\r");
	write_some(v, line, (size_t)size);
	v->drawn = n;
}

/* In the background the terminal is somebody else's, and writing to it may stop us. */
static bool in_foreground(const struct progress_view *v)
{
	pid_t group = tcgetpgrp(v->fd);
	return group < 0 || group == getpgrp();
}

void progress_show(void *view, const struct watch_progress *p)
{
	struct progress_view *v = view;
	char text[LINE_MAX_BYTES];
	uint64_t now = now_ns();

	if (v->terminal && !in_foreground(v))
		return;
	if (!p) {
		if (v->drawn)
			redraw(v, "");
		return;
	}
	if (now < v->next_ns)
		return;
	v->next_ns = now + (v->terminal ? REDRAW_NS : LINE_NS);
	v->memory_limit = p->memory_limit;
	(void)progress_text(v, p, text, sizeof text - 1);
	if (v->terminal) {
		redraw(v, text);
		return;
	}
	put(text, sizeof text, "\n");
	write_some(v, text, strlen(text));
}

void progress_close(struct progress_view *v)
{
	if (v->fd >= 0)
		(void)close(v->fd);
	v->fd = -1;
}
