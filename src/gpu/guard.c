/* SPDX-License-Identifier: Apache-2.0 */
/* See guard.h. The host writes the word while the device may read it, which the extension allows. */
#include "gpu/guard.h"

#include <stdatomic.h>

void guard_load(struct gpu *g)
{
	g->CmdBeginConditionalRendering = (PFN_vkCmdBeginConditionalRenderingEXT)
					      g->vk->GetDeviceProcAddr(
						  g->device, "vkCmdBeginConditionalRenderingEXT");
	g->CmdEndConditionalRendering = (PFN_vkCmdEndConditionalRenderingEXT)
					    g->vk->GetDeviceProcAddr(
						g->device, "vkCmdEndConditionalRenderingEXT");
	g->conditional = g->CmdBeginConditionalRendering && g->CmdEndConditionalRendering;
}

static void set(const struct guard *guard, uint32_t value)
{
	/* A mapping begins at a multiple of 64 bytes (minMemoryMapAlignment). */
	_Atomic uint32_t *word = (_Atomic uint32_t *)(void *)guard->word.map;

	atomic_store(word, value);
}

bool guard_open(struct guard *guard, struct gpu *g)
{
	struct fail f = FAIL_INIT;

	if (!g->conditional ||
	    gpu_buffer_create(g, sizeof(uint32_t), GPU_FOR_GUARD, &guard->word, &f) < 0)
		return false;
	if (!guard->word.map) {
		guard_close(guard, g);
		return false;
	}
	set(guard, 1);
	return true;
}

bool guard_is_open(const struct guard *guard)
{
	return guard->word.map;
}

void guard_close(struct guard *guard, struct gpu *g)
{
	gpu_buffer_destroy(g, &guard->word);
}

void guard_begin(const struct guard *guard, struct gpu *g)
{
	VkConditionalRenderingBeginInfoEXT info = {
	    .sType = VK_STRUCTURE_TYPE_CONDITIONAL_RENDERING_BEGIN_INFO_EXT,
	    .buffer = guard->word.buffer,
	};

	if (!guard->word.map)
		return;
	gpu_barrier(g, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0,
		    VK_PIPELINE_STAGE_CONDITIONAL_RENDERING_BIT_EXT,
		    VK_ACCESS_CONDITIONAL_RENDERING_READ_BIT_EXT);
	g->CmdBeginConditionalRendering(g->commands, &info);
}

void guard_end(const struct guard *guard, struct gpu *g)
{
	if (guard->word.map)
		g->CmdEndConditionalRendering(g->commands);
}

void guard_drop(const struct guard *guard)
{
	if (guard->word.map)
		set(guard, 0);
}
