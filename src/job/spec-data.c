/* SPDX-License-Identifier: Apache-2.0 */
/* The files of buffers and outputs, by what their names say: formats, members of archives, sequences, stdin and stdout. */
#include <string.h>

#include "base/text.h"
#include "job/names.h"
#include "job/spec-read.h"

enum { SHOWN = 64 };

static const struct {
	const char *ending;
	enum compute_format format;
} endings[] = {
    {".npy", FORMAT_NPY}, {".png", FORMAT_PNG}, {".raw", FORMAT_RAW},
    {".bin", FORMAT_RAW}, {".npz", FORMAT_NPZ}, {".safetensors", FORMAT_SAFETENSORS},
};

bool is_standard(const char *file)
{
	return strcmp(file, "-") == 0;
}

static bool has_members(enum compute_format format)
{
	return format == FORMAT_NPZ || format == FORMAT_SAFETENSORS;
}

static enum compute_format by_ending(const char *file, size_t len)
{
	for (size_t i = 0; i < COUNTOF(endings); i++) {
		size_t n = strlen(endings[i].ending);
		if (len > n && strncasecmp(file + len - n, endings[i].ending, n) == 0)
			return endings[i].format;
	}
	return FORMAT_AUTO;
}

/* The '#' of "x.npz#weights", or NULL. */
static const char *member_mark(const char *file)
{
	for (const char *p = file; (p = strchr(p, '#')) != NULL; p++)
		if (has_members(by_ending(file, (size_t)(p - file))))
			return p;
	return NULL;
}

static enum compute_format format_of(const char *file)
{
	const char *mark = member_mark(file);

	return by_ending(file, mark ? (size_t)(mark - file) : strlen(file));
}

enum compute_format format_after(const char *file, enum compute_format before,
				 const char *file_before)
{
	enum compute_format format = format_of(file);

	if (format == FORMAT_AUTO)
		format = before;
	if (format == FORMAT_AUTO && file_before)
		format = format_of(file_before);
	return format;
}

static int set_format(enum compute_format *format, const char *file, const char *where,
		      struct err *e)
{
	char shown[SHOWN];

	if (*format == FORMAT_AUTO)
		*format = format_of(file);
	if (*format != FORMAT_AUTO)
		return 0;
	return err_bad(
	    e, where,
	    "cannot tell the format of '%s' from its ending (.npy, .npz, .safetensors, .png, .raw, .bin): give 'format'",
	    text_show(file, shown, sizeof shown));
}

/* ---- inputs ------------------------------------------------------------------------------- */

/* Takes "#weights" off the path, unless the key 'member' says which array it is. */
static void split_member(struct spec *s, struct compute_buffer *b)
{
	const char *mark = member_mark(b->file);

	if (!mark)
		mark = strrchr(b->file, '#');
	if (b->member || !mark)
		return;
	b->member = arena_strdup(&s->arena, mark + 1);
	b->path = arena_strndup(&s->arena, b->path, strlen(b->path) - strlen(mark));
}

static int check_member(const struct compute_buffer *b, struct err *e)
{
	char shown[SHOWN];

	if (!b->member)
		return 0;
	if (!has_members(b->format))
		return err_bad(
		    e, b->where, "'member' is for .npz and .safetensors files, '%s' is read as %s",
		    text_show(b->file, shown, sizeof shown), compute_format_names[b->format]);
	if (!b->member[0])
		return err_bad(e, b->where, "expected the name of an array after the '#' in '%s'",
			       text_show(b->file, shown, sizeof shown));
	if (strlen(b->member) > BOUND_MEMBER_BYTES)
		return err_bad(e, b->where, "more than %d %s", BOUND_MEMBER_BYTES,
			       BOUND_WHAT(MEMBER_BYTES));
	return 0;
}

int input_finish(struct spec *s, struct compute_buffer *b, struct err *e)
{
	if (set_format(&b->format, b->file, b->where, e) < 0)
		return -1;
	if (has_members(b->format))
		split_member(s, b);
	if (check_member(b, e) < 0)
		return -1;
	if (is_standard(b->file) && has_members(b->format))
		return err_bad(e, b->where,
			       "a file of format %s cannot come from stdin, because it is not read "
			       "from front to back: give a file",
			       compute_format_names[b->format]);
	return 0;
}

/* ---- outputs ------------------------------------------------------------------------------ */

static int count_files(struct compute_output *o, const struct compute_buffer *b, struct err *e)
{
	struct sequence place;
	char shown[SHOWN];
	int places = sequence_find(o->file, &place);

	(void)text_show(o->file, shown, sizeof shown);
	if (places == 0)
		return 0;
	if (places > 1)
		return err_bad(e, o->where, "'%s' has more than one place for a number", shown);
	if (b->dims < 2)
		return err_bad(
		    e, o->where,
		    "'%s' is a sequence of files, one for each place of the first axis: give buffer '%s' "
		    "a 'shape' of two or more dimensions in the job file",
		    shown, b->name);
	if (b->shape[0] > BOUND_SEQUENCE)
		return err_bad(e, o->where, "'%s' would be %llu files, more than %d %s", shown,
			       (unsigned long long)b->shape[0], BOUND_SEQUENCE,
			       BOUND_WHAT(SEQUENCE));
	o->sequence = b->shape[0];
	return 0;
}

int output_finish(struct compute_output *o, const struct compute_buffer *b, struct err *e)
{
	o->sequence = 0;
	if (set_format(&o->format, o->file, o->where, e) < 0)
		return -1;
	if (has_members(o->format))
		return err_bad(e, o->where, "format %s can only be read: write npy, png or raw",
			       compute_format_names[o->format]);
	return count_files(o, b, e);
}

/* ---- stdin and stdout --------------------------------------------------------------------- */

int standard_check(const struct spec *s, const struct compute *c, struct err *e)
{
	const char *reads = s->file && is_standard(s->file) ? "the job file" : NULL;
	const char *writes = s->report && is_standard(s->report) ? "the report" : NULL;

	for (size_t i = 0; i < c->buffer_count; i++) {
		const struct compute_buffer *b = &c->buffers[i];
		if (b->source != SOURCE_FILE || !is_standard(b->file))
			continue;
		if (reads)
			return err_bad(e, b->where,
				       "stdin can be read once, and %s comes from it already",
				       reads);
		reads = "another buffer";
	}
	for (size_t i = 0; i < c->output_count; i++) {
		const struct compute_output *o = &c->outputs[i];
		if (!is_standard(o->file))
			continue;
		if (writes)
			return err_bad(
			    e, o->where,
			    "stdout takes one output and nothing else, and %s goes there already",
			    writes);
		writes = "another output";
	}
	return 0;
}
