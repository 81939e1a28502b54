/* SPDX-License-Identifier: Apache-2.0 */
/* The compute part of a job file: kernels, buffers, steps, outputs. What refers to what is checked by compute_finish. */
#include <string.h>

#include "base/text.h"
#include "job/names.h"
#include "job/spec-read.h"

const char *const compute_type_names[] = {
    [TYPE_NONE] = "none", [TYPE_U8] = "u8",
    [TYPE_I8] = "i8",     [TYPE_U16] = "u16",
    [TYPE_I16] = "i16",   [TYPE_U32] = "u32",
    [TYPE_I32] = "i32",   [TYPE_F32] = "f32",
    [TYPE_U64] = "u64",   [TYPE_I64] = "i64",
    [TYPE_F64] = "f64",   [TYPE_F16] = "f16",
    [TYPE_BOOL] = "bool", NULL,
};
const char *const compute_format_names[] = {
    [FORMAT_AUTO] = "auto",
    [FORMAT_NPY] = "npy",
    [FORMAT_PNG] = "png",
    [FORMAT_RAW] = "raw",
    [FORMAT_NPZ] = "npz",
    [FORMAT_SAFETENSORS] = "safetensors",
    NULL,
};
const char *const compute_filter_names[] = {
    [FILTER_NEAREST] = "nearest", [FILTER_LINEAR] = "linear", NULL};
const char *const compute_address_names[] = {[ADDRESS_CLAMP] = "clamp",
					     [ADDRESS_REPEAT] = "repeat",
					     [ADDRESS_MIRROR] = "mirror",
					     [ADDRESS_BORDER] = "border",
					     NULL};
static const char *const device_names[] = {
    [DEVICE_ANY] = "any", [DEVICE_SOFTWARE] = "software", [DEVICE_HARDWARE] = "hardware", NULL};

enum { SHOWN = 64 };

int read_items(struct decode *d, const struct node *n, const struct items *items, void *ret_array,
	       size_t *ret_count)
{
	if (decode_expect(d, n, items->kind, items->expected) < 0)
		return -1;
	if (n->count > items->max)
		return decode_bad(d, n, "more than %zu %s", items->max, items->what);
	char *array = arena_alloc(&d->spec->arena, (n->count + 1) * items->size);
	NODE_EACH(item, n)
	if (items->read(d, item, array + item->index * items->size) < 0)
		return -1;
	/* By bytes: it is a pointer of another type there. */
	memcpy(ret_array, &array, sizeof array);
	*ret_count = n->count;
	return 0;
}

/* A reader for what another reader has looked up already. */
static int read_later(struct decode *d, const struct node *n, void *member, const void *arg)
{
	(void)d, (void)n, (void)member, (void)arg;
	return 0;
}

static const char *key_copy(struct decode *d, const struct node *n)
{
	return arena_strdup(&d->spec->arena, n->key);
}

static int check_buffer_name(const struct decode *d, const struct node *n, const char *name)
{
	char shown[SHOWN];

	if (name_is_buffer(name))
		return 0;
	return decode_bad(d, n, "expected a name of 1 to %d letters, digits, '_' and '-', got '%s'",
			  BOUND_NAME_BYTES, text_show(name, shown, sizeof shown));
}

static int read_entry(struct decode *d, const struct node *n, void *member, const void *arg)
{
	char shown[SHOWN];

	if (read_text(d, n, member, arg) < 0)
		return -1;
	if (!name_is_identifier(n->text))
		return decode_bad(d, n, "expected the name of a function in the shader, got '%s'",
				  text_show(n->text, shown, sizeof shown));
	return 0;
}

static int read_type(struct decode *d, const struct node *n, void *member, const void *arg)
{
	enum compute_type type = TYPE_NONE;

	(void)arg;
	/* Without the first row: there is no type 'none' in a job file. */
	if (read_choice(d, n, &type, compute_type_names + 1) < 0)
		return -1;
	*(enum compute_type *)member = (enum compute_type)(type + 1);
	return 0;
}

/* ---- kernels ------------------------------------------------------------------------------ */

