/* SPDX-License-Identifier: Apache-2.0 */
/* A declarative job as vkjail-exec gets it. */
#include "run/request.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/text.h"
#include "run/request-parts.h"
#include "run/shaders.h"

enum { PROGRESS_NS = 100000000 };
enum { REQUEST_FD = 3, ANSWERS_FD = 4, FIRST_FILE_FD = 5, REQUEST_MAX = 1024 * 1024 };

static const char *const device_names[] = {[DEVICE_ANY] = "any",
					   [DEVICE_SOFTWARE] = "software",
					   [DEVICE_HARDWARE] = "hardware",
					   [DEVICE_NAMED] = "named"};
static const char *const source_names[] = {[SOURCE_FILE] = "file",
					   [SOURCE_ZEROS] = "zeros",
					   [SOURCE_IOTA] = "iota",
					   [SOURCE_RANDOM] = "random",
					   [SOURCE_VALUE] = "value"};

/* Strings may be any bytes on the command line; JSON wants UTF-8. */
void request_set_string(json_t *o, const char *key, const char *s)
{
	char clean[4096];
	if (s)
		(void)json_object_set_new(
		    o, key, json_string(text_to_utf8(s, strlen(s), clean, sizeof clean)));
}

json_t *request_number(const struct compute_number *n)
{
	json_t *o = json_object();
	if (n->type != TYPE_NONE)
		request_set_string(o, "type", compute_type_names[n->type]);
	if (n->ref) {
		request_set_string(o, "ref", n->ref);
		return o;
	}
	(void)json_object_set_new(o, "value", n->is_integer ? json_integer(n->i) : json_real(n->f));
	return o;
}

/* Takes the descriptor into the list and returns the number that the job will know it by. */
static int add_fd(struct request *r, int fd)
{
	r->fds = arena_grow(&r->arena, r->fds, r->fd_count, sizeof *r->fds);
	r->fds[r->fd_count] = (struct plan_fd){.from = fd, .to = REQUEST_FD + (int)r->fd_count};
	return r->fds[r->fd_count++].to;
}

static int add_file(struct request *r, json_t *o, const char *path, const char *where,
		    struct err *e)
{
	int fd = fd_open_regular(AT_FDCWD, path, e);
	if (fd < 0)
		return err_in(e, "%s", where);
	(void)json_object_set_new(o, "fd", json_integer(add_fd(r, fd)));
	return 0;
}

static json_t *defines_of(const struct compute_kernel *k)
{
	json_t *o = json_object();

	for (size_t i = 0; i < k->define_count; i++) {
		(void)json_object_set_new(o, k->defines[i].name, json_null());
		request_set_string(o, k->defines[i].name, k->defines[i].value);
	}
	return o;
}

static void add_kernel(json_t *list, const struct compute_kernel *k, int fd,
		       const struct shader_place *place)
{
	json_t *o = json_object(), *constants = json_array();

	(void)json_array_append_new(list, o);
	request_set_string(o, "name", k->name);
	request_set_string(o, "where", k->where);
	request_set_string(o, "path", k->shader);
	request_set_string(o, "entry", k->entry);
	(void)json_object_set_new(o, "constants", constants);
	for (size_t i = 0; i < k->constant_count; i++) {
		json_t *c = request_number(&k->constants[i].value);
		if (k->constants[i].name)
			request_set_string(c, "name", k->constants[i].name);
		else
			(void)json_object_set_new(c, "id", json_integer(k->constants[i].id));
		(void)json_array_append_new(constants, c);
	}
	if (k->define_count)
		(void)json_object_set_new(o, "define", defines_of(k));
	(void)json_object_set_new(o, "fd", json_integer(fd));
	(void)json_object_set_new(o, "offset", json_integer((json_int_t)place->offset));
	(void)json_object_set_new(o, "size", json_integer((json_int_t)place->size));
}

static int add_kernels(struct request *r, json_t *list, const struct spec *spec,
		       const struct host *host, struct err *e)
{
	const struct compute *c = spec->compute;
	struct shader_place *places = arena_alloc(&r->arena, c->kernel_count * sizeof *places);
	int fd = shaders_read(spec, places, e);

	if (fd < 0)
		return -1;
	cache_open(&r->cache, spec, host, fd, places);
	fd = add_fd(r, fd);
	for (size_t i = 0; i < c->kernel_count; i++)
		add_kernel(list, &c->kernels[i], fd, &places[i]);
	return 0;
}

