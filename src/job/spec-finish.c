/* SPDX-License-Identifier: Apache-2.0 */
/* The end of reading: what belongs together is there, and what refers to something finds it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "job/names.h"
#include "job/spec-read.h"

enum { SHOWN = 64 };

/* ---- looking up --------------------------------------------------------------------------- */

struct compute_buffer *find_buffer(const struct compute *c, const char *name)
{
	for (size_t i = 0; i < c->buffer_count; i++)
		if (strcmp(c->buffers[i].name, name) == 0)
			return &c->buffers[i];
	return NULL;
}

static int no_such(const char *where, const char *what, const char *name, const char *const *known,
		   struct err *e)
{
	char shown[SHOWN];
	const char *near = text_nearest(name, known);

	(void)text_show(name, shown, sizeof shown);
	if (near)
		return err_bad(e, where, "there is no %s '%s', did you mean '%s'?", what, shown,
			       near);
	return err_bad(e, where, "there is no %s '%s'", what, shown);
}

int no_such_buffer(const struct compute *c, const char *where, const char *name, struct err *e)
{
	const char *known[BOUND_BUFFERS + 1] = {NULL};

	for (size_t i = 0; i < c->buffer_count; i++)
		known[i] = c->buffers[i].name;
	return no_such(where, "buffer", name, known, e);
}

static int check_kernel(const struct compute *c, const char *where, const char *name, struct err *e)
{
	const char *known[BOUND_KERNELS + 1] = {NULL};

	for (size_t i = 0; i < c->kernel_count; i++) {
		known[i] = c->kernels[i].name;
		if (strcmp(known[i], name) == 0)
			return 0;
	}
	return no_such(where, "kernel", name, known, e);
}

/* ---- --input and --output ----------------------------------------------------------------- */

static int apply_inputs(struct spec *s, struct compute *c, struct err *e)
{
	for (size_t i = 0; i < s->input_count; i++) {
		const struct spec_file_flag *flag = &s->inputs[i];
		struct compute_buffer *b = find_buffer(c, flag->name);
		if (!b)
			return no_such_buffer(c, flag->where, flag->name, e);
		b->format = format_after(flag->file, b->format, b->file);
		b->source = SOURCE_FILE;
		b->file = b->path = flag->file;
		b->like = NULL;
		b->member = NULL;
		b->where = flag->where;
	}
	return 0;
}

static int apply_outputs(struct spec *s, struct compute *c, struct err *e)
{
	for (size_t i = 0; i < s->output_count; i++) {
		const struct spec_file_flag *flag = &s->outputs[i];
		size_t at = 0;
		while (at < c->output_count && strcmp(c->outputs[at].buffer, flag->name) != 0)
			at++;
		if (at == c->output_count) {
			if (!find_buffer(c, flag->name))
				return no_such_buffer(c, flag->where, flag->name, e);
			struct compute_output *more = arena_alloc(&s->arena,
								  (at + 1) * sizeof *more);
			if (at)
				memcpy(more, c->outputs, at * sizeof *more);
			more[at] = (struct compute_output){.buffer = flag->name};
			c->outputs = more;
			c->output_count++;
		}
		struct compute_output *o = &c->outputs[at];
		o->format = format_after(flag->file, o->format, o->file);
		o->file = o->path = flag->file;
		o->where = flag->where;
	}
	return 0;
}

/* ---- buffers ------------------------------------------------------------------------------ */

/* Follows like to a buffer that says its own type and shape, or reads them from a file. */
static int resolve_like(const struct compute *c, struct compute_buffer *b, struct err *e)
{
	const struct compute_buffer *root = b;

	for (size_t hops = 0; root->like; hops++) {
		const struct compute_buffer *next = find_buffer(c, root->like);
		if (!next)
			return no_such_buffer(c, root->where, root->like, e);
		if (hops == c->buffer_count)
			return err_bad(e, b->where, "'like' goes round in a circle");
		root = next;
	}
	if (root == b)
		return 0;
	if (root->source == SOURCE_FILE) {
		b->like = root->name;
		return 0;
	}
	b->like = NULL;
	b->type = root->type;
	b->dims = root->dims;
	memcpy(b->shape, root->shape, sizeof b->shape);
	return 0;
}

static int check_raw(const struct compute_buffer *b, struct err *e)
{
	if (b->format != FORMAT_RAW || (b->type != TYPE_NONE && b->dims))
		return 0;
	return err_bad(e, b->where,
		       "a raw file says nothing about itself: give 'type' and 'shape'");
}

