/* SPDX-License-Identifier: Apache-2.0 */
/* Answers are bounded here, whatever the parts that make them put in. */
#include "gpu/answer.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>

#include "base/auto.h"
#include "base/text.h"

uint64_t now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The supervisor counts on complete answers; one that was lost must not end in "done". */
static bool send_object(const char *event, json_t *object)
{
	AUTO_FREE char *buf = malloc(ANSWER_MAX);
	bool sent = false;

	if (buf && object && json_object_set_new(object, "event", json_string(event)) == 0) {
		size_t n = json_dumpb(object, buf, ANSWER_MAX, JSON_COMPACT);
		ssize_t rc = -1;
		if (n > 0 && n <= ANSWER_MAX)
			do
				rc = send(ANSWER_FD, buf, n, MSG_NOSIGNAL);
			while (rc < 0 && errno == EINTR);
		sent = rc == (ssize_t)n;
	}
	json_decref(object);
	return sent;
}

void answer_send(const char *event, json_t *members)
{
	/* A supervisor that is gone, or out of memory: nobody is left to tell, and the end will say so. */
	(void)send_object(event, members);
}

void answer_phase(const char *name, uint64_t since_ns)
{
	answer_send("phase",
		    json_pack("{s:s, s:I}", "name", name, "ns", (json_int_t)(now_ns() - since_ns)));
}

void answer_warning(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	answer_send("warning", json_pack("{s:s}", "text", text));
}

static void add_number(json_t *object, const char *key, uint64_t value)
{
	if (value)
		json_object_set_new(object, key, json_integer((json_int_t)value));
}

bool answer_end(const struct fail *f)
{
	char text[1200], clean[2400];

	if (f->call) {
		json_t *trouble = json_pack("{s:I, s:s, s:s}", "t_ns", (json_int_t)now_ns(), "call",
					    f->call, "result", vk_result_name(f->result));
		add_number(trouble, "bytes", f->bytes);
		answer_send("trouble", trouble);
	}
	json_t *end = json_pack("{s:s}", "reason", end_reason_name(f->reason));
	if (f->reason != END_DONE) {
		(void)err_render(&f->err, text, sizeof text);
		json_object_set_new(
		    end, "text",
		    json_string(text_to_utf8(text, strlen(text), clean, sizeof clean)));
	}
	if (f->err.hint[0])
		json_object_set_new(end, "hint", json_string(f->err.hint));
	if (f->where)
		json_object_set_new(end, "where", json_string(f->where));
	if (f->kernel)
		json_object_set_new(end, "kernel", json_string(f->kernel));
	add_number(end, "observed_ns", f->observed_ns);
	add_number(end, "needed", f->needed);
	add_number(end, "available", f->available);
	return send_object("end", end);
}
