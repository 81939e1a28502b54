/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels as pipelines, steps as descriptor sets, push constants and group counts. */
#pragma once

#include "gpu/compile-client.h"
#include "gpu/gpu.h"
#include "gpu/request.h"
#include "gpu/spirv.h"
#include "gpu/stats.h"

enum { PUSH_BYTES_MAX = 256 };

struct kernel {
	const struct request_kernel *request;
	struct compile_job compile_job;
	struct compiler *compiler; /* between kernel_start and kernel_load */
	struct spirv_info info;
	VkDescriptorSetLayout set_layout;
	VkPipelineLayout layout;
	VkPipeline pipeline;
	uint64_t compile_ns, pipeline_ns;
	bool glsl, warm;
	char sha256[65];
	uint32_t groups[3];   /* of the last dispatch */
	uint64_t bytes_bound; /* by all dispatches */
	struct stats stats;
};

struct step {
	const struct request_step *request;
	struct kernel *kernel;
	VkDescriptorSet set;
	uint16_t bind[SPIRV_BINDINGS]; /* for each of the kernel's bindings: index of a buffer */
	uint32_t groups[3];
	uint64_t bytes; /* of the buffers bound, each once */
	unsigned char push[PUSH_BYTES_MAX];
};

/* Starts the compiler. *k must be zeroed; once started it ends in kernel_load or compile_drop. */
int kernel_start(struct kernel *k, const struct request_kernel *q, const char *compiler,
		 struct fail *f);
/* Takes the compiler's result: reflects, specializes, checks against the device, makes the pipeline. */
int kernel_load(struct kernel *k, const struct request_kernel *q, struct gpu *g, struct fail *f);
/* The same for a module that is there already. */
int kernel_from_words(struct kernel *k, const struct request_kernel *q, const uint32_t *words,
		      size_t count, struct gpu *g, struct fail *f);
void kernel_done(struct kernel *k, struct gpu *g);

/* As answers. The times once, after the last dispatch. */
void kernel_answer_shader(const struct kernel *k);
void kernel_answer_times(struct kernel *k, bool timed);

/* Which buffer stands at which of the kernel's bindings: in order, or by number or name. */
int step_bind(struct step *s, const struct request *q, struct fail *f);
/* shapes: one for each buffer of the request. Everything that needs no descriptor. */
int step_prepare(struct step *s, const struct request *q, const struct shape *shapes,
		 struct kernel *kernels, const struct gpu *g, struct fail *f);
/* Records the dispatch of a step with these group counts into g->commands. */
void step_record(const struct step *s, const uint32_t groups[static 3], struct gpu *g);
/* One descriptor set for each step, from *ret_pool. */
int steps_bind(struct step *steps, size_t count, const struct gpu_buffer *buffers, struct gpu *g,
	       VkDescriptorPool *ret_pool, struct fail *f);
