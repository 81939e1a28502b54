/* SPDX-License-Identifier: Apache-2.0 */
/* What vkjail-exec says, reduced to what is known and bounded. The shapes are those of docs/protocol.md. */
#include "watch/claims.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "watch/series.h"

enum { ITEMS_MAX = 64, STRING_CLAIM_MAX = 2048 };

enum member_type {
	M_STRING,
	M_INTEGER,
	M_BOOLEAN,
	M_NUMBER,
	M_INTEGER_OR_NULL,
	M_STRINGS,
	M_INTEGERS,
	M_OBJECT,
	M_OBJECTS
};

struct member {
	const char *name;
	enum member_type type;
	const struct member *members; /* of an object; ends with a NULL name */
};

static const struct member driver_members[] = {
    {"name", M_STRING, NULL}, {"info", M_STRING, NULL}, {"id", M_INTEGER, NULL}, {NULL, 0, NULL}};
static const struct member heap_members[] = {
    {"size", M_INTEGER, NULL}, {"flags", M_STRINGS, NULL}, {NULL, 0, NULL}};
static const struct member budget_heap_members[] = {
    {"budget", M_INTEGER, NULL}, {"usage", M_INTEGER, NULL}, {NULL, 0, NULL}};

static const struct member device_members[] = {
    {"name", M_STRING, NULL},
    {"type", M_STRING, NULL},
    {"uuid", M_STRING, NULL},
    {"driver", M_OBJECT, driver_members},
    {"api", M_STRING, NULL},
    {"queue_family", M_INTEGER, NULL},
    {"timestamp_valid_bits", M_INTEGER, NULL},
    {"timestamp_period_ns", M_NUMBER, NULL},
    {"heaps", M_OBJECTS, heap_members},
    {"budget_source", M_STRING, NULL},
    {"loop_limit", M_INTEGER_OR_NULL, NULL},
    {NULL, 0, NULL},
};
static const struct member budget_members[] = {
    {"t_ns", M_INTEGER, NULL},
    {"at", M_STRING, NULL},
    {"allocated", M_INTEGER, NULL},
    {"heaps", M_OBJECTS, budget_heap_members},
    {NULL, 0, NULL},
};
static const struct member shader_members[] = {
    {"kernel", M_STRING, NULL},
    {"sha256", M_STRING, NULL},
    {"entry", M_STRING, NULL},
    {"cached", M_BOOLEAN, NULL},
    {"pipeline_cached", M_BOOLEAN, NULL},
    {"local_size", M_INTEGERS, NULL},
    {"compile_ns", M_INTEGER, NULL},
    {"pipeline_ns", M_INTEGER, NULL},
    {"source", M_STRING, NULL},
    {NULL, 0, NULL},
};
static const struct member kernel_members[] = {
    {"kernel", M_STRING, NULL},
    {"dispatches", M_INTEGER, NULL},
    {"timed", M_BOOLEAN, NULL},
    {"timed_dispatches", M_INTEGER, NULL},
    {"groups", M_INTEGERS, NULL},
    {"total_ns", M_INTEGER, NULL},
    {"min_ns", M_INTEGER, NULL},
    {"p50_ns", M_INTEGER, NULL},
    {"p95_ns", M_INTEGER, NULL},
    {"p99_ns", M_INTEGER, NULL},
    {"max_ns", M_INTEGER, NULL},
    {"first_ns", M_INTEGER, NULL},
    {"chunks", M_INTEGER, NULL},
    {"longest_chunk_ns", M_INTEGER, NULL},
    {"whole", M_STRING, NULL},
    {"bytes_bound", M_INTEGER, NULL},
    {"gb_per_s", M_NUMBER, NULL},
    {"predicated", M_BOOLEAN, NULL},
    {NULL, 0, NULL},
};
static const struct member queue_members[] = {
    {"name", M_STRING, NULL},
    {"family", M_INTEGER, NULL},
    {"index", M_INTEGER, NULL},
    {NULL, 0, NULL},
};
static const struct member loop_members[] = {
    {"step", M_INTEGER, NULL},         {"buffer", M_STRING, NULL},
    {"times", M_INTEGER, NULL},        {"rounds", M_INTEGER, NULL},
    {"rounds_total", M_INTEGER, NULL}, {"ended", M_STRING, NULL},
    {"value", M_STRING, NULL},         {NULL, 0, NULL},
};
static const struct member phase_members[] = {
    {"name", M_STRING, NULL}, {"ns", M_INTEGER, NULL}, {NULL, 0, NULL}};
