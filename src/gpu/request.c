/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the request. The supervisor wrote it, from a job file that anybody may have written. */
#include "gpu/request.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/auto.h"
#include "gpu/request-parts.h"

/* Index of value in names, or -1 with the failure noted. */
static int one_of(struct json_read *r, const char *key, const char *value, const char *const *names,
		  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && strcmp(names[i], value) == 0)
			return (int)i;
	json_read_bad(r, key, "'%.60s' is not known", value);
	return 0;
}

static enum compute_format read_format(struct json_read *r, const json_t *o)
{
	static const char *const names[] = {
	    [FORMAT_NPY] = "npy",
	    [FORMAT_PNG] = "png",
	    [FORMAT_RAW] = "raw",
	    [FORMAT_NPZ] = "npz",
	    [FORMAT_SAFETENSORS] = "safetensors",
	};
	return (enum compute_format)one_of(r, "format", json_read_string(r, o, "format"), names,
					   COUNTOF(names));
}

static enum compute_type read_type(struct json_read *r, const json_t *o)
{
	const char *name = json_read_string_or(r, o, "type", NULL);
	enum compute_type type = name ? type_from_name(name) : TYPE_NONE;

	if (name && type == TYPE_NONE)
		json_read_bad(r, "type", "'%.60s' is not a type", name);
	return type;
}

static int read_fd(struct json_read *r, const json_t *o)
{
	return (int)json_read_count(r, o, "fd", REQUEST_FD_FIRST, REQUEST_FD_LAST);
}

/* The data of a buffer or an output may also be stdin or stdout. */
static int read_data_fd(struct json_read *r, const json_t *o, int standard)
{
	const json_t *fd = json_object_get(o, "fd");

	return json_is_integer(fd) && json_integer_value(fd) == standard ? standard : read_fd(r, o);
}

static struct compute_number number_value(struct json_read *r, const json_t *v, const char *what)
{
	struct compute_number n = {.type = TYPE_NONE};

	if (json_is_boolean(v) || json_is_integer(v)) {
		n.is_integer = true;
		n.i = json_is_integer(v) ? json_integer_value(v) : json_is_true(v);
		n.f = (double)n.i;
	} else if (json_is_real(v)) {
		n.f = json_real_value(v);
	} else {
		json_read_bad(r, what, "expected a number");
	}
	return n;
}

/* {"value": 3}, {"type": "f32", "value": 0.5} or {"ref": "photo.shape[1]"} */
struct compute_number request_read_number(struct json_read *r, const json_t *o, const char *what)
{
	struct compute_number n = {.type = TYPE_NONE};

	json_read_keys(r, o, what, "value type ref");
	if (r->failed)
		return n;
	const char *ref = json_read_string_or(r, o, "ref", NULL);
	if (!ref)
		n = number_value(r, json_object_get(o, "value"), what);
	n.ref = ref;
	n.type = read_type(r, o);
	return n;
}

static void read_constants(struct json_read *r, const json_t *o, struct request_kernel *k)
{
	const json_t *list = json_read_array(r, o, "constants", CONSTANTS_MAX), *c;
	size_t i;

	k->constants = arena_alloc(r->arena, (json_array_size(list) + 1) * sizeof *k->constants);
	json_array_foreach(list, i, c)
	{
		struct request_constant *out = &k->constants[k->constant_count++];
		json_read_keys(r, c, "constants", "id name value");
		out->name = json_read_string_or(r, c, "name", NULL);
		if (!out->name)
			out->id = (uint32_t)json_read_count(r, c, "id", 0, UINT32_MAX);
		out->value = number_value(r, json_object_get(c, "value"), "constants");
	}
}

static void read_defines(struct json_read *r, const json_t *o, struct request_kernel *k)
{
	json_t *map = json_object_get(o, "define"), *value;
	const char *name;

	if (map && (!json_is_object(map) || json_object_size(map) > DEFINES_MAX))
		json_read_bad(r, "define", "expected an object of at most %d macros", DEFINES_MAX);
	if (r->failed)
		return;
	k->defines = arena_alloc(r->arena, (json_object_size(map) + 1) * sizeof *k->defines);
	json_object_foreach(map, name, value)
	{
		struct request_define *d = &k->defines[k->define_count++];
		if (!json_is_null(value) && !json_is_string(value))
			json_read_bad(r, "define", "'%.60s' is neither text nor null", name);
		d->name = arena_strdup(r->arena, name);
		if (json_is_string(value))
			d->value = arena_strdup(r->arena, json_string_value(value));
	}
}