static int finish_buffer(struct spec *s, struct compute_buffer *b, struct err *e)
{
	if (b->source == SOURCE_FILE)
		return input_finish(s, b, e) < 0 ? -1 : check_raw(b, e);
	if (!b->like && (b->type == TYPE_NONE || b->dims == 0))
		return err_bad(e, b->where, "needs 'file', 'like', or both 'type' and 'shape'");
	return 0;
}

static int finish_buffers(struct spec *s, struct compute *c, struct err *e)
{
	for (size_t i = 0; i < c->buffer_count; i++)
		if (!c->buffers[i].like && finish_buffer(s, &c->buffers[i], e) < 0)
			return -1;
	/* A circle or an unknown name shows only while the others are unresolved, so in a pass of its own. */
	for (size_t i = 0; i < c->buffer_count; i++)
		if (resolve_like(c, &c->buffers[i], e) < 0)
			return -1;
	return 0;
}

/* ---- steps -------------------------------------------------------------------------------- */

int check_reference(const struct compute *c, const char *where, const struct compute_number *v,
		    struct err *e)
{
	char name[BOUND_NAME_BYTES + 1];
	int axis;

	if (!v->ref || !compute_reference(v->ref, name, sizeof name, &axis))
		return 0;
	const struct compute_buffer *b = find_buffer(c, name);
	if (!b)
		return no_such_buffer(c, where, name, e);
	/* A PNG is read as [height, width, 4]. Of .npy files the shape is not known yet. */
	unsigned dims = b->dims ? b->dims : COMPUTE_DIMS;
	if (b->source == SOURCE_FILE && b->format == FORMAT_PNG)
		dims = 3;
	if (axis >= (int)dims)
		return err_bad(e, where, "'%s': '%s' has %s%u dimensions, counted from 0", v->ref,
			       name, b->dims || dims == 3 ? "" : "at most ", dims);
	return 0;
}

static int check_step(struct spec *s, struct compute *c, struct compute_step *step, struct err *e)
{
	const struct compute_number *grid = step->has_groups ? step->groups : step->elements;

	if (compute_finish_work(s, c, step, e) < 0)
		return -1;
	if (step->work != WORK_RUN)
		return 0;
	if (check_kernel(c, step->where, step->run, e) < 0)
		return -1;
	for (size_t i = 0; i < step->bind_count; i++)
		if (!find_buffer(c, step->bind[i]))
			return no_such_buffer(c, step->where, step->bind[i], e);
	for (size_t i = 0; i < step->push_count; i++)
		if (check_reference(c, step->where, &step->push[i], e) < 0)
			return -1;
	for (size_t i = 0; i < 3 && !step->indirect; i++)
		if (check_reference(c, step->where, &grid[i], e) < 0)
			return -1;
	return 0;
}

/* ---- outputs ------------------------------------------------------------------------------ */

/* One spelling for one place, as far as text can tell. */
static const char *absolute(struct spec *s, const char *cwd, const char *path)
{
	return path_normal(&s->arena,
			   path[0] == '/' ? path : arena_printf(&s->arena, "%s/%s", cwd, path));
}

static int check_clash(const struct compute_output *o, const char *path, const char *other,
		       const char *what, struct err *e)
{
	char shown[SHOWN];

	if (is_standard(path) ||
	    (strcmp(path, other) != 0 && !sequence_is(path, other) && !sequence_is(other, path)))
		return 0;
	return err_bad(e, o->where, "'%s' is also %s: an output needs a file of its own",
		       text_show(o->file, shown, sizeof shown), what);
}

static int check_outputs(struct spec *s, struct compute *c, struct err *e)
{
	char cwd[BOUND_PATH_BYTES + 1];
	const char **inputs = arena_alloc(&s->arena,
					  (c->buffer_count + c->step_count + 1) * sizeof *inputs);
	const char **outputs = arena_alloc(&s->arena, (c->output_count + 1) * sizeof *outputs);
	size_t input_count = 0;

	if (c->output_count == 0)
		return 0;
	if (!getcwd(cwd, sizeof cwd))
		return err_os(e, errno, NULL, "cannot tell the working directory");
	for (size_t i = 0; i < c->buffer_count; i++)
		if (c->buffers[i].source == SOURCE_FILE && !is_standard(c->buffers[i].file))
			inputs[input_count++] = absolute(s, cwd, c->buffers[i].path);
	for (size_t i = 0; i < c->step_count; i++)
		if (c->steps[i].check.reference.path)
			inputs[input_count++] = absolute(s, cwd, c->steps[i].check.reference.path);
	const char *file = s->file && !is_standard(s->file) ? absolute(s, cwd, s->file) : "";
	for (size_t i = 0; i < c->output_count; i++) {
		struct compute_output *o = &c->outputs[i];
		const struct compute_buffer *b = find_buffer(c, o->buffer);
		if (!b)
			return no_such_buffer(c, o->where, o->buffer, e);
		if (output_finish(o, b, e) < 0)
			return -1;
		outputs[i] = is_standard(o->file) ? "-" : absolute(s, cwd, o->path);
		if (check_clash(o, outputs[i], file, "the job file", e) < 0)
			return -1;
		for (size_t k = 0; k < input_count; k++)
			if (check_clash(o, outputs[i], inputs[k], "an input", e) < 0)
				return -1;
		for (size_t k = 0; k < i; k++)
			if (check_clash(o, outputs[i], outputs[k], "another output", e) < 0)
				return -1;
	}
	return 0;
}

