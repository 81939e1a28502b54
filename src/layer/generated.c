/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that the device generates from a buffer (VK_EXT_device_generated_commands, VK_NV_device_generated_commands).
 * How many sequences there are the host knows only where no buffer says it, and then each is one dispatch; else it knows the
 * most. So an execution is counted and timed as one piece of work, apart from the dispatches of the same kernel. Where an
 * execution set or a token chooses among pipelines, it is not known which kernels run.
 */
#include "layer/timing-parts.h"

/* Around the layer below's execution. The record is NULL only where memory ran out. */
#define EXECUTE(r, of, least, most, call)                                 \
	do {                                                              \
		bool timed = (r) && record_generated(r, of, least, most); \
		if (timed)                                                \
			record_stamp(r, 0);                               \
		call;                                                     \
		if (timed)                                                \
			record_stamp(r, 1);                               \
	} while (0)

static VKAPI_ATTR void VKAPI_CALL on_CmdExecuteGeneratedCommandsEXT(
    VkCommandBuffer handle, VkBool32 preprocessed, const VkGeneratedCommandsInfoEXT *info)
{
	struct record *r = record_of(handle);
	struct timing *t = r ? r->t : timing_of(handle);
	uint64_t most = info->maxSequenceCount, least = info->sequenceCountAddress ? 0 : most;
	bool has_set = info->indirectExecutionSet != VK_NULL_HANDLE;

	/* What draws is no kernel. */
	if (!r || !(info->shaderStages & VK_SHADER_STAGE_COMPUTE_BIT)) {
		t->CmdExecuteGeneratedCommandsEXT(handle, preprocessed, info);
		return;
	}
	EXECUTE(r, has_set || !r->current ? NULL : r->current->pipeline, least, most,
		t->CmdExecuteGeneratedCommandsEXT(handle, preprocessed, info));
	/* Vulkan specification, "Indirect Execution State Invalidation": the program binds something anew. */
	if (has_set)
		r->current = NULL;
}

static VKAPI_ATTR void VKAPI_CALL on_CmdExecuteGeneratedCommandsNV(
    VkCommandBuffer handle, VkBool32 preprocessed, const VkGeneratedCommandsInfoNV *info)
{
	struct record *r = record_of(handle);
	struct timing *t = r ? r->t : timing_of(handle);
	uint64_t most = info->sequencesCount, least = info->sequencesCountBuffer ? 0 : most;

	if (!r || info->pipelineBindPoint != VK_PIPELINE_BIND_POINT_COMPUTE) {
		t->CmdExecuteGeneratedCommandsNV(handle, preprocessed, info);
		return;
	}
	(void)pthread_mutex_lock(&t->lock);
	struct pipeline *of = map_get(&t->pipelines, (uint64_t)info->pipeline);
	if (of)
		(void)atomic_fetch_add_explicit(&of->refs, 1, memory_order_relaxed);
	(void)pthread_mutex_unlock(&t->lock);
	EXECUTE(r, of, least, most, t->CmdExecuteGeneratedCommandsNV(handle, preprocessed, info));
	pipeline_unref(of);
}

const struct timing_hook generated_hooks[] = {
    TIMING_HOOK(CmdExecuteGeneratedCommandsEXT),
    TIMING_HOOK(CmdExecuteGeneratedCommandsNV),
    {NULL, NULL},
};