static void read_kernels(struct json_read *r, const json_t *root, struct request *q)
{
	const json_t *list = json_read_array(r, root, "kernels", KERNELS_MAX), *o;
	size_t i;

	q->kernels = arena_alloc(r->arena, (json_array_size(list) + 1) * sizeof *q->kernels);
	json_array_foreach(list, i, o)
	{
		struct request_kernel *k = &q->kernels[q->kernel_count++];
		json_read_keys(r, o, "kernels",
			       "name where path fd offset size entry constants define");
		k->name = json_read_string(r, o, "name");
		k->where = json_read_string_or(r, o, "where", NULL);
		k->path = json_read_string(r, o, "path");
		k->entry = json_read_string_or(r, o, "entry", "main");
		k->fd = read_fd(r, o);
		k->offset = json_read_count_or(r, o, "offset", INT64_MAX, 0);
		k->size = json_read_count_or(r, o, "size", INT64_MAX, UINT64_MAX);
		read_constants(r, o, k);
		read_defines(r, o, k);
		for (size_t j = 0; j < i; j++)
			if (strcmp(q->kernels[j].name, k->name) == 0)
				json_read_bad(r, "kernels", "'%.60s' is there twice", k->name);
	}
}

static int find_buffer(const struct request *q, const char *name, size_t length)
{
	for (size_t i = 0; i < q->buffer_count; i++)
		if (strlen(q->buffers[i].name) == length &&
		    memcmp(q->buffers[i].name, name, length) == 0)
			return (int)i;
	return -1;
}

size_t request_need_buffer(struct json_read *r, const struct request *q, const char *name,
			   const char *what)
{
	int i = find_buffer(q, name, strlen(name));

	if (i < 0)
		json_read_bad(r, what, "there is no buffer '%.60s'", name);
	return i < 0 ? 0 : (size_t)i;
}

static void read_shape(struct json_read *r, const json_t *o, struct request_buffer *b)
{
	const json_t *list = json_read_array(r, o, "shape", COMPUTE_DIMS), *d;
	size_t i;

	b->shape.type = read_type(r, o);
	b->has_type = b->shape.type != TYPE_NONE;
	b->has_shape = list != NULL;
	json_array_foreach(list, i, d)
	{
		if (!json_is_integer(d) || json_integer_value(d) < 0)
			json_read_bad(r, "shape", "expected sizes that are integers of 0 or more");
		else
			b->shape.dim[b->shape.dims++] = (uint64_t)json_integer_value(d);
	}
}

static void read_sampler(struct json_read *r, const json_t *o, struct request_buffer *b)
{
	static const char *const filters[] = {
	    [FILTER_NEAREST] = "nearest", [FILTER_LINEAR] = "linear"};
	static const char *const addresses[] = {[ADDRESS_CLAMP] = "clamp",
						[ADDRESS_REPEAT] = "repeat",
						[ADDRESS_MIRROR] = "mirror",
						[ADDRESS_BORDER] = "border"};

	if (!o)
		return;
	json_read_keys(r, o, "sampler", "filter address");
	if (r->failed)
		return;
	b->filter = (enum compute_filter)one_of(
	    r, "filter", json_read_string_or(r, o, "filter", "nearest"), filters, COUNTOF(filters));
	b->address = (enum compute_address)one_of(r, "address",
						  json_read_string_or(r, o, "address", "clamp"),
						  addresses, COUNTOF(addresses));
}

