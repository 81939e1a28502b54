/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel a pipeline is: shader modules, pipeline layouts, compute pipelines and their names. */
#include <stdlib.h>
#include <string.h>

#include "layer/timing-parts.h"

struct module {
	uint32_t *words;
	size_t count;
	struct identity id;
	char name[128];
};

enum { CONSTANTS = 256 }; /* specialization constants of a stage that are looked at */

/* ---- shader modules ------------------------------------------------------------------------ */

static void module_free(struct module *m)
{
	if (m)
		free(m->words);
	free(m);
}

static struct module *module_new(const VkShaderModuleCreateInfo *info)
{
	struct module *m = calloc(1, sizeof *m);

	if (!m || !info->pCode || info->codeSize < 4)
		return m;
	m->count = info->codeSize / 4;
	m->words = malloc(m->count * 4);
	if (m->words)
		memcpy(m->words, info->pCode, m->count * 4);
	else
		m->count = 0;
	identity_module(info->pCode, info->codeSize / 4, &m->id);
	return m;
}

static VKAPI_ATTR VkResult VKAPI_CALL on_CreateShaderModule(VkDevice device,
							    const VkShaderModuleCreateInfo *info,
							    const VkAllocationCallbacks *allocator,
							    VkShaderModule *ret)
{
	struct timing *t = timing_of(device);
	VkResult r = t->CreateShaderModule(device, info, allocator, ret);

	if (r != VK_SUCCESS)
		return r;
	struct module *m = module_new(info);
	(void)pthread_mutex_lock(&t->lock);
	module_free(map_take(&t->modules, (uint64_t)*ret));
	if (m && map_put(&t->modules, (uint64_t)*ret, m) < 0)
		module_free(m); /* the kernel will have no hash, and that is all */
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static VKAPI_ATTR void VKAPI_CALL on_DestroyShaderModule(VkDevice device, VkShaderModule module,
							 const VkAllocationCallbacks *allocator)
{
	struct timing *t = timing_of(device);

	(void)pthread_mutex_lock(&t->lock);
	module_free(map_take(&t->modules, (uint64_t)module));
	(void)pthread_mutex_unlock(&t->lock);
	t->DestroyShaderModule(device, module, allocator);
}

/* ---- layouts: how many bytes are pushed ---------------------------------------------------- */

uint32_t pipeline_push_bytes(const VkPushConstantRange *ranges, uint32_t count)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		if (ranges[i].stageFlags & VK_SHADER_STAGE_COMPUTE_BIT &&
		    ranges[i].offset + ranges[i].size > bytes)
			bytes = ranges[i].offset + ranges[i].size;
	return bytes;
}

