/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor sets: which buffer, image or sampler stands at which binding of which step. */
#include "base/auto.h"
#include "gpu/image.h"
#include "gpu/pipeline.h"

static const enum spirv_kind bound_kinds[] = {SPIRV_STORAGE,  SPIRV_UNIFORM, SPIRV_STORAGE_IMAGE,
					      SPIRV_COMBINED, SPIRV_TEXTURE, SPIRV_SAMPLER};

static VkDeviceSize range_of(const struct gpu_buffer *b, const struct spirv_binding *at,
			     const struct gpu *g)
{
	uint32_t most = g->info->props.limits.maxUniformBufferRange;
	return at->kind == SPIRV_UNIFORM && b->size > most ? most : VK_WHOLE_SIZE;
}

static void write_sets(const struct step *s, const struct gpu_buffer *buffers, struct gpu *g)
{
	VkDescriptorBufferInfo as_buffer[SPIRV_BINDINGS];
	VkDescriptorImageInfo as_image[SPIRV_BINDINGS];
	VkWriteDescriptorSet writes[SPIRV_BINDINGS];
	uint32_t count = (uint32_t)s->kernel->info.binding_count;

	for (uint32_t i = 0; i < count; i++) {
		const struct spirv_binding *at = &s->kernel->info.bindings[i];
		const struct gpu_buffer *b = &buffers[s->bind[i]];
		bool plain = at->kind == SPIRV_STORAGE || at->kind == SPIRV_UNIFORM;
		as_buffer[i] = (VkDescriptorBufferInfo){.buffer = b->buffer,
							.range = range_of(b, at, g)};
		as_image[i] = (VkDescriptorImageInfo){
		    .sampler = b->image ? b->image->sampler : VK_NULL_HANDLE,
		    .imageView = b->image ? b->image->view : VK_NULL_HANDLE,
		    .imageLayout = b->image ? b->image->layout : VK_IMAGE_LAYOUT_UNDEFINED,
		};
		writes[i] = (VkWriteDescriptorSet){
		    .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
		    .dstSet = s->sets[at->set],
		    .dstBinding = at->binding,
		    .descriptorCount = 1,
		    .descriptorType = kernel_descriptor(at->kind),
		    .pBufferInfo = plain ? &as_buffer[i] : NULL,
		    .pImageInfo = plain ? NULL : &as_image[i],
		};
	}
	if (count)
		g->UpdateDescriptorSets(g->device, count, writes, 0, NULL);
}

static int make_pool(const struct step *steps, size_t count, struct gpu *g,
		     VkDescriptorPool *ret_pool, struct fail *f)
{
	VkDescriptorPoolSize sizes[COUNTOF(bound_kinds)];
	uint32_t sets = 1; /* a pool of nothing is not allowed */

	for (size_t i = 0; i < COUNTOF(bound_kinds); i++)
		sizes[i] = (VkDescriptorPoolSize){.type = kernel_descriptor(bound_kinds[i]),
						  .descriptorCount = 1};
	for (size_t i = 0; i < count; i++) {
		const struct kernel *k = steps[i].kernel;
		if (!k)
			continue;
		sets += k->set_count;
		for (size_t b = 0; b < k->info.binding_count; b++)
			for (size_t s = 0; s < COUNTOF(bound_kinds); s++)
				sizes[s].descriptorCount += k->info.bindings[b].kind ==
							    bound_kinds[s];
	}
	VkDescriptorPoolCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
	    .maxSets = sets,
	    .poolSizeCount = COUNTOF(sizes),
	    .pPoolSizes = sizes,
	};
	VkResult r = g->CreateDescriptorPool(g->device, &info, NULL, ret_pool);
	if (r == VK_SUCCESS)
		return 0;
	*ret_pool = VK_NULL_HANDLE;
	return fail_vk(f, r, "vkCreateDescriptorPool", "bind the buffers");
}

static bool has_images(const struct step *s)
{
	for (size_t i = 0; i < s->kernel->info.binding_count; i++)
		if (s->buffers[s->bind[i]].image)
			return true;
	return false;
}

int steps_bind(struct step *steps, size_t count, const struct gpu_buffer *buffers, struct gpu *g,
	       VkDescriptorPool *ret_pool, struct fail *f)
{
	if (make_pool(steps, count, g, ret_pool, f) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!steps[i].kernel)
			continue;
		VkDescriptorSetAllocateInfo sets = {
		    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
		    .descriptorPool = *ret_pool,
		    .descriptorSetCount = steps[i].kernel->set_count,
		    .pSetLayouts = steps[i].kernel->set_layouts,
		};
		VkResult r = g->AllocateDescriptorSets(g->device, &sets, steps[i].sets);
		if (r != VK_SUCCESS)
			return fail_vk(f, r, "vkAllocateDescriptorSets", "bind the buffers");
		write_sets(&steps[i], buffers, g);
		steps[i].buffers = buffers;
		steps[i].images = has_images(&steps[i]);
	}
	return 0;
}

void step_use(const struct step *s, struct gpu *g)
{
	for (size_t i = 0; s->images && i < s->kernel->info.binding_count; i++) {
		const struct spirv_binding *at = &s->kernel->info.bindings[i];
		const struct gpu_buffer *b = &s->buffers[s->bind[i]];
		if (at->kind == SPIRV_STORAGE || at->kind == SPIRV_UNIFORM)
			image_use_buffer(g, b, at->writes);
		else if (at->kind != SPIRV_SAMPLER)
			image_use(g, b, at->writes);
	}
}
