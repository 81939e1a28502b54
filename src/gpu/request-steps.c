/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a request: nested there, afterwards one flat list in which a group precedes its steps. */
#include <math.h>
#include <string.h>

#include "base/auto.h"
#include "gpu/json-read.h"
#include "gpu/request.h"

struct steps {
	struct json_read *r;
	struct request *q;
};

static size_t read_buffer_name(struct steps *s, const json_t *o, const char *key)
{
	return request_need_buffer(s->r, s->q, json_read_string(s->r, o, key), key);
}

static void read_place(struct steps *s, const json_t *o, struct request_place *p)
{
	p->buffer = read_buffer_name(s, o, "buffer");
	p->element = json_read_count_or(s->r, o, "element", INT64_MAX, 0);
}

static void read_until(struct steps *s, const json_t *o, struct request_until *u)
{
	const json_t *until = json_object_get(o, "until");

	if (!until)
		return;
	json_read_keys(s->r, until, "until", "buffer element below above every");
	if (s->r->failed)
		return;
	read_place(s, until, &u->at);
	u->above = json_object_get(until, "above") != NULL;
	if (u->above == (json_object_get(until, "below") != NULL))
		json_read_bad(s->r, "until", "expected either 'below' or 'above'");
	u->value = request_read_number(s->r, json_object_get(until, u->above ? "above" : "below"),
				       "until");
	if (u->value.ref || u->value.type != TYPE_NONE)
		json_read_bad(s->r, "until", "expected a plain number");
	u->every = (uint32_t)json_read_count(s->r, until, "every", 1, UINT32_MAX);
}

static void read_grid(struct steps *s, const json_t *o, struct request_step *step)
{
	const json_t *indirect = json_object_get(o, "indirect"), *v;
	size_t i;

	step->is_indirect = indirect != NULL;
	step->has_groups = json_object_get(o, "groups") != NULL;
	if (step->is_indirect + step->has_groups + (json_object_get(o, "elements") != NULL) != 1)
		json_read_bad(
		    s->r, "steps",
		    "expected three numbers as groups or as elements, or else 'indirect'");
	if (indirect) {
		json_read_keys(s->r, indirect, "indirect", "buffer element");
		if (!s->r->failed)
			read_place(s, indirect, &step->indirect);
		return;
	}
	const char *key = step->has_groups ? "groups" : "elements";
	const json_t *grid = json_read_array(s->r, o, key, 3);
	if (json_array_size(grid) != 3)
		json_read_bad(s->r, "steps", "expected three numbers as groups or as elements");
	json_array_foreach(grid, i, v) step->grid[i] = request_read_number(s->r, v, key);
}

/* ["a", "b"] or {"source": "a", "7": "b"} */
static void read_bind(struct json_read *r, const json_t *o, const struct request *q,
		      struct request_step *s)
{
	json_t *bind = json_object_get(o, "bind"), *v;
	bool map = json_is_object(bind);
	size_t i, count = map ? json_object_size(bind) : json_array_size(bind);
	const char *to;

	if (map && count > BIND_MAX)
		json_read_bad(r, "bind", "has more than %d members", BIND_MAX);
	if (!map)
		(void)json_read_array(r, o, "bind", BIND_MAX);
	if (r->failed)
		return;
	s->bind = arena_alloc(r->arena, (count + 1) * sizeof *s->bind);
	if (!map) {
		json_array_foreach(bind, i, v) s->bind[s->bind_count++] = request_need_buffer(
		    r, q, json_is_string(v) ? json_string_value(v) : "?", "bind");
		return;
	}
	s->bind_to = arena_alloc(r->arena, (count + 1) * sizeof *s->bind_to);
	json_object_foreach(bind, to, v)
	{
		s->bind_to[s->bind_count] = arena_strdup(r->arena, to);
		s->bind[s->bind_count++] = request_need_buffer(
		    r, q, json_is_string(v) ? json_string_value(v) : "?", "bind");
	}
}

static void read_run(struct steps *s, const json_t *o, struct request_step *step)
{
	struct json_read *r = s->r;
	const json_t *v;
	size_t i;

	json_read_keys(r, o, "steps",
		       "run where bind push groups elements indirect repeat until queue");
	const char *run = json_read_string(r, o, "run");
	while (step->kernel < s->q->kernel_count &&
	       strcmp(s->q->kernels[step->kernel].name, run) != 0)
		step->kernel++;
	if (step->kernel == s->q->kernel_count)
		json_read_bad(r, "steps", "there is no kernel '%.60s'", run);

	read_bind(r, o, s->q, step);
	const json_t *push = json_read_array(r, o, "push", PUSH_MAX);
	step->push = arena_alloc(r->arena, (json_array_size(push) + 1) * sizeof *step->push);
	json_array_foreach(push, i, v)
	    step->push[step->push_count++] = request_read_number(r, v, "push");
	read_grid(s, o, step);
}

static void read_copy(struct steps *s, const json_t *o, struct request_step *step)
{
	const json_t *copy = json_object_get(o, "copy");
	struct request_copy *c = &step->copy;

	json_read_keys(s->r, o, "steps", "copy where queue");
	json_read_keys(s->r, copy, "copy", "from to from_element to_element elements");
	if (s->r->failed)
		return;
	c->from = read_buffer_name(s, copy, "from");
	c->to = read_buffer_name(s, copy, "to");
	c->from_element = request_read_number(s->r, json_object_get(copy, "from_element"), "copy");
	c->to_element = request_read_number(s->r, json_object_get(copy, "to_element"), "copy");
	const json_t *elements = json_object_get(copy, "elements");
	c->has_elements = elements != NULL;
	if (elements)
		c->elements = request_read_number(s->r, elements, "copy");
}

