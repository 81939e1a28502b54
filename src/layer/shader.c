/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shader objects (VK_EXT_shader_object): which kernel one for compute is. What is bound of them is in
 * record.c, their names are in pipeline.c.
 */
#include "layer/timing-parts.h"

/* From SPIR-V it is the same kernel as a pipeline with that code; a binary is only told apart by its bytes. */
static void identify(const VkShaderCreateInfoEXT *info, struct identity *id)
{
	const char *entry = info->pName ? info->pName : "";
	bool is_spirv = info->codeType == VK_SHADER_CODE_TYPE_SPIRV_EXT;
	size_t words = is_spirv ? info->codeSize / 4 : 0;

	*id = (struct identity){0};
	if (is_spirv) {
		identity_module(info->pCode, words, id);
	} else {
		id->kind = PAGE_KERNEL_BINARY;
		sha256(info->pCode, info->codeSize, id->sha256);
	}
	pipeline_entry(is_spirv ? info->pCode : NULL, words, entry, info->pSpecializationInfo, id);
	id->push_bytes = pipeline_push_bytes(info->pPushConstantRanges,
					     info->pushConstantRangeCount);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_CreateShadersEXT(VkDevice device, uint32_t count,
							  const VkShaderCreateInfoEXT *infos,
							  const VkAllocationCallbacks *allocator,
							  VkShaderEXT *ret)
{
	struct timing *t = timing_of(device);
	struct identity id;

	/* A layer that refuses the call writes nothing, and what stands there may be another shader's. */
	for (uint32_t i = 0; i < count; i++)
		ret[i] = VK_NULL_HANDLE;
	VkResult r = t->CreateShadersEXT(device, count, infos, allocator, ret);

	/* Also after a failure, or a binary that is not for this device: what could be made is there. */
	for (uint32_t i = 0; i < count; i++) {
		if (ret[i] == VK_NULL_HANDLE || infos[i].stage != VK_SHADER_STAGE_COMPUTE_BIT)
			continue;
		identify(&infos[i], &id);
		(void)pthread_mutex_lock(&t->lock);
		(void)pipeline_add(t, &t->shaders, (uint64_t)ret[i], &id);
		(void)pthread_mutex_unlock(&t->lock);
	}
	return r;
}

static VKAPI_ATTR void VKAPI_CALL on_DestroyShaderEXT(VkDevice device, VkShaderEXT handle,
						      const VkAllocationCallbacks *allocator)
{
	struct timing *t = timing_of(device);

	pipeline_remove(t, &t->shaders, (uint64_t)handle);
	t->DestroyShaderEXT(device, handle, allocator);
}

const struct timing_hook shader_hooks[] = {
    TIMING_HOOK(CreateShadersEXT),
    TIMING_HOOK(DestroyShaderEXT),
    {NULL, NULL},
};