void request_read_buffer(struct json_read *r, const json_t *o, struct request_buffer *b)
{
	static const char *const sources[] = {
	    [SOURCE_FILE] = "file",     [SOURCE_ZEROS] = "zeros", [SOURCE_IOTA] = "iota",
	    [SOURCE_RANDOM] = "random", [SOURCE_VALUE] = "value",
	};

	json_read_keys(
	    r, o, "buffers",
	    "name where source path fd format member like type shape seed value sampler");
	b->name = json_read_string(r, o, "name");
	b->where = json_read_string_or(r, o, "where", NULL);
	b->source = (enum compute_source)one_of(r, "source", json_read_string(r, o, "source"),
						sources, COUNTOF(sources));
	b->fd = -1;
	b->like = -1;
	read_shape(r, o, b);
	read_sampler(r, json_object_get(o, "sampler"), b);
	const json_t *seed = json_object_get(o, "seed");
	if (seed && !json_is_integer(seed))
		json_read_bad(r, "seed", "expected an integer");
	b->seed = (uint64_t)json_integer_value(seed);
	if (b->source == SOURCE_VALUE)
		b->value = number_value(r, json_object_get(o, "value"), "buffers");
	if (b->source != SOURCE_FILE)
		return;
	b->path = json_read_string(r, o, "path");
	b->fd = read_data_fd(r, o, REQUEST_FD_STDIN);
	b->format = read_format(r, o);
	b->member = json_read_string_or(r, o, "member", NULL);
	if (b->fd == REQUEST_FD_STDIN &&
	    (b->format == FORMAT_NPZ || b->format == FORMAT_SAFETENSORS))
		json_read_bad(r, b->name, "this format cannot come from stdin");
}

/* `like` may point forward, but not in a circle. */
static void check_like(struct json_read *r, const struct request *q, size_t start)
{
	size_t steps = 0;

	for (int i = (int)start; i >= 0; i = q->buffers[i].like)
		if (steps++ > q->buffer_count) {
			json_read_bad(r, "like", "buffer '%.60s' is like itself",
				      q->buffers[start].name);
			return;
		}
}

static void read_buffers(struct json_read *r, const json_t *root, struct request *q)
{
	const json_t *list = json_read_array(r, root, "buffers", BUFFERS_MAX), *o;
	size_t i;

	q->buffers = arena_alloc(r->arena, (json_array_size(list) + 1) * sizeof *q->buffers);
	json_array_foreach(list, i, o)
	{
		request_read_buffer(r, o, &q->buffers[i]);
		if (find_buffer(q, q->buffers[i].name, strlen(q->buffers[i].name)) >= 0)
			json_read_bad(r, "buffers", "'%.60s' is there twice", q->buffers[i].name);
		q->buffer_count++;
	}
	json_array_foreach(list, i, o)
	{
		struct request_buffer *b = &q->buffers[i];
		const char *like = json_read_string_or(r, o, "like", NULL);
		if (like)
			b->like = (int)request_need_buffer(r, q, like, "like");
		if (b->source == SOURCE_FILE && b->format == FORMAT_RAW &&
		    (!b->has_type || !b->has_shape))
			json_read_bad(r, b->name, "a raw file needs a type and a shape");
		if (!like && b->source != SOURCE_FILE && (!b->has_type || !b->has_shape))
			json_read_bad(r, b->name, "needs type and shape, or like");
	}
	for (i = 0; i < q->buffer_count; i++)
		check_like(r, q, i);
}

static void read_outputs(struct json_read *r, const json_t *root, struct request *q)
{
	const json_t *list = json_read_array(r, root, "outputs", OUTPUTS_MAX), *o;
	size_t i;

	q->outputs = arena_alloc(r->arena, (json_array_size(list) + 1) * sizeof *q->outputs);
	json_array_foreach(list, i, o)
	{
		struct request_output *out = &q->outputs[q->output_count++];
		json_read_keys(r, o, "outputs", "buffer where path fd format keep sequence");
		out->keep = json_read_bool(r, o, "keep");
		out->buffer = request_need_buffer(r, q, json_read_string(r, o, "buffer"),
						  "outputs");
		out->where = json_read_string_or(r, o, "where", NULL);
		out->path = json_read_string(r, o, "path");
		out->fd = read_data_fd(r, o, REQUEST_FD_STDOUT);
		out->format = read_format(r, o);
		out->sequence = json_read_count_or(r, o, "sequence", BOUND_SEQUENCE, 0);
		if (out->format == FORMAT_NPZ || out->format == FORMAT_SAFETENSORS ||
		    (out->sequence && out->fd == REQUEST_FD_STDOUT))
			json_read_bad(r, "outputs", "cannot be written in this format");
	}
}

static void read_filter(struct json_read *r, const json_t *o, struct request *q)
{
	if (!o)
		return;
	json_read_keys(r, o, "filter", "software hardware");
	q->has_filter = true;
	q->filter_software = (int)json_read_count(r, o, "software", REQUEST_FD_FIRST,
						  REQUEST_FD_LAST);
	q->filter_hardware = (int)json_read_count(r, o, "hardware", REQUEST_FD_FIRST,
						  REQUEST_FD_LAST);
}