static int check_stdin(const char *where, struct err *e)
{
	if (!isatty(STDIN_FILENO))
		return 0;
	(void)err_bad(e, where, "stdin is a terminal, from which no array can be read");
	return err_hint(e, "redirect it from a file or a pipe");
}

int request_add_buffer(struct request *r, json_t *list, const struct compute_buffer *b,
		       struct err *e)
{
	json_t *o = json_object();

	(void)json_array_append_new(list, o);
	request_set_string(o, "name", b->name);
	request_set_string(o, "where", b->where);
	request_set_string(o, "source", source_names[b->source]);
	if (b->type != TYPE_NONE)
		request_set_string(o, "type", compute_type_names[b->type]);
	if (b->dims) {
		json_t *shape = json_array();
		for (unsigned i = 0; i < b->dims; i++)
			(void)json_array_append_new(shape, json_integer((json_int_t)b->shape[i]));
		(void)json_object_set_new(o, "shape", shape);
	}
	request_set_string(o, "like", b->like);
	if (b->source == SOURCE_RANDOM)
		(void)json_object_set_new(o, "seed", json_integer((json_int_t)b->seed));
	if (b->source == SOURCE_VALUE)
		(void)json_object_set_new(o, "value",
					  b->value.is_integer ? json_integer(b->value.i)
							      : json_real(b->value.f));
	if (b->filter != FILTER_NEAREST || b->address != ADDRESS_CLAMP) {
		json_t *sampler = json_object();
		request_set_string(sampler, "filter", compute_filter_names[b->filter]);
		request_set_string(sampler, "address", compute_address_names[b->address]);
		(void)json_object_set_new(o, "sampler", sampler);
	}
	if (b->source != SOURCE_FILE)
		return 0;
	bool is_stdin = strcmp(b->file, "-") == 0;
	request_set_string(o, "path", is_stdin ? "stdin" : b->file);
	request_set_string(o, "format", compute_format_names[b->format]);
	request_set_string(o, "member", b->member);
	if (!is_stdin)
		return add_file(r, o, b->path, b->where, e);
	(void)json_object_set_new(o, "fd", json_integer(STDIN_FILENO));
	return check_stdin(b->where, e);
}

static int add_output(struct request *r, json_t *list, const struct spec *spec,
		      const struct compute_output *out, struct err *e)
{
	json_t *o = json_object();
	struct output *f = &r->outputs[r->output_count++];

	(void)json_array_append_new(list, o);
	if (output_prepare(f, spec->compute, out, e) < 0)
		return -1;
	request_set_string(o, "buffer", out->buffer);
	request_set_string(o, "where", out->where);
	request_set_string(o, "path", f->kind == OUTPUT_STDOUT ? "stdout" : out->file);
	request_set_string(o, "format", compute_format_names[out->format]);
	if (out->keep)
		(void)json_object_set_new(o, "keep", json_true());
	if (f->kind == OUTPUT_SEQUENCE)
		(void)json_object_set_new(o, "sequence", json_integer((json_int_t)out->sequence));
	if (f->kind == OUTPUT_STDOUT) {
		(void)json_object_set_new(o, "fd", json_integer(STDOUT_FILENO));
		return 0;
	}
	int fd = output_begin(f, e);
	if (fd < 0)
		return -1;
	(void)json_object_set_new(o, "fd", json_integer(add_fd(r, fd)));
	return 0;
}

/* The entry itself is read through its descriptor, which the launch closes here; the new one stays. */
static int add_cache(struct request *r, json_t *root, struct err *e)
{
	static const char *const kinds[] = {
	    [CACHE_SPIRV] = "spirv", [CACHE_PIPELINES] = "pipelines"};
	char key[2 * CACHE_KEY_BYTES + 1];
	json_t *o = json_object();

	if (r->cache.dir_fd < 0) {
		json_decref(o);
		return 0;
	}
	(void)json_object_set_new(root, "cache", o);
	(void)snprintf(key, sizeof key, "%.*s", 2 * CACHE_KEY_BYTES, r->cache.parts[0].name);
	request_set_string(o, "key", key);
	for (int kind = 0; kind < CACHE_KINDS; kind++) {
		struct cache_part *p = &r->cache.parts[kind];
		json_t *part = json_object();
		(void)json_object_set_new(o, kinds[kind], part);
		if (p->in >= 0)
			(void)json_object_set_new(part, "in",
						  json_integer(add_fd(r, TAKE_FD(p->in))));
		int copy = p->out >= 0 ? fcntl(p->out, F_DUPFD_CLOEXEC, 0) : -1;
		if (p->out >= 0 && copy < 0)
			return err_os(e, errno, NULL, "cannot pass the cache on");
		if (copy >= 0)
			(void)json_object_set_new(part, "out", json_integer(add_fd(r, copy)));
	}
	return 0;
}