static const struct member output_members[] = {
    {"buffer", M_STRING, NULL},
    {"bytes", M_INTEGER, NULL},
    {"partial", M_BOOLEAN, NULL},
    {NULL, 0, NULL},
};
static const struct member warning_members[] = {{"text", M_STRING, NULL}, {NULL, 0, NULL}};
static const struct member trouble_members[] = {
    {"t_ns", M_INTEGER, NULL},  {"call", M_STRING, NULL}, {"result", M_STRING, NULL},
    {"bytes", M_INTEGER, NULL}, {NULL, 0, NULL},
};
static const struct member filter_members[] = {
    {"program", M_STRING, NULL}, {"instructions", M_INTEGER, NULL}, {NULL, 0, NULL}};
static const struct member end_members[] = {
    {"reason", M_STRING, NULL},  {"text", M_STRING, NULL},       {"hint", M_STRING, NULL},
    {"where", M_STRING, NULL},   {"kernel", M_STRING, NULL},     {"observed_ns", M_INTEGER, NULL},
    {"needed", M_INTEGER, NULL}, {"available", M_INTEGER, NULL}, {NULL, 0, NULL},
};

/* The events that come many times, and the list in which each is kept. */
static const struct {
	const char *event, *list;
	const struct member *members;
} listed[] = {
    {"budget", "budgets", budget_members},    {"shader", "shaders", shader_members},
    {"kernel", "kernels", kernel_members},    {"phase", "phases", phase_members},
    {"output", "outputs", output_members},    {"warning", "warnings", warning_members},
    {"trouble", "troubles", trouble_members}, {"queue", "queues", queue_members},
    {"loop", "loops", loop_members},
};

static const char *const end_names[] = {
    [CLAIM_END_NONE] = "",
    [CLAIM_END_DONE] = "done",
    [CLAIM_END_BAD_JOB] = "bad-job",
    [CLAIM_END_DEVICE_MEMORY] = "device-memory",
    [CLAIM_END_DEVICE_LOST] = "device-lost",
    [CLAIM_END_KERNEL_TIME] = "kernel-time",
    [CLAIM_END_CANCELLED] = "cancelled",
    [CLAIM_END_CHECK_FAILED] = "check-failed",
    [CLAIM_END_FAILED] = "failed",
};

static json_t *take_object(const json_t *from, const struct member *members);

static json_t *take_string(const json_t *v)
{
	if (!json_is_string(v))
		return NULL;
	size_t n = json_string_length(v);
	if (n > STRING_CLAIM_MAX)
		n = STRING_CLAIM_MAX;
	/* Not in the middle of a character: continuation bytes are 10xxxxxx. */
	while (n < json_string_length(v) && n > 0 &&
	       ((unsigned char)json_string_value(v)[n] & 0xc0) == 0x80)
		n--;
	return json_stringn(json_string_value(v), n);
}

static json_t *take_integer(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0
		   ? json_integer(json_integer_value(v))
		   : NULL;
}

static json_t *take_boolean(const json_t *v)
{
	return json_is_boolean(v) ? json_boolean(json_is_true(v)) : NULL;
}

static json_t *take_items(const json_t *v, const struct member *m)
{
	if (!json_is_array(v))
		return NULL;
	json_t *out = json_array();
	for (size_t i = 0; i < json_array_size(v) && i < ITEMS_MAX; i++) {
		const json_t *item = json_array_get(v, i);
		json_t *taken = m->type == M_STRINGS    ? take_string(item)
				: m->type == M_INTEGERS ? take_integer(item)
							: take_object(item, m->members);
		if (taken)
			(void)json_array_append_new(out, taken);
	}
	return out;
}

static json_t *take_value(const json_t *v, const struct member *m)
{
	switch (m->type) {
	case M_STRING:
		return take_string(v);
	case M_INTEGER:
		return take_integer(v);
	case M_BOOLEAN:
		return take_boolean(v);
	case M_INTEGER_OR_NULL:
		return json_is_null(v) ? json_null() : take_integer(v);
	case M_NUMBER:
		return json_is_number(v) && json_number_value(v) >= 0
			   ? json_real(json_number_value(v))
			   : NULL;
	case M_OBJECT:
		return take_object(v, m->members);
	case M_STRINGS:
	case M_INTEGERS:
	case M_OBJECTS:
		return take_items(v, m);
	}
	return NULL;
}