static int read_constant(struct decode *d, const struct node *n, void *item)
{
	struct compute_spec_constant *c = item;
	struct err ignored;
	uint64_t id;
	char shown[SHOWN];

	if (name_is_identifier(n->key)) {
		c->name = key_copy(d, n);
	} else {
		if (text_count(n->key, NULL, &id, &ignored) < 0 || id > UINT32_MAX ||
		    (id > 0 && n->key[0] == '0') || (id == 0 && n->key[1]))
			return decode_bad(
			    d, n,
			    "expected the number or the name of a specialization constant, got '%s'",
			    text_show(n->key, shown, sizeof shown));
		c->id = (uint32_t)id;
	}
	return decode_number(d, n, TYPE_NONE, &c->value);
}

static int read_constants(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct items constants = {
	    sizeof(struct compute_spec_constant), BOUND_CONSTANTS, BOUND_WHAT(CONSTANTS),
	    "a map such as {0: 16, RADIUS: 3}",   NODE_MAP,        read_constant};
	struct compute_kernel *k = member;

	(void)arg;
	return read_items(d, n, &constants, &k->constants, &k->constant_count);
}

/* What a preprocessor takes as the rest of one line. */
static bool is_one_line(const char *text)
{
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return false;
	return text[0] == '\0' || text[strlen(text) - 1] != '\\';
}

static int read_define(struct decode *d, const struct node *n, void *item)
{
	struct compute_define *def = item;
	char shown[SHOWN];

	if (!name_is_identifier(n->key) || strncmp(n->key, "gl_", 3) == 0 ||
	    strcmp(n->key, "defined") == 0)
		return decode_bad(
		    d, n, "expected the name of a macro, not one that belongs to GLSL, got '%s'",
		    text_show(n->key, shown, sizeof shown));
	def->name = key_copy(d, n);
	if (decode_is_null(n))
		return 0;
	if (decode_any_text(d, n, &def->value) < 0)
		return -1;
	if (strlen(def->value) > BOUND_DEFINE_BYTES)
		return decode_bad(d, n, "more than %d %s", BOUND_DEFINE_BYTES,
				  BOUND_WHAT(DEFINE_BYTES));
	if (!is_one_line(def->value))
		return decode_bad(d, n, "expected one line of text without a '\\' at its end");
	def->value = arena_strdup(&d->spec->arena, def->value);
	return 0;
}

static int read_defines(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct items defines = {
	    sizeof(struct compute_define),          BOUND_DEFINES, BOUND_WHAT(DEFINES),
	    "a map such as {TILE: 16, FAST: null}", NODE_MAP,      read_define};
	struct compute_kernel *k = member;

	(void)arg;
	return read_items(d, n, &defines, &k->defines, &k->define_count);
}

static int read_kernel(struct decode *d, const struct node *n, void *item)
{
	static const struct field fields[] = {
	    {"shader", read_path, offsetof(struct compute_kernel, shader), NULL},
	    {"entry", read_entry, offsetof(struct compute_kernel, entry), NULL},
	    {"constants", read_constants, 0, NULL},
	    {"define", read_defines, 0, NULL},
	};
	struct compute_kernel *k = item;

	*k = (struct compute_kernel){
	    .name = key_copy(d, n), .where = decode_where(d, n), .entry = "main"};
	if (check_buffer_name(d, n, k->name) < 0 ||
	    decode_map(d, n, fields, COUNTOF(fields), k) < 0)
		return -1;
	if (!k->shader)
		return decode_bad(d, n, "'shader' is missing");
	k->shader_path = path_join(&d->spec->arena, d->spec->file_dir, k->shader);
	return 0;
}

static int read_kernels(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct items kernels = {sizeof(struct compute_kernel),
					     BOUND_KERNELS,
					     BOUND_WHAT(KERNELS),
					     "a map of kernels",
					     NODE_MAP,
					     read_kernel};
	struct compute *c = member;

	(void)arg;
	return read_items(d, n, &kernels, &c->kernels, &c->kernel_count);
}

/* ---- buffers ------------------------------------------------------------------------------ */