static VKAPI_ATTR VkResult VKAPI_CALL
on_CreatePipelineLayout(VkDevice device, const VkPipelineLayoutCreateInfo *info,
			const VkAllocationCallbacks *allocator, VkPipelineLayout *ret)
{
	struct timing *t = timing_of(device);
	VkResult r = t->CreatePipelineLayout(device, info, allocator, ret);

	if (r != VK_SUCCESS)
		return r;
	uint32_t bytes = pipeline_push_bytes(info->pPushConstantRanges,
					     info->pushConstantRangeCount);
	(void)pthread_mutex_lock(&t->lock);
	if (bytes) /* the number itself stands in the place of the pointer */
		(void)map_put(&t->layouts, (uint64_t)*ret, (void *)(uintptr_t)bytes);
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static VKAPI_ATTR void VKAPI_CALL on_DestroyPipelineLayout(VkDevice device, VkPipelineLayout layout,
							   const VkAllocationCallbacks *allocator)
{
	struct timing *t = timing_of(device);

	(void)pthread_mutex_lock(&t->lock);
	(void)map_take(&t->layouts, (uint64_t)layout);
	(void)pthread_mutex_unlock(&t->lock);
	t->DestroyPipelineLayout(device, layout, allocator);
}

/* ---- pipelines ----------------------------------------------------------------------------- */

static size_t read_constants(const VkSpecializationInfo *info,
			     struct identity_constant constants[static CONSTANTS])
{
	size_t count = 0;

	for (uint32_t i = 0; info && i < info->mapEntryCount && count < CONSTANTS; i++) {
		const VkSpecializationMapEntry *entry = &info->pMapEntries[i];
		struct identity_constant c = {.id = entry->constantID,
					      .size = (uint32_t)entry->size};
		if (entry->size > sizeof c.value || entry->offset > info->dataSize ||
		    entry->size > info->dataSize - entry->offset)
			continue;
		memcpy(c.value, (const uint8_t *)info->pData + entry->offset, entry->size);
		constants[count++] = c;
	}
	return count;
}

/* A pipeline whose code the program did not show is told apart by what it showed in its place. */
static void identify_by_name(const VkPipelineShaderStageCreateInfo *stage, struct identity *id)
{
	const VkPipelineShaderStageModuleIdentifierCreateInfoEXT *given = chain_find(
	    stage->pNext,
	    VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_MODULE_IDENTIFIER_CREATE_INFO_EXT);
	uint8_t digest[SHA256_BYTES];

	if (!given || !given->pIdentifier)
		return;
	sha256(given->pIdentifier, given->identifierSize, digest);
	memcpy(&id->anonymous, digest, sizeof id->anonymous);
}

void pipeline_entry(const uint32_t *words, size_t count, const char *entry,
		    const VkSpecializationInfo *special, struct identity *id)
{
	struct identity_constant constants[CONSTANTS];
	struct identity_specialization s = {
	    .constants = constants,
	    .count = read_constants(special, constants),
	};

	identity_entry(words, count, entry, &s, id);
}

/* The caller holds the lock. */
static void identify(struct timing *t, const VkComputePipelineCreateInfo *info, VkPipeline handle)
{
	const VkPipelineShaderStageCreateInfo *stage = &info->stage;
	const VkShaderModuleCreateInfo *inside = chain_find(
	    stage->pNext, VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO);
	struct module *m = map_get(&t->modules, (uint64_t)stage->module);
	struct module *own = !m && inside ? module_new(inside) : NULL;
	struct identity id = {0};

	m = m ? m : own;
	if (m)
		id = m->id;
	else
		identify_by_name(stage, &id);
	pipeline_entry(m ? m->words : NULL, m ? m->count : 0, stage->pName,
		       stage->pSpecializationInfo, &id);
	id.push_bytes = (uint32_t)(uintptr_t)map_get(&t->layouts, (uint64_t)info->layout);
	const struct pipeline *p = pipeline_add(t, &t->pipelines, (uint64_t)handle, &id);
	if (p && m && m->name[0])
		kernel_name(t, p->row, m->name);
	module_free(own);
}

struct pipeline *pipeline_add(struct timing *t, struct map *map, uint64_t handle,
			      const struct identity *id)
{
	struct pipeline *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	atomic_init(&p->refs, 1);
	p->row = kernel_row(t, id);
	pipeline_unref(map_take(map, handle));
	if (map_put(map, handle, p) == 0)
		return p;
	free(p);
	return NULL;
}

void pipeline_remove(struct timing *t, struct map *map, uint64_t handle)
{
	(void)pthread_mutex_lock(&t->lock);
	struct pipeline *p = map_take(map, handle);
	(void)pthread_mutex_unlock(&t->lock);
	/* The handle may come back for another one: what records remember of it is void. */
	if (p)
		(void)atomic_fetch_add_explicit(&t->generation, 1, memory_order_release);
	pipeline_unref(p);
}

void pipeline_unref(struct pipeline *p)
{
	if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	pipeline_unref(p->generated);
	free(p);
}

struct pipeline *pipeline_generated(struct timing *t, struct pipeline *of)
{
	struct pipeline **at = of ? &of->generated : &t->generated;

	if (*at)
		return *at;
	*at = calloc(1, sizeof **at);
	if (!*at)
		return NULL;
	atomic_init(&(*at)->refs, 1);
	(*at)->row = kernel_row_generated(t, of ? of->row : UINT32_MAX);
	return *at;
}

static VKAPI_ATTR VkResult VKAPI_CALL
on_CreateComputePipelines(VkDevice device, VkPipelineCache cache, uint32_t number,
			  const VkComputePipelineCreateInfo *infos,
			  const VkAllocationCallbacks *allocator, VkPipeline *ret)
{
	struct timing *t = timing_of(device);

	/* A layer that refuses the call writes nothing, and what stands there may be another pipeline's. */
	for (uint32_t i = 0; i < number; i++)
		ret[i] = VK_NULL_HANDLE;
	VkResult r = t->CreateComputePipelines(device, cache, number, infos, allocator, ret);

	/* Also after a failure: those that could be made are there, the others are null handles. */
	(void)pthread_mutex_lock(&t->lock);
	for (uint32_t i = 0; i < number; i++)
		if (ret[i] != VK_NULL_HANDLE)
			identify(t, &infos[i], ret[i]);
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static VKAPI_ATTR void VKAPI_CALL on_DestroyPipeline(VkDevice device, VkPipeline handle,
						     const VkAllocationCallbacks *allocator)
{
	struct timing *t = timing_of(device);

	pipeline_remove(t, &t->pipelines, (uint64_t)handle);
	t->DestroyPipeline(device, handle, allocator);
}

/* ---- names --------------------------------------------------------------------------------- */

enum named { NAMED_OTHER, NAMED_MODULE, NAMED_PIPELINE, NAMED_SHADER };

static void set_name(struct timing *t, enum named what, uint64_t handle, const char *name)
{
	if (what == NAMED_OTHER || !name)
		return;
	(void)pthread_mutex_lock(&t->lock);
	if (what != NAMED_MODULE) {
		const struct pipeline *p = map_get(
		    what == NAMED_SHADER ? &t->shaders : &t->pipelines, handle);
		if (p)
			kernel_name(t, p->row, name);
		if (p && p->generated)
			kernel_name(t, p->generated->row, name);
	} else {
		struct module *m = map_get(&t->modules, handle);
		if (m) {
			size_t length = strnlen(name, sizeof m->name - 1);
			memcpy(m->name, name, length);
			m->name[length] = '\0';
		}
	}
	(void)pthread_mutex_unlock(&t->lock);
}

static VKAPI_ATTR VkResult VKAPI_CALL
on_SetDebugUtilsObjectNameEXT(VkDevice device, const VkDebugUtilsObjectNameInfoEXT *info)
{
	struct timing *t = timing_of(device);
	VkObjectType type = info->objectType;

	set_name(t,
		 type == VK_OBJECT_TYPE_PIPELINE        ? NAMED_PIPELINE
		 : type == VK_OBJECT_TYPE_SHADER_EXT    ? NAMED_SHADER
		 : type == VK_OBJECT_TYPE_SHADER_MODULE ? NAMED_MODULE
							: NAMED_OTHER,
		 info->objectHandle, info->pObjectName);
	return t->SetDebugUtilsObjectNameEXT(device, info);
}

static VKAPI_ATTR VkResult VKAPI_CALL
on_DebugMarkerSetObjectNameEXT(VkDevice device, const VkDebugMarkerObjectNameInfoEXT *info)
{
	struct timing *t = timing_of(device);
	VkDebugReportObjectTypeEXT type = info->objectType;

	set_name(t,
		 type == VK_DEBUG_REPORT_OBJECT_TYPE_PIPELINE_EXT        ? NAMED_PIPELINE
		 : type == VK_DEBUG_REPORT_OBJECT_TYPE_SHADER_MODULE_EXT ? NAMED_MODULE
									 : NAMED_OTHER,
		 info->object, info->pObjectName);
	return t->DebugMarkerSetObjectNameEXT(device, info);
}

const struct timing_hook pipeline_hooks[] = {
    TIMING_HOOK(CreateShaderModule),
    TIMING_HOOK(DestroyShaderModule),
    TIMING_HOOK(CreatePipelineLayout),
    TIMING_HOOK(DestroyPipelineLayout),
    TIMING_HOOK(CreateComputePipelines),
    TIMING_HOOK(DestroyPipeline),
    TIMING_HOOK(SetDebugUtilsObjectNameEXT),
    TIMING_HOOK(DebugMarkerSetObjectNameEXT),
    {NULL, NULL},
};

void pipeline_done(struct timing *t)
{
	void *p;

	for (size_t at = 0; (p = map_next(&t->modules, &at));)
		module_free(p);
	for (size_t at = 0; (p = map_next(&t->pipelines, &at));)
		pipeline_unref(p);
	for (size_t at = 0; (p = map_next(&t->shaders, &at));)
		pipeline_unref(p);
	pipeline_unref(t->generated);
	map_done(&t->modules);
	map_done(&t->pipelines);
	map_done(&t->shaders);
	map_done(&t->layouts);
}
