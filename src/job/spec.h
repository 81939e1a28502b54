/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user asked for: one job, from a job file, from flags, or both (flags win). Nothing
 * here has been checked against this machine; that is the plan's work.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "job/bounds.h"
#include "job/limits.h"

enum spec_net { NET_NONE, NET_HOST };
enum spec_landlock { LANDLOCK_AUTO, LANDLOCK_NONE };
enum spec_proc { PROC_ALL, PROC_PROCESSES };
enum spec_clocks { CLOCKS_HOST, CLOCKS_OWN };
enum spec_gpu { GPU_ALL, GPU_NONE, GPU_CHOSEN };
enum spec_seccomp { SECCOMP_DEFAULT, SECCOMP_STRICT, SECCOMP_NONE, SECCOMP_FILE };
enum spec_soft_action { SOFT_NOTE, SOFT_END };
enum spec_telemetry { TELEMETRY_ON, TELEMETRY_OFF };
enum spec_timing { TIMING_SAMPLED, TIMING_OFF, TIMING_ALL };
enum spec_kernel_stop { KERNEL_STOP_REFUSE, KERNEL_STOP_HOLD };
enum spec_mount_kind { MOUNT_BIND, MOUNT_RO_BIND, MOUNT_TMPFS };

struct spec_mount {
	enum spec_mount_kind kind;
	const char *source; /* ready to be opened; NULL for a tmpfs */
	const char *target; /* absolute path inside the sandbox */
	const char *where;  /* "jobs/a.yaml:7: bind[0]" or "--bind", for messages */
	bool from_flag;
};

/* --input NAME=FILE and --output NAME=FILE, until spec_finish puts them into the compute job. */
struct spec_file_flag {
	const char *name, *file, *where;
};

struct spec_env {
	const char *name;
	const char *value; /* NULL: take the caller's value, if it has one */
};

/* ---- declarative compute jobs ------------------------------------------------------------- */

/*
 * Of each file there are two names: as it was written, for messages, and *path, ready to be
 * opened (what stands in a job file is relative to that file's directory, flags are relative to
 * the caller's).
 */
enum { COMPUTE_DIMS = BOUND_DIMENSIONS };

enum compute_type {
	TYPE_NONE,
	TYPE_U8,
	TYPE_I8,
	TYPE_U16,
	TYPE_I16,
	TYPE_U32,
	TYPE_I32,
	TYPE_F32,
	TYPE_U64,
	TYPE_I64,
	TYPE_F64,
	TYPE_F16,
	TYPE_BOOL
};
enum compute_format {
	FORMAT_AUTO,
	FORMAT_NPY,
	FORMAT_PNG,
	FORMAT_RAW,
	FORMAT_NPZ,
	FORMAT_SAFETENSORS
};
enum compute_source { SOURCE_FILE, SOURCE_ZEROS, SOURCE_IOTA, SOURCE_RANDOM, SOURCE_VALUE };
enum compute_filter { FILTER_NEAREST, FILTER_LINEAR };
enum compute_address { ADDRESS_CLAMP, ADDRESS_REPEAT, ADDRESS_MIRROR, ADDRESS_BORDER };
enum compute_device { DEVICE_ANY, DEVICE_SOFTWARE, DEVICE_HARDWARE, DEVICE_NAMED };

/* A number as it was written; integers keep all 64 bits, true and false are the integers 1 and 0. */
struct compute_number {
	enum compute_type type; /* TYPE_NONE: not said; the shader's declaration decides */
	bool is_integer;
	int64_t i;
	double f;
	const char *
	    ref; /* "photo.shape[1]": a dimension of a buffer, known when its file is read; else NULL */
};

struct compute_spec_constant {
	const char *name; /* NULL when given by id */
	uint32_t id;
	struct compute_number value;
};

struct compute_define {
	const char *name;
	const char *value; /* NULL: defined as nothing */
};

struct compute_kernel {
	const char *name, *where;
	const char *shader; /* as written */
	const char *shader_path;
	const char *entry; /* "main" by default */
	struct compute_spec_constant *constants;
	size_t constant_count;
	struct compute_define *defines;
	size_t define_count;
};

struct compute_buffer {
	const char *name, *where;
	enum compute_source source;
	const char *file; /* as written; NULL unless SOURCE_FILE; "-": stdin */
	const char *path; /* without the member */
	const char *
	    member; /* which array of an .npz or .safetensors file; NULL: the only one, or another format */
	enum compute_format
	    format; /* of the file; never FORMAT_AUTO after spec_finish for SOURCE_FILE */
	enum compute_type type;
	uint64_t shape[COMPUTE_DIMS];
	unsigned dims; /* 0: not said */
	const char *
	    like; /* after spec_finish always a buffer that is read from a file; others are resolved to type and shape */
	uint64_t seed;
	struct compute_number value;
	enum compute_filter filter; /* for shaders that sample it */
	enum compute_address address;
};

