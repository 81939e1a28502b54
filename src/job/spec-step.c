/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a compute job: what runs on which buffers, with which values, how often. */
#include <string.h>

#include "base/text.h"
#include "job/names.h"
#include "job/spec-read.h"

enum { SHOWN = 64 };

bool compute_reference(const char *text, char *ret_buffer, size_t size, int *ret_axis)
{
	const char *dot = strchr(text, '.');

	if (!dot || (size_t)(dot - text) >= size)
		return false;
	memcpy(ret_buffer, text, (size_t)(dot - text));
	ret_buffer[dot - text] = '\0';
	if (!name_is_buffer(ret_buffer))
		return false;
	if (strcmp(dot, ".elements") == 0) {
		*ret_axis = -1;
		return true;
	}
	if (strncmp(dot, ".shape[", 7) != 0 || dot[7] < '0' || dot[7] > '9' ||
	    strcmp(dot + 8, "]") != 0)
		return false;
	*ret_axis = dot[7] - '0';
	return true;
}

/* A number or a reference to a buffer's shape. True: *ret holds a reference. */
static bool take_reference(struct decode *d, const struct node *n, struct compute_number *ret)
{
	char buffer[BOUND_NAME_BYTES + 1];
	int axis;

	if (n->kind != NODE_SCALAR || !compute_reference(n->text, buffer, sizeof buffer, &axis))
		return false;
	*ret = (struct compute_number){.is_integer = true,
				       .ref = arena_strdup(&d->spec->arena, n->text)};
	return true;
}

/* What was meant as a reference gets a message of its own; other scalars are left to the readers of numbers. */
static int check_no_reference(struct decode *d, const struct node *n)
{
	char shown[SHOWN];

	if (n->kind != NODE_SCALAR || (!strstr(n->text, ".shape") && !strstr(n->text, ".element")))
		return 0;
	return decode_bad(d, n,
			  "expected a reference such as photo.shape[1] or photo.elements, got '%s'",
			  text_show(n->text, shown, sizeof shown));
}

static int read_push_item(struct decode *d, const struct node *n, void *item)
{
	struct compute_number *v = item;

	if (n->kind == NODE_MAP) {
		if (n->count != 1)
			return decode_bad(d, n,
					  "expected one type and its value, such as {f32: 0.5}");
		int type = choice_find(compute_type_names + 1, n->first->key);
		if (type < 0)
			return decode_unknown_key(d, n->first, compute_type_names + 1);
		enum compute_type t = (enum compute_type)(type + 1);
		if (take_reference(d, n->first, v)) {
			v->type = t;
			return 0;
		}
		return check_no_reference(d, n->first) < 0 ? -1 : decode_number(d, n->first, t, v);
	}
	if (take_reference(d, n, v))
		return 0;
	return check_no_reference(d, n) < 0 ? -1 : decode_number(d, n, TYPE_NONE, v);
}

static int read_push(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct items items = {sizeof(struct compute_number),
					   BOUND_PUSHES,
					   BOUND_WHAT(PUSHES),
					   "a list of values",
					   NODE_LIST,
					   read_push_item};
	struct compute_step *s = member;

	(void)arg;
	return read_items(d, n, &items, &s->push, &s->push_count);
}

static int read_bind_item(struct decode *d, const struct node *n, void *item)
{
	return read_text(d, n, item, NULL);
}

/* "7" or "source" */
static int check_bind_key(const struct decode *d, const struct node *n)
{
	struct err ignored;
	uint64_t number;
	char shown[SHOWN];

	if (name_is_identifier(n->key))
		return 0;
	if (text_count(n->key, NULL, &number, &ignored) == 0 && number <= UINT32_MAX &&
	    (n->key[0] != '0' || !n->key[1]))
		return 0;
	return decode_bad(d, n,
			  "expected the number of a binding or its name in the shader, got '%s'",
			  text_show(n->key, shown, sizeof shown));
}