static int add_lists(struct request *r, json_t *root, const struct spec *spec,
		     const struct host *host, struct err *e)
{
	const struct compute *c = spec->compute;
	json_t *kernels = json_array(), *buffers = json_array(), *steps = json_array(),
	       *outputs = json_array();

	(void)json_object_set_new(root, "kernels", kernels);
	(void)json_object_set_new(root, "buffers", buffers);
	(void)json_object_set_new(root, "steps", steps);
	(void)json_object_set_new(root, "outputs", outputs);
	if (add_kernels(r, kernels, spec, host, e) < 0)
		return -1;
	for (size_t i = 0; i < c->buffer_count; i++)
		if (request_add_buffer(r, buffers, &c->buffers[i], e) < 0)
			return -1;
	if (request_add_steps(r, steps, c->steps, c->step_count, e) < 0 ||
	    add_cache(r, root, e) < 0)
		return -1;
	r->outputs = arena_alloc(&r->arena, c->output_count * sizeof *r->outputs);
	for (size_t i = 0; i < c->output_count; i++)
		if (add_output(r, outputs, spec, &c->outputs[i], e) < 0)
			return -1;
	return 0;
}

static json_t *header(const struct spec *spec, uint64_t sample_ns, const struct host *host)
{
	json_t *root = json_object(), *limits = json_object();
	char path[4096 + 32];

	(void)json_object_set_new(root, "version", json_integer(1));
	request_set_string(root, "name", spec->name);
	request_set_string(root, "device", device_names[spec->compute->device]);
	request_set_string(root, "device_name", spec->compute->device_name);
	if (limit_is_set(&spec->limits, LIMIT_KERNEL))
		(void)json_object_set_new(
		    limits, "kernel_ns",
		    json_integer((json_int_t)spec->limits.value[LIMIT_KERNEL]));
	if (limit_is_set(&spec->limits, LIMIT_DEVICE_MEMORY))
		(void)json_object_set_new(
		    limits, "device_memory",
		    json_integer((json_int_t)spec->limits.value[LIMIT_DEVICE_MEMORY]));
	(void)json_object_set_new(root, "limits", limits);
	if (spec->progress)
		(void)json_object_set_new(root, "progress_ns", json_integer(PROGRESS_NS));
	if (spec->dry_run)
		(void)json_object_set_new(root, "dry_run", json_true());
	if (spec->compute->chunk_ns || spec->compute->chunk_never)
		(void)json_object_set_new(root, "chunk_ns",
					  json_integer((json_int_t)spec->compute->chunk_ns));
	if (sample_ns < LIMIT_UNSET)
		(void)json_object_set_new(root, "sample_ns", json_integer((json_int_t)sample_ns));
	(void)snprintf(path, sizeof path, "%s/vkjail-compile", host->libexec);
	request_set_string(root, "compiler", path);
	return root;
}

/* A sealed memfd: the job can read it and nothing else. */
static int put_sealed(const char *name, const void *data, size_t size, struct err *e)
{
	AUTO_FD int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || fd_write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return err_os(e, errno, NULL, "cannot hand the job over");
	return TAKE_FD(fd);
}

/* What vkjail-exec is to put on itself. */
static int add_filters(struct request *r, json_t *root, const struct plan *plan, struct err *e)
{
	static const char *const names[FILTER_SECONDS] = {
	    [FILTER_SECOND_SOFTWARE] = "software", [FILTER_SECOND_HARDWARE] = "hardware"};
	json_t *programs = json_object();

	for (int i = 0; i < FILTER_SECONDS && plan->second[i].len; i++) {
		const struct filter *f = &plan->second[i];
		int fd = put_sealed("vkjail-filter", f->insns, f->len * sizeof *f->insns, e);
		if (fd < 0) {
			json_decref(programs);
			return -1;
		}
		(void)json_object_set_new(programs, names[i], json_integer(add_fd(r, fd)));
	}
	if (json_object_size(programs))
		(void)json_object_set(root, "filter", programs);
	json_decref(programs);
	return 0;
}

