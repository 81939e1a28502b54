/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of steps: groups of them and when they end, copies, clears and checks. What one dispatch
 * needs is read in spec-step.c.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "job/names.h"
#include "job/spec-read.h"

enum { SHOWN = 64, SHA256_DIGITS = 64 };

/* ---- values ------------------------------------------------------------------------------- */

static int read_buffer_name(struct decode *d, const struct node *n, void *member, const void *arg)
{
	return read_text(d, n, member, arg);
}

int read_element(struct decode *d, const struct node *n, void *member, const void *arg)
{
	(void)arg;
	return decode_integer(d, n, 0, INT64_MAX, member);
}

/* struct compute_number: an integer of 0 or more, or a reference. */
static int read_place(struct decode *d, const struct node *n, void *member, const void *arg)
{
	(void)arg;
	return read_extent(d, n, 0, INT64_MAX, member);
}

static int read_any_number(struct decode *d, const struct node *n, void *member, const void *arg)
{
	(void)arg;
	return decode_number(d, n, TYPE_NONE, member);
}

/* double: how far a value may be off. */
static int read_tolerance(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct compute_number v;

	(void)arg;
	if (decode_number(d, n, TYPE_F64, &v) < 0)
		return -1;
	if (v.f < 0)
		return decode_bad(d, n, "expected a number of 0 or more");
	*(double *)member = v.f;
	return 0;
}

static int read_sha256(struct decode *d, const struct node *n, void *member, const void *arg)
{
	char shown[SHOWN];
	const char *text;

	if (read_text(d, n, &text, arg) < 0)
		return -1;
	if (strlen(text) != SHA256_DIGITS ||
	    strspn(text, "0123456789abcdefABCDEF") != SHA256_DIGITS)
		return decode_bad(d, n, "expected %d hexadecimal digits, got '%s'", SHA256_DIGITS,
				  text_show(text, shown, sizeof shown));
	char *lower = arena_strdup(&d->spec->arena, text);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	*(const char **)member = lower;
	return 0;
}

int read_queue(struct decode *d, const struct node *n, void *member, const void *arg)
{
	char shown[SHOWN];

	if (read_text(d, n, member, arg) < 0)
		return -1;
	if (name_is_buffer(n->text))
		return 0;
	return decode_bad(d, n, "expected a name of 1 to %d letters, digits, '_' and '-', got '%s'",
			  BOUND_NAME_BYTES, text_show(n->text, shown, sizeof shown));
}

static int read_count(struct decode *d, const struct node *n, void *member, const void *arg)
{
	uint64_t v;

	(void)arg;
	if (decode_integer(d, n, 1, BOUND_REPEAT, &v) < 0)
		return -1;
	*(uint32_t *)member = (uint32_t)v;
	return 0;
}

int read_repeat(struct decode *d, const struct node *n, void *member, const void *arg)
{
	return read_count(d, n, member, arg);
}

int read_until(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct field fields[] = {
	    {"buffer", read_buffer_name, offsetof(struct compute_until, buffer), NULL},
	    {"element", read_element, offsetof(struct compute_until, element), NULL},
	    {"below", read_any_number, offsetof(struct compute_until, value), NULL},
	    {"above", read_any_number, offsetof(struct compute_until, value), NULL},
	    {"every", read_count, offsetof(struct compute_until, every), NULL},
	};
	struct compute_until *u = member;

	(void)arg;
	u->every = 1;
	if (decode_map(d, n, fields, COUNTOF(fields), u) < 0)
		return -1;
	if (!u->buffer)
		return decode_bad(d, n, "'buffer' is missing");
	u->above = decode_find(n, "above");
	if (u->above == !!decode_find(n, "below"))
		return decode_bad(d, n, "needs either 'below' or 'above'");
	return 0;
}

int check_loop(struct decode *d, const struct node *n, const struct compute_step *s)
{
	if (!s->until.buffer)
		return 0;
	if (!decode_find(n, "repeat"))
		return decode_bad(d, n,
				  "'until' needs 'repeat', the number of rounds after which it "
				  "ends in any case");
	if (s->until.every > s->repeat)
		return decode_bad(d, n, "'until' would never be looked at: every %u rounds of %u",
				  s->until.every, s->repeat);
	return 0;
}

/* ---- the kinds of steps -------------------------------------------------------------------- */

static int read_copy(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct field fields[] = {
	    {"from", read_buffer_name, offsetof(struct compute_copy, from), NULL},
	    {"to", read_buffer_name, offsetof(struct compute_copy, to), NULL},
	    {"from-element", read_place, offsetof(struct compute_copy, from_element), NULL},
	    {"to-element", read_place, offsetof(struct compute_copy, to_element), NULL},
	    {"elements", read_place, offsetof(struct compute_copy, elements), NULL},
	};
	struct compute_copy *c = member;

	(void)arg;
	c->from_element = c->to_element = (struct compute_number){.type = TYPE_U64,
								  .is_integer = true};
	if (decode_map(d, n, fields, COUNTOF(fields), c) < 0)
		return -1;
	if (!c->from || !c->to)
		return decode_bad(d, n, "needs 'from' and 'to'");
	c->has_elements = decode_find(n, "elements");
	return 0;
}