/* ---- the whole ---------------------------------------------------------------------------- */

int compute_finish(struct spec *s, struct compute *c, struct err *e)
{
	if (c->kernel_count == 0)
		return err_bad(e, c->where, "needs at least one kernel in 'kernels'");
	if (c->step_count == 0)
		return err_bad(e, c->where, "needs at least one step in 'steps'");
	if (apply_inputs(s, c, e) < 0 || apply_outputs(s, c, e) < 0 || finish_buffers(s, c, e) < 0)
		return -1;
	for (size_t i = 0; i < c->step_count; i++)
		if (check_step(s, c, &c->steps[i], e) < 0)
			return -1;
	return check_outputs(s, c, e) < 0 ? -1 : standard_check(s, c, e);
}

/* The name of the program or of the job file, with '-' for what a name may not hold. */
static const char *default_name(struct spec *s)
{
	static const char *const endings[] = {".yaml", ".yml", ".json"};
	bool is_file = s->file && strcmp(s->file, "-") != 0;
	const char *base = is_file      ? path_base(s->file)
			   : s->command ? path_base(s->command[0])
					: "job";
	size_t len = strlen(base);

	for (size_t i = 0; is_file && i < COUNTOF(endings); i++) {
		size_t n = strlen(endings[i]);
		if (len > n && strcmp(base + len - n, endings[i]) == 0) {
			len -= n;
			break;
		}
	}
	if (len > BOUND_NAME_BYTES)
		len = BOUND_NAME_BYTES;
	char *name = arena_strndup(&s->arena, base, len);
	for (char *p = name; *p; p++) {
		char one[2] = {*p, '\0'};
		if (!name_is_job(one) && (*p != '.' || p == name))
			*p = p == name ? '_' : '-';
	}
	return name[0] ? name : "job";
}

void spec_name(struct spec *s)
{
	if (!s->name)
		s->name = default_name(s);
}

static int check_require(const struct spec *s, struct err *e)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if ((s->require & 1U << i) && !limit_is_set(&s->limits, (enum limit)i))
			return err_bad(
			    e, "require",
			    "the limit '%s' is required but not set: give it a value, for example with --%s",
			    limit_table[i].key, limit_table[i].key);
	return 0;
}

/* With a share of what is available only the plan can tell. */
static int check_soft(const struct spec *s, struct err *e)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (s->dynamic[i].percent || s->soft_dynamic[i].percent)
			return 0;
	return spec_check_soft(&s->limits, s->soft_where, e);
}

int spec_finish(struct spec *s, struct err *e)
{
	if (check_soft(s, e) < 0)
		return -1;
	if (!s->command && !s->compute && s->file)
		return err_bad(
		    e, s->file,
		    "nothing to run: give 'command' or 'compute', or a command after '--'");
	if (!s->command && !s->compute)
		return err_bad(e, NULL, "nothing to run: give a job file, or a command after '--'");
	if (s->command && s->compute)
		return err_bad(e, s->compute->where,
			       "a job is either a command or a compute job, this one is both");
	if (s->dry_run && !s->compute) {
		(void)err_bad(e, "--dry-run",
			      "only a compute job can be checked without running it");
		return err_hint(e, "'vkjail plan' explains what would be done for a command");
	}
	if (!s->compute && s->input_count)
		return err_bad(e, s->inputs[0].where,
			       "a command has no inputs, only a compute job has");
	if (!s->compute && s->output_count)
		return err_bad(
		    e, s->outputs[0].where,
		    "a command has no outputs, only a compute job has (a size such as 10M limits the output)");
	if (s->compute && compute_finish(s, s->compute, e) < 0)
		return -1;
	if (check_require(s, e) < 0)
		return -1;
	spec_name(s);
	return 0;
}
