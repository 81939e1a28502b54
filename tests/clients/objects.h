/* SPDX-License-Identifier: Apache-2.0 */
/* Shader objects and generated commands: what the parts of vk-objects share. */
#pragma once

#include "clients/gpu-setup.h"
#include "clients/newer.h"

#define OBJECT_CALLS(CALL)      \
	CALL(CreateShadersEXT)  \
	CALL(DestroyShaderEXT)  \
	CALL(CmdBindShadersEXT) \
	CALL(GetShaderBinaryDataEXT)

#define GENERATED_CALLS(CALL)                           \
	CALL(GetGeneratedCommandsMemoryRequirementsEXT) \
	CALL(CmdPreprocessGeneratedCommandsEXT)         \
	CALL(CmdExecuteGeneratedCommandsEXT)            \
	CALL(CreateIndirectCommandsLayoutEXT)           \
	CALL(DestroyIndirectCommandsLayoutEXT)          \
	CALL(CreateIndirectExecutionSetEXT)             \
	CALL(DestroyIndirectExecutionSetEXT)            \
	CALL(UpdateIndirectExecutionSetPipelineEXT)     \
	CALL(UpdateIndirectExecutionSetShaderEXT)

struct calls {
#define CALL(name) PFN_vk##name name;
	OBJECT_CALLS(CALL)
	GENERATED_CALLS(CALL)
#undef CALL
};
extern struct calls vk;

/* Of the host's side: kernels by name, in the order of their first use. */
enum { KERNELS = 16 };
void count_kernel(const char *name, uint64_t dispatches);
/* An execution of generated commands that runs between least and most dispatches. */
void count_generated(const char *name, uint64_t least, uint64_t most);

/* A shader object that adds so much; flags as in VkShaderCreateInfoEXT. */
VkShaderEXT make_object(const struct gpu *g, uint32_t add, const char *name, VkFlags flags);
void bind_object(const struct gpu *g, VkCommandBuffer c, VkShaderEXT shader);
/* In the place of STEPS. */
void push_rounds(const struct gpu *g, VkCommandBuffer c, uint32_t rounds);
/* So many dispatches of what is bound, each after the other. */
void run(VkCommandBuffer c, unsigned count);
void finish(const struct gpu *g, VkCommandBuffer c);

void generated(struct gpu *g);
void generated_count(struct gpu *g);
void generated_object(struct gpu *g);
void generated_set(struct gpu *g);
void generated_objects(struct gpu *g);
void generated_before(struct gpu *g);
void generated_again(struct gpu *g);
void generated_endless(struct gpu *g);
