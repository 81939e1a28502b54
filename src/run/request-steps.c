/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of the request: a flat list here, nested there. */
#include "run/request-parts.h"

static json_t *numbers(const struct compute_number *n, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, request_number(&n[i]));
	return list;
}

static void add_place(json_t *o, const char *buffer, uint64_t element)
{
	request_set_string(o, "buffer", buffer);
	(void)json_object_set_new(o, "element", json_integer((json_int_t)element));
}

static void add_loop(json_t *o, const struct compute_step *s)
{
	const struct compute_until *u = &s->until;

	(void)json_object_set_new(o, "repeat", json_integer(s->repeat));
	if (!u->buffer)
		return;
	json_t *until = json_object();
	(void)json_object_set_new(o, "until", until);
	add_place(until, u->buffer, u->element);
	(void)json_object_set_new(until, u->above ? "above" : "below", request_number(&u->value));
	(void)json_object_set_new(until, "every", json_integer(u->every));
}

static void add_run(json_t *o, const struct compute_step *s)
{
	json_t *bind = s->bind_to ? json_object() : json_array();

	request_set_string(o, "run", s->run);
	for (size_t i = 0; i < s->bind_count; i++)
		if (s->bind_to)
			request_set_string(bind, s->bind_to[i], s->bind[i]);
		else
			(void)json_array_append_new(bind, json_string(s->bind[i]));
	(void)json_object_set_new(o, "bind", bind);
	(void)json_object_set_new(o, "push", numbers(s->push, s->push_count));
	add_loop(o, s);
	if (!s->indirect) {
		(void)json_object_set_new(o, s->has_groups ? "groups" : "elements",
					  numbers(s->has_groups ? s->groups : s->elements, 3));
		return;
	}
	json_t *indirect = json_object();
	(void)json_object_set_new(o, "indirect", indirect);
	add_place(indirect, s->indirect, s->indirect_element);
}

static void add_copy(json_t *o, const struct compute_copy *c)
{
	json_t *copy = json_object();

	(void)json_object_set_new(o, "copy", copy);
	request_set_string(copy, "from", c->from);
	request_set_string(copy, "to", c->to);
	(void)json_object_set_new(copy, "from_element", request_number(&c->from_element));
	(void)json_object_set_new(copy, "to_element", request_number(&c->to_element));
	if (c->has_elements)
		(void)json_object_set_new(copy, "elements", request_number(&c->elements));
}

static int add_check(struct request *r, json_t *o, const struct compute_check *c, struct err *e)
{
	json_t *check = json_object();

	(void)json_object_set_new(o, "check", check);
	request_set_string(check, "buffer", c->buffer);
	if (c->sha256) {
		request_set_string(check, "sha256", c->sha256);
		return 0;
	}
	(void)json_object_set_new(check, "max_abs", json_real(c->max_abs));
	(void)json_object_set_new(check, "max_rel", json_real(c->max_rel));
	json_t *files = json_array();
	(void)json_object_set_new(check, "reference", files);
	return request_add_buffer(r, files, &c->reference, e);
}

/* With all that is inside when it is a group; groups nest only a little. */
static int add_step(struct request *r, json_t *list, const struct compute_step *s, struct err *e)
{
	json_t *o = json_object(), *inner;

	(void)json_array_append_new(list, o);
	request_set_string(o, "where", s->where);
	request_set_string(o, "queue", s->queue);
	switch (s->work) {
	case WORK_RUN:
		add_run(o, s);
		return 0;
	case WORK_COPY:
		add_copy(o, &s->copy);
		return 0;
	case WORK_CLEAR:
		inner = json_object();
		(void)json_object_set_new(o, "clear", inner);
		request_set_string(inner, "buffer", s->clear);
		(void)json_object_set_new(inner, "value", request_number(&s->clear_value));
		return 0;
	case WORK_CHECK:
		return add_check(r, o, &s->check, e);
	case WORK_GROUP:
		break;
	}
	add_loop(o, s);
	inner = json_array();
	(void)json_object_set_new(o, "steps", inner);
	return request_add_steps(r, inner, s + 1, s->inner, e);
}

int request_add_steps(struct request *r, json_t *list, const struct compute_step *steps,
		      size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i += 1 + steps[i].inner)
		if (add_step(r, list, &steps[i], e) < 0)
			return -1;
	return 0;
}
