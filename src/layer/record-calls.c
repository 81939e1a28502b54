/* SPDX-License-Identifier: Apache-2.0 */
/* The calls with which programs make and fill command buffers. */
#include <stdlib.h>

#include "layer/timing-parts.h"

/* ---- pools and command buffers ------------------------------------------------------------- */

static VKAPI_ATTR VkResult VKAPI_CALL on_CreateCommandPool(VkDevice device,
							   const VkCommandPoolCreateInfo *info,
							   const VkAllocationCallbacks *allocator,
							   VkCommandPool *ret)
{
	struct timing *t = timing_of(device);
	VkResult r = t->CreateCommandPool(device, info, allocator, ret);
	struct pool *p = r == VK_SUCCESS ? calloc(1, sizeof *p) : NULL;

	if (!p)
		return r;
	p->handle = *ret;
	p->family = info->queueFamilyIndex;
	/* Protected command buffers may not write queries; families without valid bits cannot. */
	p->can_stamp = p->family < t->setup.family_count &&
		       t->families[p->family].timestampValidBits > 0 &&
		       t->families[p->family].queueFlags & VK_QUEUE_COMPUTE_BIT &&
		       !(info->flags & VK_COMMAND_POOL_CREATE_PROTECTED_BIT);
	(void)pthread_mutex_lock(&t->lock);
	if (map_put(&t->pools, (uint64_t)*ret, p) < 0)
		free(p);
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static VKAPI_ATTR void VKAPI_CALL on_DestroyCommandPool(VkDevice device, VkCommandPool handle,
							const VkAllocationCallbacks *allocator)
{
	struct timing *t = timing_of(device);

	(void)pthread_mutex_lock(&t->lock);
	struct pool *p = map_take(&t->pools, (uint64_t)handle);
	while (p && p->records)
		record_drop(p->records);
	(void)pthread_mutex_unlock(&t->lock);
	free(p);
	t->DestroyCommandPool(device, handle, allocator);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_ResetCommandPool(VkDevice device, VkCommandPool handle,
							  VkCommandPoolResetFlags flags)
{
	struct timing *t = timing_of(device);

	(void)pthread_mutex_lock(&t->lock);
	struct pool *p = map_get(&t->pools, (uint64_t)handle);
	for (struct record *r = p ? p->records : NULL; r; r = r->next)
		record_clear(r);
	(void)pthread_mutex_unlock(&t->lock);
	return t->ResetCommandPool(device, handle, flags);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_AllocateCommandBuffers(
    VkDevice device, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *ret)
{
	struct timing *t = timing_of(device);
	VkResult r = t->AllocateCommandBuffers(device, info, ret);

	if (r != VK_SUCCESS)
		return r;
	(void)pthread_mutex_lock(&t->lock);
	struct pool *p = map_get(&t->pools, (uint64_t)info->commandPool);
	for (uint32_t i = 0; p && i < info->commandBufferCount; i++) {
		struct record *made = record_new(t, p, ret[i]);
		if (made)
			made->is_primary = info->level == VK_COMMAND_BUFFER_LEVEL_PRIMARY;
	}
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static VKAPI_ATTR void VKAPI_CALL on_FreeCommandBuffers(VkDevice device, VkCommandPool pool,
							uint32_t count,
							const VkCommandBuffer *handles)
{
	struct timing *t = timing_of(device);

	(void)pthread_mutex_lock(&t->lock);
	for (uint32_t i = 0; i < count; i++) {
		struct record *r = handles[i] ? map_get(&t->records, key_of(handles[i])) : NULL;
		if (r)
			record_drop(r);
	}
	(void)pthread_mutex_unlock(&t->lock);
	t->FreeCommandBuffers(device, pool, count, handles);
}

/* ---- recording ----------------------------------------------------------------------------- */

static VKAPI_ATTR VkResult VKAPI_CALL on_BeginCommandBuffer(VkCommandBuffer handle,
							    const VkCommandBufferBeginInfo *info)
{
	struct timing *t = timing_of(handle);
	struct record *r = record_of(handle);

	if (r) {
		(void)pthread_mutex_lock(&t->lock);
		record_begin(r, info->flags);
		(void)pthread_mutex_unlock(&t->lock);
	}
	return t->BeginCommandBuffer(handle, info);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_EndCommandBuffer(VkCommandBuffer handle)
{
	struct timing *t = timing_of(handle);
	const struct record *r = record_of(handle);

	for (size_t i = 0; r && i < r->use_count; i++) {
		struct page_kernel *k = &t->setup.page->kernels[r->uses[i].pipeline->row];
		(void)atomic_fetch_add_explicit(&k->recorded, r->uses[i].count,
						memory_order_relaxed);
	}
	return t->EndCommandBuffer(handle);
}

static VKAPI_ATTR VkResult VKAPI_CALL on_ResetCommandBuffer(VkCommandBuffer handle,
							    VkCommandBufferResetFlags flags)
{
	struct timing *t = timing_of(handle);
	struct record *r = record_of(handle);

	if (r) {
		(void)pthread_mutex_lock(&t->lock);
		record_clear(r);
		(void)pthread_mutex_unlock(&t->lock);
	}
	return t->ResetCommandBuffer(handle, flags);
}

static VKAPI_ATTR void VKAPI_CALL on_CmdBindPipeline(VkCommandBuffer handle,
						     VkPipelineBindPoint point, VkPipeline pipeline)
{
	struct record *r = record_of(handle);

	if (r && point == VK_PIPELINE_BIND_POINT_COMPUTE)
		record_use(r, false, (uint64_t)pipeline);
	(r ? r->t : timing_of(handle))->CmdBindPipeline(handle, point, pipeline);
}

/*
 * Binding a shader object unbinds the pipeline of its bind point, and the other way round (Vulkan specification, "Interaction With
 * Pipelines"); so the last one stands for both.
 */
static VKAPI_ATTR void VKAPI_CALL on_CmdBindShadersEXT(VkCommandBuffer handle, uint32_t count,
						       const VkShaderStageFlagBits *stages,
						       const VkShaderEXT *shaders)
{
	struct record *r = record_of(handle);

	for (uint32_t i = 0; r && i < count; i++)
		if (stages[i] == VK_SHADER_STAGE_COMPUTE_BIT)
			record_use(r, true, shaders ? (uint64_t)shaders[i] : 0);
	(r ? r->t : timing_of(handle))->CmdBindShadersEXT(handle, count, stages, shaders);
}

/* Around the layer below's dispatch. The record is NULL only where memory ran out. */
#define DISPATCH(handle, groups, call)                           \
	do {                                                     \
		struct record *r = record_of(handle);            \
		struct timing *t = r ? r->t : timing_of(handle); \
		bool timed = r && record_dispatch(r, groups);    \
		if (timed)                                       \
			record_stamp(r, 0);                      \
		t->call;                                         \
		if (timed)                                       \
			record_stamp(r, 1);                      \
	} while (0)

static VKAPI_ATTR void VKAPI_CALL on_CmdDispatch(VkCommandBuffer handle, uint32_t x, uint32_t y,
						 uint32_t z)
{
	const uint32_t groups[3] = {x, y, z};

	DISPATCH(handle, groups, CmdDispatch(handle, x, y, z));
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are the specification's */
static VKAPI_ATTR void VKAPI_CALL on_CmdDispatchBase(VkCommandBuffer handle, uint32_t at_x,
						     uint32_t at_y, uint32_t at_z, uint32_t x,
						     uint32_t y, uint32_t z)
{
	const uint32_t groups[3] = {x, y, z};

	DISPATCH(handle, groups, CmdDispatchBase(handle, at_x, at_y, at_z, x, y, z));
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are the specification's */
static VKAPI_ATTR void VKAPI_CALL on_CmdDispatchBaseKHR(VkCommandBuffer handle, uint32_t at_x,
							uint32_t at_y, uint32_t at_z, uint32_t x,
							uint32_t y, uint32_t z)
{
	const uint32_t groups[3] = {x, y, z};

	DISPATCH(handle, groups, CmdDispatchBaseKHR(handle, at_x, at_y, at_z, x, y, z));
}

static VKAPI_ATTR void VKAPI_CALL on_CmdDispatchIndirect(VkCommandBuffer handle, VkBuffer buffer,
							 VkDeviceSize offset)
{
	DISPATCH(handle, NULL, CmdDispatchIndirect(handle, buffer, offset));
}

static VKAPI_ATTR void VKAPI_CALL on_CmdExecuteCommands(VkCommandBuffer handle, uint32_t count,
							const VkCommandBuffer *secondary)
{
	struct timing *t = timing_of(handle);

	(void)pthread_mutex_lock(&t->lock);
	struct record *r = map_get(&t->records, key_of(handle));
	for (uint32_t i = 0; r && i < count; i++) {
		struct record *child = map_get(&t->records, key_of(secondary[i]));
		if (child && record_child(r, child) < 0)
			break;
	}
	/* What is bound afterwards is undefined: the program binds something anew. */
	if (r)
		r->current = NULL;
	(void)pthread_mutex_unlock(&t->lock);
	t->CmdExecuteCommands(handle, count, secondary);
}

const struct timing_hook record_hooks[] = {
    TIMING_HOOK(CreateCommandPool),  TIMING_HOOK(DestroyCommandPool),
    TIMING_HOOK(ResetCommandPool),   TIMING_HOOK(AllocateCommandBuffers),
    TIMING_HOOK(FreeCommandBuffers), TIMING_HOOK(BeginCommandBuffer),
    TIMING_HOOK(EndCommandBuffer),   TIMING_HOOK(ResetCommandBuffer),
    TIMING_HOOK(CmdBindPipeline),    TIMING_HOOK(CmdBindShadersEXT),
    TIMING_HOOK(CmdDispatch),        TIMING_HOOK(CmdDispatchBase),
    TIMING_HOOK(CmdDispatchBaseKHR), TIMING_HOOK(CmdDispatchIndirect),
    TIMING_HOOK(CmdExecuteCommands), {NULL, NULL},
};