/* [photo, out]: bindings in their order; {source: photo, 7: out}: by name or number. */
static int read_bind(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct items items = {sizeof(char *),
			      BOUND_BINDINGS,
			      BOUND_WHAT(BINDINGS),
			      "a list of buffers or a map such as {source: photo, 1: out}",
			      n->kind == NODE_MAP ? NODE_MAP : NODE_LIST,
			      read_bind_item};
	struct compute_step *s = member;

	(void)arg;
	if (read_items(d, n, &items, &s->bind, &s->bind_count) < 0)
		return -1;
	if (n->kind != NODE_MAP)
		return 0;
	s->bind_to = arena_alloc(&d->spec->arena, (n->count + 1) * sizeof *s->bind_to);
	NODE_EACH(item, n)
	{
		if (check_bind_key(d, item) < 0)
			return -1;
		s->bind_to[item->index] = arena_strdup(&d->spec->arena, item->key);
	}
	return 0;
}

int read_extent(struct decode *d, const struct node *n, uint64_t min, uint64_t max,
		struct compute_number *ret)
{
	uint64_t v;

	if (take_reference(d, n, ret))
		return 0;
	if (check_no_reference(d, n) < 0 || decode_integer(d, n, min, max, &v) < 0)
		return -1;
	*ret = (struct compute_number){.type = max > UINT32_MAX ? TYPE_U64 : TYPE_U32,
				       .is_integer = true,
				       .i = (int64_t)v,
				       .f = (double)v};
	return 0;
}

/* One to three numbers; one alone needs no list; what is not said is 1. */
static int read_grid(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct compute_number *grid = member;

	(void)arg;
	for (int i = 0; i < 3; i++)
		grid[i] = (struct compute_number){
		    .type = TYPE_U32, .is_integer = true, .i = 1, .f = 1};
	if (n->kind == NODE_SCALAR)
		return read_extent(d, n, 1, UINT32_MAX, &grid[0]);
	if (decode_expect(d, n, NODE_LIST, "a list of one to three numbers") < 0)
		return -1;
	if (n->count < 1 || n->count > 3)
		return decode_bad(d, n, "expected one to three numbers, got %zu", n->count);
	NODE_EACH(item, n)
	if (read_extent(d, item, 1, UINT32_MAX, &grid[item->index]) < 0)
		return -1;
	return 0;
}

/* NAME or {buffer: NAME, element: N} */
static int read_indirect(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct field fields[] = {
	    {"buffer", read_text, offsetof(struct compute_step, indirect), NULL},
	    {"element", read_element, offsetof(struct compute_step, indirect_element), NULL},
	};
	struct compute_step *s = member;

	if (n->kind == NODE_SCALAR)
		return read_text(d, n, &s->indirect, arg);
	if (decode_map(d, n, fields, COUNTOF(fields), s) < 0)
		return -1;
	return s->indirect ? 0 : decode_bad(d, n, "'buffer' is missing");
}

int read_run(struct decode *d, const struct node *n, struct compute_step *s)
{
	static const struct field fields[] = {
	    {"run", read_text, offsetof(struct compute_step, run), NULL},
	    {"bind", read_bind, 0, NULL},
	    {"push", read_push, 0, NULL},
	    {"groups", read_grid, offsetof(struct compute_step, groups), NULL},
	    {"elements", read_grid, offsetof(struct compute_step, elements), NULL},
	    {"indirect", read_indirect, 0, NULL},
	    {"repeat", read_repeat, offsetof(struct compute_step, repeat), NULL},
	    {"until", read_until, offsetof(struct compute_step, until), NULL},
	    {"queue", read_queue, offsetof(struct compute_step, queue), NULL},
	};

	if (decode_map(d, n, fields, COUNTOF(fields), s) < 0)
		return -1;
	s->has_groups = decode_find(n, "groups");
	if (s->has_groups + !!decode_find(n, "elements") + !!s->indirect != 1)
		return decode_bad(d, n, "needs either 'groups', 'elements' or 'indirect'");
	return check_loop(d, n, s);
}