static int read_shape(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct compute_buffer *b = member;

	(void)arg;
	if (decode_expect(d, n, NODE_LIST, "a list such as [480, 640]") < 0)
		return -1;
	if (n->count == 0)
		return decode_bad(d, n, "must have at least one dimension");
	if (n->count > BOUND_DIMENSIONS)
		return decode_bad(d, n, "more than %d %s", BOUND_DIMENSIONS,
				  BOUND_WHAT(DIMENSIONS));
	uint64_t bytes = 8; /* of the widest type, so that no later product can overflow */
	NODE_EACH(item, n)
	{
		if (decode_integer(d, item, 1, INT64_MAX, &b->shape[item->index]) < 0)
			return -1;
		if (__builtin_mul_overflow(bytes, b->shape[item->index], &bytes) ||
		    bytes > INT64_MAX)
			return decode_bad(d, n, "is too large");
	}
	b->dims = (unsigned)n->count;
	return 0;
}

static int read_sampler(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct field fields[] = {
	    {"filter", read_choice, offsetof(struct compute_buffer, filter), compute_filter_names},
	    {"address", read_choice, offsetof(struct compute_buffer, address),
	     compute_address_names},
	};

	(void)arg;
	return decode_map(d, n, fields, COUNTOF(fields), member);
}

static int read_fill(struct decode *d, const struct node *n, struct compute_buffer *b)
{
	static const char *const names[] = {"zeros", "iota", "random", NULL};
	static const enum compute_source sources[] = {SOURCE_ZEROS, SOURCE_IOTA, SOURCE_RANDOM};
	static const char *const keys[] = {"random", "value", NULL};

	if (n->kind != NODE_MAP) {
		static const char expected[] =
		    "zeros, iota, random, {random: SEED} or {value: NUMBER}";
		char shown[SHOWN];
		if (n->kind == NODE_LIST)
			return decode_bad(d, n, "expected %s, got a list", expected);
		int which = choice_find(names, n->text);
		if (which < 0)
			return decode_bad(d, n, "expected %s, got '%s'", expected,
					  text_show(n->text, shown, sizeof shown));
		b->source = sources[which];
		return 0;
	}
	if (n->count != 1)
		return decode_bad(d, n, "expected exactly one of 'random' and 'value'");
	const struct node *child = n->first;
	int key = choice_find(keys, child->key);
	if (key < 0)
		return decode_unknown_key(d, child, keys);
	b->source = key == 0 ? SOURCE_RANDOM : SOURCE_VALUE;
	return key == 0 ? decode_integer(d, child, 0, INT64_MAX, &b->seed)
			: decode_number(d, child, b->type, &b->value);
}

/* Where the content of a buffer comes from, and its size, are each said once. */
static int check_buffer(struct decode *d, const struct node *n, const struct compute_buffer *b)
{
	if (b->file && decode_find(n, "fill"))
		return decode_bad(d, n, "'file' and 'fill' exclude each other");
	if (b->file && b->like)
		return decode_bad(
		    d, n,
		    "'file' and 'like' exclude each other: a file has its own type and shape");
	if (b->like && (b->type != TYPE_NONE || b->dims))
		return decode_bad(
		    d, n, "'like' takes type and shape from '%s', leave out 'type' and 'shape'",
		    b->like);
	if (!b->file && b->format != FORMAT_AUTO)
		return decode_bad(d, n, "'format' belongs to 'file', which is missing");
	if (!b->file && b->member)
		return decode_bad(d, n, "'member' belongs to 'file', which is missing");
	return 0;
}

static int read_buffer(struct decode *d, const struct node *n, void *item)
{
	static const struct field fields[] = {
	    {"file", read_path, offsetof(struct compute_buffer, file), NULL},
	    {"format", read_choice, offsetof(struct compute_buffer, format), compute_format_names},
	    {"member", read_text, offsetof(struct compute_buffer, member), NULL},
	    {"like", read_text, offsetof(struct compute_buffer, like), NULL},
	    {"type", read_type, offsetof(struct compute_buffer, type), NULL},
	    {"shape", read_shape, 0, NULL},
	    {"fill", read_later, 0, NULL},
	    {"sampler", read_sampler, 0, NULL},
	};
	struct compute_buffer *b = item;

	*b = (struct compute_buffer){
	    .name = key_copy(d, n), .where = decode_where(d, n), .source = SOURCE_ZEROS};
	if (check_buffer_name(d, n, b->name) < 0 ||
	    decode_map(d, n, fields, COUNTOF(fields), b) < 0 || check_buffer(d, n, b) < 0)
		return -1;
	/* After the type, which may stand below it. */
	const struct node *fill = decode_find(n, "fill");
	if (fill && read_fill(d, fill, b) < 0)
		return -1;
	if (b->file) {
		b->source = SOURCE_FILE;
		b->path = path_join(&d->spec->arena, d->spec->file_dir, b->file);
	}
	return 0;
}