static json_t *take_object(const json_t *from, const struct member *members)
{
	if (!json_is_object(from))
		return NULL;
	json_t *out = json_object();
	for (const struct member *m = members; m->name; m++) {
		const json_t *v = json_object_get(from, m->name);
		json_t *taken = v ? take_value(v, m) : NULL;
		if (taken)
			(void)json_object_set_new(out, m->name, taken);
	}
	return out;
}

void claims_init(struct claims *c)
{
	*c = (struct claims){.how = CLAIM_END_NONE};
}

void claims_done(struct claims *c)
{
	json_decref(c->device);
	json_decref(c->end);
	json_decref(c->filter);
	json_decref(c->lists);
	claims_init(c);
}

static void add_end(struct claims *c, const json_t *message)
{
	const char *reason = json_string_value(json_object_get(message, "reason"));

	if (c->end) {
		c->dropped++;
		return;
	}
	for (size_t i = 1; reason && i < COUNTOF(end_names); i++) {
		if (strcmp(reason, end_names[i]) == 0) {
			c->how = (enum claim_end)i;
			c->end = take_object(message, end_members);
			return;
		}
	}
	c->refused++;
}

static uint64_t count_of(const json_t *message, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(message, key));
	return n > 0 ? (uint64_t)n : 0;
}

static void note_progress(struct claims *c, const json_t *message)
{
	struct claim_progress *p = &c->progress;
	const char *kernel = json_string_value(json_object_get(message, "kernel"));
	double part = json_number_value(json_object_get(message, "part"));

	(void)snprintf(p->kernel, sizeof p->kernel, "%s", kernel ? kernel : "");
	p->step = count_of(message, "step");
	p->steps = count_of(message, "steps");
	p->dispatches = count_of(message, "dispatches");
	p->total = count_of(message, "total");
	p->elapsed_ns = count_of(message, "elapsed_ns");
	p->part = part >= 0 && part <= 1 ? part : 0;
	c->progressed = true;
}

static void add_listed(struct claims *c, size_t kind, const json_t *message)
{
	if (!c->lists)
		c->lists = json_object();
	json_t *list = json_object_get(c->lists, listed[kind].list);
	if (!list) {
		list = json_array();
		(void)json_object_set_new(c->lists, listed[kind].list, list);
	}
	if (strcmp(listed[kind].event, "budget") == 0) {
		c->budgets_taken++;
		c->progress.device_bytes = count_of(message, "allocated");
		if (!series_add(list, take_object(message, listed[kind].members),
				&c->budget_interval_ns))
			c->dropped++;
		return;
	}
	if (json_array_size(list) >= CLAIM_LIST_MAX) {
		c->dropped++;
		return;
	}
	(void)json_array_append_new(list, take_object(message, listed[kind].members));
}

void claims_add(struct claims *c, const char *data, size_t size)
{
	json_error_t why;
	json_t *message = json_loadb(data, size, JSON_REJECT_DUPLICATES, &why);
	const char *event = json_string_value(json_object_get(message, "event"));
	size_t kind = 0;

	while (event && kind < COUNTOF(listed) && strcmp(event, listed[kind].event) != 0)
		kind++;
	if (!event) {
		c->refused++;
	} else if (kind < COUNTOF(listed)) {
		add_listed(c, kind, message);
	} else if (strcmp(event, "progress") == 0) {
		note_progress(c, message);
	} else if (strcmp(event, "end") == 0) {
		add_end(c, message);
	} else if (strcmp(event, "device") == 0 && !c->device) {
		c->device = take_object(message, device_members);
	} else if (strcmp(event, "filter") == 0 && !c->filter) {
		c->filter = take_object(message, filter_members);
	} else {
		c->refused++;
	}
	json_decref(message);
}

static const json_t *find_output(const struct claims *c, const char *buffer)
{
	const json_t *list = json_object_get(c->lists, "outputs");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *output = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(output, "buffer"));
		if (name && strcmp(name, buffer) == 0)
			return output;
	}
	return NULL;
}

bool claims_has_output(const struct claims *c, const char *buffer)
{
	return find_output(c, buffer) != NULL;
}

bool claims_has_partial(const struct claims *c, const char *buffer)
{
	return json_is_true(json_object_get(find_output(c, buffer), "partial"));
}