/*
 * What a step does. Steps are one flat list: a group is followed by the `inner` steps that are
 * inside it, so a loop of a million rounds is as long as its text.
 */
enum compute_work { WORK_RUN, WORK_COPY, WORK_CLEAR, WORK_CHECK, WORK_GROUP };

/* Ends a loop before its last round: the value is looked at after every `every` rounds. */
struct compute_until {
	const char *buffer; /* NULL: there is no such condition */
	uint64_t element;
	bool above; /* else below */
	struct compute_number value;
	uint32_t every; /* >= 1 */
};

/* WORK_COPY; elements of the buffers' type, which is the same. */
struct compute_copy {
	const char *from, *to;
	struct compute_number from_element, to_element, elements;
	bool has_elements; /* else: up to the end of `from` */
};

/* WORK_CHECK: against a hash of the bytes, or against a file, which is read as a buffer's would be. */
struct compute_check {
	const char *buffer;
	const char *sha256; /* 64 lower case digits, or NULL */
	struct compute_buffer reference;
	double max_abs, max_rel;
};

struct compute_step {
	const char *where;
	enum compute_work work;
	size_t inner;      /* WORK_GROUP: how many of the steps that follow are inside */
	const char *queue; /* NULL: the one without a name */
	struct compute_until until;
	struct compute_copy copy;
	const char *clear; /* WORK_CLEAR: the buffer */
	struct compute_number clear_value;
	struct compute_check check;
	const char *run; /* WORK_RUN: name of a kernel */
	const char **bind;
	const char **
	    bind_to; /* for each of bind: a binding's number or the shader's name; NULL: 0, 1, ... in order */
	size_t bind_count;
	struct compute_number *push;
	size_t push_count;
	const char
	    *indirect; /* a buffer: its elements, from this one on, are the groups; else NULL */
	uint64_t indirect_element;
	struct compute_number groups[3];   /* else used when has_groups */
	struct compute_number elements[3]; /* else: groups = ceil(elements / local size) */
	bool has_groups;
	uint32_t repeat; /* >= 1 */
};

struct compute_output {
	const char *buffer, *where;
	bool keep;        /* written as well when a limit or a signal ends the job */
	const char *file; /* as written; "-": stdout */
	const char *path;
	enum compute_format format;
	uint64_t sequence; /* after spec_finish: how many files, when the name has a %d; else 0 */
};

struct compute {
	const char *where;
	bool cache; /* compiled shaders may be used again */
	enum compute_device device;
	const char *device_name; /* a name or a UUID, when DEVICE_NAMED */
	uint64_t chunk_ns;       /* how long a chunk of a dispatch should take; 0: not said */
	bool chunk_never;        /* dispatches are not cut */
	struct compute_kernel *kernels;
	size_t kernel_count;
	struct compute_buffer *buffers;
	size_t buffer_count;
	struct compute_step *steps;
	size_t step_count;
	struct compute_output *outputs;
	size_t output_count;
};

/* ---- a job -------------------------------------------------------------------------------- */

/* A value that depends on the machine: the plan puts the number in its place. */
struct spec_dynamic {
	unsigned percent; /* of what is available when the job starts; 0: not so */
	bool automatic;   /* "auto" */
};

/* --io-read and its like for one block device. */
struct spec_io {
	enum limit limit;
	const char
	    *device; /* "8:0", or the absolute path of the device or of something stored on it */
	uint64_t value;
	const char *where;
};

struct spec {
	struct arena arena;   /* owns every string and array below */
	const char *name;     /* never NULL after spec_finish */
	const char *file;     /* the job file as given, NULL when there is none */
	const char *file_dir; /* its directory: paths in the file are relative to it */

	const char **command; /* argv, NULL-terminated; NULL for a compute job */
	size_t command_count;
	struct compute *compute; /* NULL for a command */
	bool dry_run;            /* everything but the dispatches and the outputs */
	bool helper;             /* the command is a helper program of vkjail itself */

	struct limits limits; /* of a dynamic one a placeholder that counts as set */
	struct spec_dynamic dynamic[LIMIT_COUNT], soft_dynamic[LIMIT_COUNT];
	const char *cpu_list; /* limits.cpus as a list; NULL: a number */
	struct spec_io *io;   /* by device; limits has the lowest of them */
	size_t io_count;
	const char
	    *limit_where[LIMIT_COUNT]; /* where each was given, for messages; NULL: nowhere */
	const char *soft_where[LIMIT_COUNT];
	enum spec_soft_action soft_action; /* when a soft value is passed */
	uint32_t require;   /* bit 1 << enum limit: refuse to start when it cannot be enforced */
	uint64_t grace_ns;  /* between SIGTERM and SIGKILL */
	uint64_t sample_ns; /* between two samples of usage; LIMIT_NONE: no samples */