static int read_clear(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct field fields[] = {
	    {"buffer", read_buffer_name, offsetof(struct compute_step, clear), NULL},
	    {"value", read_any_number, offsetof(struct compute_step, clear_value), NULL},
	};
	struct compute_step *s = member;

	s->clear_value = (struct compute_number){.is_integer = true};
	if (n->kind == NODE_SCALAR)
		return read_text(d, n, &s->clear, arg);
	if (decode_map(d, n, fields, COUNTOF(fields), s) < 0)
		return -1;
	return s->clear ? 0 : decode_bad(d, n, "'buffer' is missing");
}

static int read_check(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct field fields[] = {
	    {"buffer", read_buffer_name, offsetof(struct compute_check, buffer), NULL},
	    {"sha256", read_sha256, offsetof(struct compute_check, sha256), NULL},
	    {"file", read_path, offsetof(struct compute_check, reference.file), NULL},
	    {"format", read_choice, offsetof(struct compute_check, reference.format),
	     compute_format_names},
	    {"member", read_text, offsetof(struct compute_check, reference.member), NULL},
	    {"max-abs", read_tolerance, offsetof(struct compute_check, max_abs), NULL},
	    {"max-rel", read_tolerance, offsetof(struct compute_check, max_rel), NULL},
	};
	struct compute_check *c = member;

	(void)arg;
	if (decode_map(d, n, fields, COUNTOF(fields), c) < 0)
		return -1;
	if (!c->buffer)
		return decode_bad(d, n, "'buffer' is missing");
	if (!c->sha256 == !c->reference.file)
		return decode_bad(d, n, "needs either 'sha256' or 'file'");
	if (c->sha256 && n->count > 2)
		return decode_bad(d, n, "'sha256' is exact: there is nothing else to say");
	c->reference.name = c->buffer;
	c->reference.where = decode_where(d, n);
	if (!c->reference.file)
		return 0;
	c->reference.source = SOURCE_FILE;
	c->reference.path = path_join(&d->spec->arena, d->spec->file_dir, c->reference.file);
	return 0;
}

static int read_one(struct decode *d, const struct node *n, struct compute_step *s)
{
	static const struct field copy[] = {
	    {"copy", read_copy, offsetof(struct compute_step, copy), NULL},
	    {"queue", read_queue, offsetof(struct compute_step, queue), NULL},
	};
	static const struct field clear[] = {
	    {"clear", read_clear, 0, NULL},
	    {"queue", read_queue, offsetof(struct compute_step, queue), NULL},
	};
	static const struct field check[] = {
	    {"check", read_check, offsetof(struct compute_step, check), NULL},
	};

	switch (s->work) {
	case WORK_RUN:
		return read_run(d, n, s);
	case WORK_COPY:
		return decode_map(d, n, copy, COUNTOF(copy), s);
	case WORK_CLEAR:
		return decode_map(d, n, clear, COUNTOF(clear), s);
	case WORK_CHECK:
		return decode_map(d, n, check, COUNTOF(check), s);
	case WORK_GROUP:
		break;
	}
	return 0;
}

/* ---- the list ------------------------------------------------------------------------------ */

/* All steps, in the order in which they are written. */
struct step_list {
	struct compute_step *steps;
	size_t count;
};

static int read_list(struct decode *d, const struct node *n, struct step_list *list,
		     unsigned depth);

/* read_group looks the key up itself. */
static int read_later(struct decode *d, const struct node *n, void *member, const void *arg)
{
	(void)d, (void)n, (void)member, (void)arg;
	return 0;
}

static int read_group(struct decode *d, const struct node *n, struct step_list *list,
		      unsigned depth)
{
	static const struct field fields[] = {
	    {"steps", read_later, 0, NULL},
	    {"repeat", read_repeat, offsetof(struct compute_step, repeat), NULL},
	    {"until", read_until, offsetof(struct compute_step, until), NULL},
	};
	const struct node *inside = decode_find(n, "steps");
	size_t at = list->count - 1;
	struct compute_step *s = &list->steps[at];

	if (depth == BOUND_STEP_DEPTH)
		return decode_bad(d, n, "more than %d %s", BOUND_STEP_DEPTH,
				  BOUND_WHAT(STEP_DEPTH));
	if (decode_map(d, n, fields, COUNTOF(fields), s) < 0 || check_loop(d, n, s) < 0 ||
	    decode_expect(d, inside, NODE_LIST, "a list of steps") < 0)
		return -1;
	if (inside->count == 0)
		return decode_bad(d, inside, "a group needs at least one step");
	if (read_list(d, inside, list, depth + 1) < 0)
		return -1;
	s->inner = list->count - at - 1;
	return 0;
}