static void read_clear(struct steps *s, const json_t *o, struct request_step *step)
{
	const json_t *clear = json_object_get(o, "clear");

	json_read_keys(s->r, o, "steps", "clear where queue");
	json_read_keys(s->r, clear, "clear", "buffer value");
	if (s->r->failed)
		return;
	step->clear = read_buffer_name(s, clear, "buffer");
	step->clear_value = request_read_number(s->r, json_object_get(clear, "value"), "clear");
}

static double read_tolerance(struct steps *s, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v && (!json_is_number(v) || !(json_number_value(v) >= 0)))
		json_read_bad(s->r, key, "expected a number of 0 or more");
	return json_number_value(v);
}

static void read_check(struct steps *s, const json_t *o, struct request_step *step)
{
	const json_t *check = json_object_get(o, "check");
	struct request_check *c = &step->check;

	json_read_keys(s->r, o, "steps", "check where");
	json_read_keys(s->r, check, "check", "buffer sha256 reference max_abs max_rel");
	if (s->r->failed)
		return;
	c->buffer = read_buffer_name(s, check, "buffer");
	c->sha256 = json_read_string_or(s->r, check, "sha256", NULL);
	const json_t *files = json_read_array(s->r, check, "reference", 1);
	if (!c->sha256 == (json_array_size(files) == 0))
		json_read_bad(s->r, "check", "expected either 'sha256' or 'reference'");
	if (c->sha256 && (strlen(c->sha256) != 64 || strspn(c->sha256, "0123456789abcdef") != 64))
		json_read_bad(s->r, "sha256", "expected 64 hexadecimal digits");
	c->max_abs = read_tolerance(s, check, "max_abs");
	c->max_rel = read_tolerance(s, check, "max_rel");
	if (s->r->failed || c->sha256)
		return;
	struct request_buffer *b = arena_alloc(s->r->arena, sizeof *b);
	request_read_buffer(s->r, json_array_get(files, 0), b);
	if (b->source != SOURCE_FILE)
		json_read_bad(s->r, "check", "expected a file");
	c->reference = b;
}

static void read_list(struct steps *s, const json_t *list, unsigned depth);

static void read_group(struct steps *s, const json_t *o, struct request_step *step, unsigned depth)
{
	size_t first = s->q->step_count;

	json_read_keys(s->r, o, "steps", "steps where repeat until");
	const json_t *inside = json_read_array(s->r, o, "steps", STEPS_MAX);
	if (json_array_size(inside) == 0)
		json_read_bad(s->r, "steps", "a group needs at least one step");
	if (!s->r->failed)
		read_list(s, inside, depth + 1);
	step->inner = s->q->step_count - first;
}

static void read_step(struct steps *s, const json_t *o, unsigned depth)
{
	static const struct {
		const char *key;
		void (*read)(struct steps *s, const json_t *o, struct request_step *step);
	} kinds[] = {
	    [WORK_RUN] = {"run", read_run},       [WORK_COPY] = {"copy", read_copy},
	    [WORK_CLEAR] = {"clear", read_clear}, [WORK_CHECK] = {"check", read_check},
	    [WORK_GROUP] = {"steps", NULL},
	};
	struct request_step *step = &s->q->steps[s->q->step_count++];
	size_t kind = 0;

	/* What is neither is read as the first kind, which says what it misses. */
	for (size_t i = 0; i < COUNTOF(kinds); i++)
		if (json_object_get(o, kinds[i].key))
			kind = i;
	*step = (struct request_step){.work = (enum compute_work)kind};
	step->where = json_read_string_or(s->r, o, "where", NULL);
	step->queue = json_read_string_or(s->r, o, "queue", NULL);
	step->repeat = (uint32_t)json_read_count_or(s->r, o, "repeat", UINT32_MAX, 1);
	read_until(s, o, &step->until);
	if (kinds[kind].read)
		kinds[kind].read(s, o, step);
	else
		read_group(s, o, step, depth);
}

static void read_list(struct steps *s, const json_t *list, unsigned depth)
{
	const json_t *o;
	size_t i;

	if (depth > STEP_DEPTH_MAX) {
		json_read_bad(s->r, "steps", "more than %d groups in one another", STEP_DEPTH_MAX);
		return;
	}
	json_array_foreach(list, i, o) if (!s->r->failed) read_step(s, o, depth);
}

/* All of them, as deep as read_list goes. */
static size_t count_steps(const json_t *list, unsigned depth)
{
	size_t count = json_array_size(list), i;
	const json_t *o;

	if (depth <= STEP_DEPTH_MAX)
		json_array_foreach(list, i, o)
		    count += count_steps(json_object_get(o, "steps"), depth + 1);
	return count;
}

void request_read_steps(struct json_read *r, const json_t *root, struct request *q)
{
	struct steps s = {.r = r, .q = q};
	const json_t *list = json_read_array(r, root, "steps", STEPS_MAX);
	size_t count = count_steps(list, 0);

	if (count > STEPS_MAX)
		json_read_bad(r, "steps", "expected at most %d", STEPS_MAX);
	if (r->failed)
		return;
	q->steps = arena_alloc(r->arena, (count + 1) * sizeof *q->steps);
	read_list(&s, list, 0);
}