	struct spec_mount *mounts;
	size_t mount_count;
	struct spec_env *env;
	size_t env_count;
	bool clear_env;
	bool writable;        /* the working directory may be written */
	const char *workdir;  /* NULL: the caller's */
	const char *hostname; /* NULL: "vkjail" */
	enum spec_net net;
	enum spec_gpu gpu;
	const char *gpu_list;  /* GPU_CHOSEN: "0,pci:01:00.0" */
	const char *gpu_where; /* for messages; NULL: not given */
	enum spec_landlock landlock;
	enum spec_proc proc;
	enum spec_clocks clocks;
	enum spec_seccomp seccomp;
	const struct profile *profile; /* SECCOMP_FILE */
	const char *learn;             /* where to write what the job uses; NULL: nowhere */
	bool seccomp_given;            /* chosen by the user rather than by default */
	const char
	    *driver; /* ICD manifest to use instead of the system's, ready to be opened; NULL */

	enum spec_telemetry telemetry; /* the layer in the job's Vulkan programs */
	enum spec_timing kernel_timing;
	enum spec_kernel_stop kernel_stop; /* what becomes of submissions past the limit `kernel` */
	const char *kernel_names;          /* ready to be opened; NULL */

	struct spec_file_flag *inputs, *outputs;
	size_t input_count, output_count;

	const char *report; /* ready to be opened, "-" or "none"; %n %j %h %p not yet expanded */
	bool report_given;
	bool durable;
	const char *
	    cgroup; /* NULL or "auto": where one is of use and can be had; "none"; or the directory of its parent */
	bool quiet, verbose;
	bool progress; /* somebody looks at how far a compute job is */
};

/* Defaults. The spec owns what it is given later; argv strings are borrowed. */
void spec_init(struct spec *s);
void spec_done(struct spec *s);

/* Reads a job file ("-": stdin) into *s; what was set before is replaced, so flags come afterwards. */
int spec_read_file(struct spec *s, const char *path, struct err *e);

/* After file and flags: what is needed is there, names refer to something, formats and the name are filled in. */
int spec_finish(struct spec *s, struct err *e);

/* Fills in the name alone: also a job that is refused has one. */
void spec_name(struct spec *s);

/* One value each, as text. where ("--wall") is for messages and borrowed; dir is what relative paths are relative to. */
int spec_limit_set(struct spec *s, enum limit id, const char *text, const char *where,
		   struct err *e);
int spec_soft_set(struct spec *s, enum limit id, const char *text, const char *where,
		  struct err *e);
/* Whether the soft values are below the hard ones: in *l, which is the spec's or what a plan made of it. */
int spec_check_soft(const struct limits *l, const char *const soft_where[LIMIT_COUNT],
		    struct err *e);
int spec_set_soft(struct spec *s, const char *key_eq_value, const char *where, struct err *e);
int spec_set_input(struct spec *s, const char *name_eq_file, const char *where, struct err *e);
int spec_set_output(struct spec *s, const char *name_eq_file, const char *where, struct err *e);
int spec_set_name(struct spec *s, const char *text, const char *where, struct err *e);
int spec_set_hostname(struct spec *s, const char *text, const char *where, struct err *e);
/* "all", "none", or a list of GPUs: N, pci:ADDRESS, uuid:UUID. */
int spec_set_gpu(struct spec *s, const char *text, const char *where, struct err *e);
/* A built-in profile, or a profile file (which is read now), relative to dir. */
int spec_set_seccomp(struct spec *s, const char *text, const char *dir, const char *where,
		     struct err *e);
int spec_set_grace(struct spec *s, const char *text, const char *where, struct err *e);
int spec_set_sample(struct spec *s, const char *text, const char *where, struct err *e);
int spec_add_require(struct spec *s, const char *key, const char *where, struct err *e);
int spec_add_env(struct spec *s, const char *name, const char *value, const char *where,
		 struct err *e);

/* *m with source and target as written; target NULL: the same place as the source. */
int spec_add_mount(struct spec *s, const struct spec_mount *m, const char *dir, struct err *e);

/* "SRC", "SRC:DST". For a tmpfs: "DST". */
int spec_add_mount_text(struct spec *s, const struct spec_mount *m, const char *text,
			const char *dir, struct err *e);

/* What was asked for, as text. */
const char *spec_gpu_text(const struct spec *s);

/* "file" for a profile file, which is none of spec_seccomp_names. */
const char *spec_seccomp_name(enum spec_seccomp seccomp);

/* By their enum; NULL-terminated. */
extern const char *const spec_net_names[], *const spec_gpu_names[],
					       *const spec_soft_action_names[],
						   *const spec_seccomp_names[],
						       *const spec_telemetry_names[],
							   *const spec_timing_names[],
							       *const spec_kernel_stop_names[];
extern const char *const spec_landlock_names[], *const spec_proc_names[],
						    *const spec_clocks_names[];
extern const char *const compute_type_names[], *const compute_format_names[];
extern const char *const compute_filter_names[], *const compute_address_names[];