/* Which of the keys that say what a step does is there; there must be one. */
static int find_work(struct decode *d, const struct node *n, enum compute_work *ret)
{
	static const char *const keys[] = {[WORK_RUN] = "run",
					   [WORK_COPY] = "copy",
					   [WORK_CLEAR] = "clear",
					   [WORK_CHECK] = "check",
					   [WORK_GROUP] = "steps"};
	int found = -1;

	if (decode_expect(d, n, NODE_MAP, "a map") < 0)
		return -1;
	for (int i = 0; i < (int)COUNTOF(keys); i++) {
		if (!decode_find(n, keys[i]))
			continue;
		if (found >= 0)
			return decode_bad(d, n,
					  "'%s' and '%s' are two steps: write one below the other",
					  keys[found], keys[i]);
		found = i;
	}
	if (found < 0)
		return decode_bad(
		    d, n, "'run' is missing (or one of 'copy', 'clear', 'check' and 'steps')");
	*ret = (enum compute_work)found;
	return 0;
}

static int read_list(struct decode *d, const struct node *n, struct step_list *list, unsigned depth)
{
	NODE_EACH(item, n)
	{
		struct compute_step *s = &list->steps[list->count++];
		*s = (struct compute_step){.where = decode_where(d, item), .repeat = 1};
		if (find_work(d, item, &s->work) < 0)
			return -1;
		if (s->work == WORK_GROUP ? read_group(d, item, list, depth) < 0
					  : read_one(d, item, s) < 0)
			return -1;
	}
	return 0;
}

/* With the steps inside groups; nodes nest no deeper than a job file may. */
static size_t count_steps(const struct node *n)
{
	size_t count = 0;

	if (n->kind != NODE_LIST)
		return 0;
	NODE_EACH(item, n)
	{
		const struct node *inside = item->kind == NODE_MAP ? decode_find(item, "steps")
								   : NULL;
		count += 1 + (inside ? count_steps(inside) : 0);
	}
	return count;
}

int read_steps(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct compute *c = member;
	struct step_list list = {.count = 0};
	size_t count = count_steps(n);

	(void)arg;
	if (decode_expect(d, n, NODE_LIST, "a list of steps") < 0)
		return -1;
	if (count > BOUND_STEPS)
		return decode_bad(d, n, "more than %d %s", BOUND_STEPS, BOUND_WHAT(STEPS));
	list.steps = arena_alloc(&d->spec->arena, (count + 1) * sizeof *list.steps);
	if (read_list(d, n, &list, 0) < 0)
		return -1;
	c->steps = list.steps;
	c->step_count = list.count;
	return 0;
}

/* ---- what refers to what ------------------------------------------------------------------- */

static int need_buffer(const struct compute *c, const char *where, const char *name, struct err *e)
{
	return find_buffer(c, name) ? 0 : no_such_buffer(c, where, name, e);
}

static int check_copy(const struct compute *c, const struct compute_step *s, struct err *e)
{
	const struct compute_copy *copy = &s->copy;

	if (need_buffer(c, s->where, copy->from, e) < 0 ||
	    need_buffer(c, s->where, copy->to, e) < 0 ||
	    check_reference(c, s->where, &copy->from_element, e) < 0 ||
	    check_reference(c, s->where, &copy->to_element, e) < 0)
		return -1;
	return copy->has_elements ? check_reference(c, s->where, &copy->elements, e) : 0;
}

static int finish_reference(struct spec *spec, struct compute_buffer *b, struct err *e)
{
	if (!b->file)
		return 0;
	if (is_standard(b->file))
		return err_bad(e, b->where,
			       "what a check expects cannot come from stdin: give a file");
	return input_finish(spec, b, e);
}

int compute_finish_work(struct spec *spec, const struct compute *c, struct compute_step *s,
			struct err *e)
{
	if (s->until.buffer && need_buffer(c, s->where, s->until.buffer, e) < 0)
		return -1;
	switch (s->work) {
	case WORK_COPY:
		return check_copy(c, s, e);
	case WORK_CLEAR:
		return need_buffer(c, s->where, s->clear, e);
	case WORK_CHECK:
		return need_buffer(c, s->where, s->check.buffer, e) < 0
			   ? -1
			   : finish_reference(spec, &s->check.reference, e);
	case WORK_RUN:
		return s->indirect ? need_buffer(c, s->where, s->indirect, e) : 0;
	case WORK_GROUP:
		break;
	}
	return 0;
}