static void read_root(struct json_read *r, const json_t *root, struct request *q)
{
	static const char *const devices[] = {
	    [DEVICE_ANY] = "any",
	    [DEVICE_SOFTWARE] = "software",
	    [DEVICE_HARDWARE] = "hardware",
	    [DEVICE_NAMED] = "named",
	};

	json_read_keys(
	    r, root, "request",
	    "version name device device_name limits sample_ns progress_ns chunk_ns dry_run filter compiler cache kernels buffers steps outputs");
	if (r->failed)
		return;
	(void)json_read_count(r, root, "version", 1, 1);
	q->name = json_read_string_or(r, root, "name", "job");
	q->device = (enum compute_device)one_of(
	    r, "device", json_read_string_or(r, root, "device", "any"), devices, COUNTOF(devices));
	if (q->device == DEVICE_NAMED)
		q->device_name = json_read_string(r, root, "device_name");
	q->sample_ns = json_read_count_or(r, root, "sample_ns", INT64_MAX, 0);
	q->progress_ns = json_read_count_or(r, root, "progress_ns", INT64_MAX, 0);
	q->dry_run = json_read_bool(r, root, "dry_run");
	q->chunk_ns = json_read_count_or(r, root, "chunk_ns", INT64_MAX, CHUNK_DEFAULT_NS);
	q->compiler = json_read_string(r, root, "compiler");
	const json_t *limits = json_object_get(root, "limits");
	if (limits) {
		json_read_keys(r, limits, "limits", "kernel_ns device_memory");
		q->kernel_ns = json_read_count_or(r, limits, "kernel_ns", INT64_MAX, 0);
		q->device_memory = json_read_count_or(r, limits, "device_memory", INT64_MAX, 0);
	}
	read_filter(r, json_object_get(root, "filter"), q);
	request_read_cache(r, root, &q->cache);
	read_kernels(r, root, q);
	read_buffers(r, root, q);
	request_read_steps(r, root, q);
	read_outputs(r, root, q);
}

int request_parse(const char *text, size_t size, struct request *ret, struct err *e)
{
	struct json_read r = {.arena = &ret->arena, .e = e};
	json_error_t error;

	*ret = (struct request){.device = DEVICE_ANY};
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return err_bad(e, "request", "is not JSON: %s at byte %d", error.text,
			       error.position);
	read_root(&r, root, ret);
	json_decref(root);
	if (!r.failed)
		return 0;
	request_done(ret);
	return -1;
}

void request_done(struct request *r)
{
	arena_done(&r->arena);
	*r = (struct request){.device = DEVICE_ANY};
}

int request_resolve(const struct request *r, const struct shape *shapes,
		    const struct compute_number *n, struct compute_number *ret, struct err *e)
{
	*ret = *n;
	if (!n->ref)
		return 0;
	const char *dot = strrchr(n->ref, '.');
	int b = dot ? find_buffer(r, n->ref, (size_t)(dot - n->ref)) : -1;
	if (b < 0)
		return err_bad(
		    e, "", "'%s' names no buffer, expected BUFFER.shape[AXIS] or BUFFER.elements",
		    n->ref);
	uint64_t value;
	unsigned axis;
	int end = 0;
	if (strcmp(dot, ".elements") == 0) {
		value = shapes[b].count;
	} else if (sscanf(dot, ".shape[%1u]%n", &axis, &end) == 1 && end > 0 && dot[end] == '\0' &&
		   isdigit((unsigned char)dot[7])) {
		if (axis >= shapes[b].dims)
			return err_bad(e, "", "'%s': buffer '%s' has %u axes, counted from 0",
				       n->ref, r->buffers[b].name, shapes[b].dims);
		value = shapes[b].dim[axis];
	} else {
		return err_bad(e, "", "'%s' is not BUFFER.shape[AXIS] or BUFFER.elements", n->ref);
	}
	if (value > INT64_MAX)
		return err_bad(e, "", "'%s' does not fit into 63 bits", n->ref);
	ret->is_integer = true;
	ret->i = (int64_t)value;
	ret->f = (double)value;
	ret->ref = NULL;
	return 0;
}