/* dup2(2) in the child must not hit a source: move all sources above all targets. */
static int lift(struct request *r, struct err *e)
{
	int above = REQUEST_FD + (int)r->fd_count;
	for (size_t i = 0; i < r->fd_count; i++) {
		if (r->fds[i].from >= above)
			continue;
		int fd = fcntl(r->fds[i].from, F_DUPFD_CLOEXEC, above);
		if (fd < 0)
			return err_os(e, errno, NULL, "cannot pass the job's files on");
		(void)close(r->fds[i].from);
		r->fds[i].from = fd;
	}
	return 0;
}

int request_open(struct request *r, const struct spec *spec, const struct plan *plan,
		 const struct host *host, struct err *e)
{
	int pair[2];

	*r = REQUEST_INIT;
	(void)add_fd(r, -1); /* REQUEST_FD, filled in below */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_os(e, errno, NULL, "cannot create the answer socket");
	r->answers_fd = pair[0];
	(void)add_fd(r, pair[1]);
	json_t *root = header(spec, plan->sample_ns, host);
	int result = add_filters(r, root, plan, e);
	if (result == 0)
		result = add_lists(r, root, spec, host, e);
	AUTO_FREE char *text = result == 0 ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (result < 0)
		return -1;
	if (!text || strlen(text) > REQUEST_MAX)
		return err_bad(e, spec->compute->where,
			       "the compute job is larger than %d bytes as JSON", REQUEST_MAX);
	r->fds[0].from = put_sealed("vkjail-request", text, strlen(text), e);
	if (r->fds[0].from < 0)
		return -1;
	return lift(r, e);
}

static int check_input(const char *path, const char *where, struct err *e)
{
	AUTO_FD int fd = fd_open_regular(AT_FDCWD, path, e);
	return fd < 0 ? err_in(e, "%s", where) : 0;
}

int request_check(const struct spec *spec, struct err *e)
{
	__attribute__((cleanup(arena_done))) struct arena arena = {0};
	const struct compute *c = spec->compute;

	struct shader_place *places = arena_alloc(&arena, c->kernel_count * sizeof *places);
	AUTO_FD int shaders = shaders_read(spec, places, e);
	if (shaders < 0)
		return -1;
	for (size_t i = 0; i < c->buffer_count; i++)
		if (c->buffers[i].source == SOURCE_FILE && strcmp(c->buffers[i].file, "-") != 0 &&
		    check_input(c->buffers[i].path, c->buffers[i].where, e) < 0)
			return -1;
	for (size_t i = 0; i < c->step_count; i++) {
		const struct compute_buffer *b = &c->steps[i].check.reference;
		if (b->path && check_input(b->path, b->where, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < c->output_count; i++) {
		struct output f;
		if (output_prepare(&f, c, &c->outputs[i], e) < 0)
			return -1;
		output_done(&f);
	}
	return 0;
}

void request_close_job_side(struct request *r)
{
	for (size_t i = 0; i < r->fd_count; i++)
		if (r->fds[i].from >= 0)
			(void)close(r->fds[i].from);
	r->fd_count = 0;
}

int request_commit_outputs(struct request *r, bool durable, struct err *e)
{
	for (size_t i = 0; i < r->output_count; i++)
		if (output_commit(&r->outputs[i], durable, e) < 0)
			return -1;
	return 0;
}

int request_commit_output(struct request *r, size_t i, bool durable, struct err *e)
{
	return i < r->output_count ? output_commit(&r->outputs[i], durable, e) : 0;
}

void request_done(struct request *r)
{
	request_close_job_side(r);
	for (size_t i = 0; i < r->output_count; i++)
		output_done(&r->outputs[i]);
	if (r->answers_fd >= 0)
		(void)close(r->answers_fd);
	cache_done(&r->cache);
	arena_done(&r->arena);
	*r = REQUEST_INIT;
}
