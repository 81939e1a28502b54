/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels as pipelines, steps as descriptor sets, push constants and group counts. */
#pragma once

#include "gpu/chunk.h"
#include "gpu/compile-client.h"
#include "gpu/data.h"
#include "gpu/gpu.h"
#include "gpu/request.h"
#include "gpu/schedule.h"
#include "gpu/spirv.h"
#include "gpu/stats.h"

enum {
	PUSH_BYTES_MAX = 256,
	SETS_MAX = 4,
	VARIANTS_MAX = 64, /* grids for which one kernel gets a pipeline of its own */
};

/* One pipeline of a kernel: there are several when gl_NumWorkGroups has to be written into the module. */
struct variant {
	VkPipeline pipeline;
	uint32_t groups[3]; /* what gl_NumWorkGroups is, when it is written in */
	bool warm;          /* the driver has compiled it */
};

struct kernel {
	const struct request_kernel *request;
	struct compile_job compile_job;
	struct compiler *compiler; /* between kernel_start and kernel_load */
	struct spirv_info info;
	VkDescriptorSetLayout set_layouts[SETS_MAX];
	uint32_t set_count;
	VkPipelineLayout layout;
	struct variant plain; /* gl_NumWorkGroups is what the device says */
	struct variant *variants;
	size_t variant_count;
	uint32_t *words; /* the module, kept while variants may be needed; NULL: they never are */
	size_t word_count;
	uint32_t *cached; /* SPIR-V of an earlier run, until kernel_load */
	size_t cached_count;
	uint32_t *module; /* what may be left for a later run, until cache_save_modules */
	size_t module_count;
	uint64_t compile_ns, pipeline_ns;
	bool glsl;
	bool was_cached;      /* the module comes from an earlier run */
	bool pipeline_told;   /* the driver says whether ... */
	bool pipeline_missed; /* ... it had to make a pipeline anew */
	char sha256[65];
	uint32_t groups[3];   /* of the last dispatch */
	uint64_t bytes_bound; /* by all dispatches */
	struct stats stats;
	uint64_t timed_alone; /* short dispatches that were timed one by one */
	uint64_t untimed_ns;  /* what it worked since then, about */
	struct pace pace;
	uint64_t chunks;     /* parts in which its dispatches ran; a whole one is one part */
	uint64_t longest_ns; /* the longest of them */
	const char *whole; /* why some of its dispatches are not cut into chunks, NULL: they are */
};

/* Bytes, once it is known where. Of a clear: how many. */
struct step_copy {
	uint64_t from, to, bytes;
};

/* How a loop with a condition went. */
struct loop_seen {
	uint64_t times, rounds_total; /* how often it was done, and what that came to */
	uint32_t rounds;              /* of the last time */
	bool met, is_open;            /* the condition came true; the job ended in the middle */
	bool looked;                  /* there is a value */
	long double value;            /* the last one that was looked at */
};

/* One for each step of the request, groups and checks too; kernel is NULL for what dispatches nothing. */
struct step {
	const struct request_step *request;
	struct kernel *kernel;
	uint16_t bind[SPIRV_BINDINGS];    /* for each of the kernel's bindings: index of a buffer */
	uint8_t lane;                     /* the queue of the device that it goes to */
	const struct gpu_buffer *buffers; /* all of the job */
	bool images;                      /* some of those bound are images as well */
	VkDescriptorSet sets[SETS_MAX];
	uint32_t groups[3];
	uint64_t bytes;          /* of the buffers bound, each once */
	struct variant *variant; /* the pipeline for these groups; set by step_variant */
	bool whole;              /* must not be cut into chunks */
	uint64_t last_ns;        /* of its last dispatch, whole; 0: none yet */
	unsigned char push[PUSH_BYTES_MAX];
	struct step_copy copy;
	unsigned char clear[8]; /* one element, */
	uint8_t clear_size;     /* and its size */
	bool counted; /* groups are those of the buffer that an indirect dispatch takes them from */
	struct access uses[SPIRV_BINDINGS];
	size_t use_count;
	struct loop_seen loop;
};

/* What steps are checked against. */
struct step_context {
	const struct request *request;
	const struct shape *shapes; /* one for each buffer of the request */
};

/* Starts the compiler. *k must be zeroed; once started it ends in kernel_load or compile_drop. */
int kernel_start(struct kernel *k, const struct request_kernel *q, const char *compiler,
		 struct fail *f);
/* Takes the compiler's result: reflects, specializes, checks against the device, makes the pipeline. */
int kernel_load(struct kernel *k, const struct request_kernel *q, struct gpu *g, struct fail *f);
/* The same for a module that is there already. */
int kernel_from_words(struct kernel *k, const struct request_kernel *q, const uint32_t *words,
		      size_t count, struct gpu *g, struct fail *f);
/* One pipeline from a module, with the kernel's layouts and constants. */
int kernel_pipeline(struct kernel *k, const uint32_t *words, size_t count, struct gpu *g,
		    VkPipeline *ret, struct fail *f);
void kernel_done(struct kernel *k, struct gpu *g);

/* Whether something can be bound to each binding, on this device. */
int kernel_check_bindings(const struct kernel *k, const struct gpu *g, struct fail *f);
int kernel_make_layouts(struct kernel *k, struct gpu *g, struct fail *f);
void kernel_layouts_done(struct kernel *k, struct gpu *g);
VkDescriptorType kernel_descriptor(enum spirv_kind kind);

/* As answers. The times once, after the last dispatch; predicated: with a guard. */
void kernel_answer_shader(const struct kernel *k);
void kernel_answer_times(struct kernel *k, bool timed, bool predicated);

/* Which buffer stands at which of the kernel's bindings: in order, or by number or name. */
int step_bind(struct step *s, const struct request *q, struct fail *f);
/* shapes: one for each buffer of the request. Everything that needs no descriptor. */
int step_prepare(struct step *s, const struct request *q, const struct shape *shapes,
		 struct kernel *kernels, const struct gpu *g, struct fail *f);
/*
 * Chooses the pipeline for the step's groups and whether it may be cut into chunks; with never it
 * may not. After step_prepare.
 */
int step_variant(struct step *s, bool never, struct gpu *g, struct fail *f);
/* Records the dispatch of a part of a step into g->commands. */
void step_record(const struct step *s, const struct chunk *part, struct gpu *g);
/* After step_prepare: each binding against its buffer. wants: one for each buffer, added to. */
struct image_want;
int step_match(const struct step *s, const struct request *q, const struct shape *shapes,
	       struct image_want *wants, struct fail *f);
/* The descriptor sets of all steps, from *ret_pool. buffers (and their images) must stay. */
int steps_bind(struct step *steps, size_t count, const struct gpu_buffer *buffers, struct gpu *g,
	       VkDescriptorPool *ret_pool, struct fail *f);
/* Records what makes the step's images and buffers hold the newest contents; part of step_record. */
void step_use(const struct step *s, struct gpu *g);

/* ---- step-work.c: everything that is no dispatch ------------------------------------------- */

/* Checks a copy, a clear or a check, and what the condition of a loop looks at. */
int work_prepare(struct step *s, const struct step_context *c, struct fail *f);
/* The file of a check, read like a buffer's; a raw one says nothing about itself, so it is of this shape. */
int work_open_reference(const struct step *s, const struct shape *shape,
			struct request_buffer *ret_file, struct data *ret, struct err *e);
/* Records a copy or a clear into g->commands. */
void work_record(const struct step *s, const struct gpu_buffer *buffers, struct gpu *g);