static int read_buffers(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct items buffers = {sizeof(struct compute_buffer),
					     BOUND_BUFFERS,
					     BOUND_WHAT(BUFFERS),
					     "a map of buffers",
					     NODE_MAP,
					     read_buffer};
	struct compute *c = member;

	(void)arg;
	return read_items(d, n, &buffers, &c->buffers, &c->buffer_count);
}

/* ---- outputs and the whole ---------------------------------------------------------------- */

static int read_on_limit(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const char *const names[] = {"drop", "keep", NULL};
	enum { DROP, KEEP } what = DROP;

	(void)arg;
	if (read_choice(d, n, &what, names) < 0)
		return -1;
	*(bool *)member = what == KEEP;
	return 0;
}

static int read_output(struct decode *d, const struct node *n, void *item)
{
	static const struct field fields[] = {
	    {"file", read_path, offsetof(struct compute_output, file), NULL},
	    {"format", read_choice, offsetof(struct compute_output, format), compute_format_names},
	    {"on-limit", read_on_limit, offsetof(struct compute_output, keep), NULL},
	};
	struct compute_output *o = item;

	*o = (struct compute_output){.buffer = key_copy(d, n), .where = decode_where(d, n)};
	if (n->kind == NODE_SCALAR ? read_path(d, n, &o->file, NULL) < 0
				   : decode_map(d, n, fields, COUNTOF(fields), o) < 0)
		return -1;
	if (!o->file)
		return decode_bad(d, n, "'file' is missing");
	o->path = path_join(&d->spec->arena, d->spec->file_dir, o->file);
	return 0;
}

static int read_outputs(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct items outputs = {
	    sizeof(struct compute_output),  BOUND_BUFFERS, "outputs",
	    "a map such as {out: out.png}", NODE_MAP,      read_output};
	struct compute *c = member;

	(void)arg;
	return read_items(d, n, &outputs, &c->outputs, &c->output_count);
}

static int read_device(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct compute *c = member;

	if (read_text(d, n, &c->device_name, arg) < 0)
		return -1;
	if (strlen(c->device_name) > BOUND_KEY_BYTES)
		return decode_bad(d, n, "more than %d bytes in a device's name", BOUND_KEY_BYTES);
	int known = choice_find(device_names, c->device_name);
	c->device = known < 0 ? DEVICE_NAMED : (enum compute_device)known;
	if (known >= 0)
		c->device_name = NULL;
	return 0;
}

static int read_chunk(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct compute *c = member;
	char where[DECODE_WHERE];
	const char *text;

	(void)arg;
	if (decode_any_text(d, n, &text) < 0)
		return -1;
	c->chunk_never = strcmp(text, "none") == 0;
	if (c->chunk_never)
		return 0;
	if (text_duration(text, doc_where(d->name, n, where, sizeof where), &c->chunk_ns, d->e) < 0)
		return -1;
	if (c->chunk_ns < BOUND_CHUNK_LEAST_MS * UINT64_C(1000000) ||
	    c->chunk_ns > BOUND_CHUNK_MOST_MS * UINT64_C(1000000))
		return decode_bad(d, n, "must be from %dms to %ds, or 'none'", BOUND_CHUNK_LEAST_MS,
				  BOUND_CHUNK_MOST_MS / 1000);
	return 0;
}

static int read_cache(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct compute *c = member;

	return read_bool(d, n, &c->cache, arg);
}

int read_compute(struct decode *d, const struct node *n, void *member, const void *arg)
{
	static const struct field fields[] = {
	    {"cache", read_cache, 0, NULL},     {"device", read_device, 0, NULL},
	    {"kernels", read_kernels, 0, NULL}, {"buffers", read_buffers, 0, NULL},
	    {"steps", read_steps, 0, NULL},     {"outputs", read_outputs, 0, NULL},
	    {"chunk", read_chunk, 0, NULL},
	};
	struct spec *s = member;
	struct compute *c = arena_alloc(&s->arena, sizeof *c);

	(void)arg;
	c->where = decode_where(d, n);
	c->cache = true;
	s->compute = c;
	return decode_map(d, n, fields, COUNTOF(fields), c);
}
