/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request of a declarative job, read and checked: afterwards every index points somewhere,
 * every name is known and every count is bounded. Shapes of files are not known yet.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cachefile.h"
#include "base/err.h"
#include "gpu/types.h"
#include "job/spec.h"

#define CHUNK_NEVER UINT64_C(0)

/* No tighter than what a job file may hold (src/job/bounds.def). */
enum {
	REQUEST_MAX = 1 << 20,
	REQUEST_FD = 3,
	REQUEST_FD_FIRST = 5,
	REQUEST_FD_STDIN = 0,  /* of one buffer */
	REQUEST_FD_STDOUT = 1, /* of one output */
	REQUEST_FD_LAST = 1 << 20,
	KERNELS_MAX = 256,
	BUFFERS_MAX = 256,
	STEPS_MAX = 4096,
	STEP_DEPTH_MAX = 4, /* groups in one another */
	OUTPUTS_MAX = 256,
	CONSTANTS_MAX = 256,
	BIND_MAX = 64,
	PUSH_MAX = 256,
	DEFINES_MAX = 64,
	CHUNK_DEFAULT_NS = 20000000,
};

struct request_constant {
	const char *name; /* NULL: by id */
	uint32_t id;
	struct compute_number value;
};

struct request_define {
	const char *name;
	const char *value; /* NULL: defined as nothing */
};

struct request_kernel {
	const char *name, *where, *path, *entry;
	int fd;
	uint64_t offset, size; /* of the shader in what fd is; UINT64_MAX: to its end */
	struct request_constant *constants;
	size_t constant_count;
	struct request_define *defines;
	size_t define_count;
};

struct request_buffer {
	const char *name, *where;
	const char *path;   /* with SOURCE_FILE, else NULL */
	const char *member; /* of an archive; NULL: the only one */
	int fd;
	enum compute_format format;
	enum compute_source source;
	bool has_type, has_shape;
	struct shape shape; /* as far as said */
	int like;           /* index of another buffer, -1: none */
	uint64_t seed;
	struct compute_number value;
	enum compute_filter filter;
	enum compute_address address;
};

/* One element of a buffer. */
struct request_place {
	size_t buffer;
	uint64_t element;
};

/* When a loop ends before its last round. */
struct request_until {
	struct request_place at;
	bool above; /* else below */
	struct compute_number value;
	uint32_t every; /* rounds between two looks; 0: there is no such condition */
};

struct request_copy {
	size_t from, to;
	struct compute_number from_element, to_element, elements;
	bool has_elements;
};

struct request_check {
	size_t buffer;
	const char *sha256; /* or NULL */
	const struct request_buffer
	    *reference; /* or NULL; with a file that holds what is expected */
	double max_abs, max_rel;
};

/* A group is followed by the `inner` steps that are inside it. */
struct request_step {
	const char *where;
	enum compute_work work;
	size_t inner;
	const char *queue; /* NULL: the one without a name */
	struct request_until until;
	struct request_copy copy;
	size_t clear; /* buffer */
	struct compute_number clear_value;
	struct request_check check;
	bool is_indirect;
	struct request_place indirect;
	size_t kernel;
	size_t *bind;
	const char **bind_to; /* for each of bind: number or name of the binding; NULL: in order */
	size_t bind_count;
	struct compute_number *push;
	size_t push_count;
	struct compute_number grid[3]; /* groups or elements */
	bool has_groups;
	uint32_t repeat;
};

struct request_output {
	const char *where, *path;
	bool keep; /* also when a limit or a signal ends the job */
	size_t buffer;
	int fd;
	enum compute_format format;
	uint64_t sequence; /* this many files, one after the other; 0: one */
};

struct request_cache {
	bool on;
	uint8_t key[CACHE_KEY_BYTES];
	int in[CACHE_KINDS], out[CACHE_KINDS]; /* -1: none */
};

struct request {
	struct arena arena;
	const char *name;
	enum compute_device device;
	const char *device_name;
	uint64_t kernel_ns, device_memory, sample_ns, progress_ns; /* 0: not asked for */
	uint64_t chunk_ns; /* what a chunk should take; CHUNK_NEVER */
	bool dry_run;
	bool has_filter;
	int filter_software, filter_hardware; /* descriptors of the second filter's programs */
	const char *compiler;
	struct request_cache cache;
	struct request_kernel *kernels;
	size_t kernel_count;
	struct request_buffer *buffers;
	size_t buffer_count;
	struct request_step *steps;
	size_t step_count;
	struct request_output *outputs;
	size_t output_count;
};

struct json_read;

/* Parts of request_parse: `steps` (request-steps.c), and what is needed there. */
void request_read_steps(struct json_read *r, const json_t *root, struct request *q);
void request_read_buffer(struct json_read *r, const json_t *o, struct request_buffer *b);
struct compute_number request_read_number(struct json_read *r, const json_t *o, const char *what);
size_t request_need_buffer(struct json_read *r, const struct request *q, const char *name,
			   const char *what);

int request_parse(const char *text, size_t size, struct request *ret, struct err *e);
void request_done(struct request *r);

/*
 * A `ref` as a number: BUFFER.shape[AXIS] or BUFFER.elements. shapes has one shape for each buffer.
 * Numbers without a ref come back as they are.
 */
int request_resolve(const struct request *r, const struct shape *shapes,
		    const struct compute_number *n, struct compute_number *ret, struct err *e);
