/* SPDX-License-Identifier: Apache-2.0 */
/* The bindings of a kernel: checked against the device, made into descriptor set layouts. */
#include "base/auto.h"
#include "gpu/match.h"
#include "gpu/pipeline.h"

/* By enum spirv_kind. What makes up each kind is counted against a limit of its own. */
static const struct {
	VkDescriptorType type;
	const char *what, *limit;
	size_t offset; /* of the limit */
} kinds[] = {
#define LIMIT(name) #name, offsetof(VkPhysicalDeviceLimits, name)
    [SPIRV_STORAGE] = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, "storage buffers",
		       LIMIT(maxPerStageDescriptorStorageBuffers)},
    [SPIRV_UNIFORM] = {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, "uniform buffers",
		       LIMIT(maxPerStageDescriptorUniformBuffers)},
    [SPIRV_STORAGE_IMAGE] = {VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, "storage images",
			     LIMIT(maxPerStageDescriptorStorageImages)},
    [SPIRV_COMBINED] = {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, "textures with a sampler",
			LIMIT(maxPerStageDescriptorSamplers)},
    [SPIRV_TEXTURE] = {VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, "textures",
		       LIMIT(maxPerStageDescriptorSampledImages)},
    [SPIRV_SAMPLER] = {VK_DESCRIPTOR_TYPE_SAMPLER, "samplers",
		       LIMIT(maxPerStageDescriptorSamplers)},
#undef LIMIT
};

VkDescriptorType kernel_descriptor(enum spirv_kind kind)
{
	return kinds[kind].type;
}

static bool is_image(enum spirv_kind kind)
{
	return kind == SPIRV_STORAGE_IMAGE || kind == SPIRV_COMBINED || kind == SPIRV_TEXTURE;
}

/* Why nothing can be bound there, NULL: something can. */
static const char *refusal(const struct spirv_binding *b, const struct gpu *g)
{
	if (b->is_array)
		return "an array of descriptors; declare one binding for each element";
	if (b->set >= SETS_MAX)
		return "in a descriptor set above 3, and sets 0 to 3 can be bound";
	if (b->kind == SPIRV_OTHER)
		return "neither a buffer nor an image nor a sampler";
	if (is_image(b->kind) && b->image.dims == 0)
		return "not two- or three-dimensional, and only such images can be bound";
	if (is_image(b->kind) && !b->image.plain)
		return "an arrayed, multisampled or shadow image, and only plain ones can be bound";
	/* The validator took any layout, so what the device cannot do is found here and named. */
	bool block = b->kind == SPIRV_STORAGE || b->kind == SPIRV_UNIFORM;
	if (block && !b->layout.known && !g->scalar_layout)
		return "laid out in a way that is not followed, and the device does not have scalarBlockLayout";
	if (b->layout.rules == RULES_SCALAR && !g->scalar_layout)
		return "laid out by scalar rules, and the device does not have scalarBlockLayout";
	if (b->layout.rules == RULES_STD430 && !g->scalar_layout && !g->uniform_standard)
		return "a uniform block with std430 rules, and the device does not have uniformBufferStandardLayout";
	return NULL;
}

static int check_binding(const struct kernel *k, const struct spirv_binding *b, const struct gpu *g,
			 struct fail *f)
{
	const char *why = refusal(b, g);
	uint32_t range = g->info->props.limits.maxUniformBufferRange;
	char place[MATCH_PLACE];

	if (why)
		return fail_set(f, END_BAD_JOB, k->request->where, "kernel '%s': %s (%s) is %s",
				k->request->name, match_place(b, place), b->text, why);
	if (b->kind == SPIRV_UNIFORM && b->layout.bytes > range)
		return fail_set(
		    f, END_BAD_JOB, k->request->where,
		    "kernel '%s': %s (%s) is a uniform block of %llu bytes, the device allows %u (maxUniformBufferRange)",
		    k->request->name, match_place(b, place), b->text,
		    (unsigned long long)b->layout.bytes, range);
	return 0;
}

int kernel_check_bindings(const struct kernel *k, const struct gpu *g, struct fail *f)
{
	const char *limits = (const char *)&g->info->props.limits;
	uint32_t counts[COUNTOF(kinds)] = {0}, most;

	for (size_t i = 0; i < k->info.binding_count; i++) {
		if (check_binding(k, &k->info.bindings[i], g, f) < 0)
			return -1;
		counts[k->info.bindings[i].kind]++;
	}
	counts[SPIRV_TEXTURE] += counts[SPIRV_COMBINED];
	counts[SPIRV_SAMPLER] += counts[SPIRV_COMBINED];
	for (size_t i = 0; i < COUNTOF(kinds); i++) {
		memcpy(&most, limits + kinds[i].offset, sizeof most);
		if (counts[i] > most)
			return fail_set(f, END_BAD_JOB, k->request->where,
					"kernel '%s' has %u %s, the device allows %u (%s)",
					k->request->name, counts[i], kinds[i].what, most,
					kinds[i].limit);
	}
	return 0;
}

static int make_set_layout(struct kernel *k, uint32_t set, struct gpu *g, struct fail *f)
{
	VkDescriptorSetLayoutBinding bindings[SPIRV_BINDINGS];
	uint32_t count = 0;

	for (size_t i = 0; i < k->info.binding_count; i++)
		if (k->info.bindings[i].set == set)
			bindings[count++] = (VkDescriptorSetLayoutBinding){
			    .binding = k->info.bindings[i].binding,
			    .descriptorType = kernel_descriptor(k->info.bindings[i].kind),
			    .descriptorCount = 1,
			    .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
			};
	VkDescriptorSetLayoutCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
	    .bindingCount = count,
	    .pBindings = bindings,
	};
	VkResult r = g->CreateDescriptorSetLayout(g->device, &info, NULL, &k->set_layouts[set]);
	return r == VK_SUCCESS ? 0
			       : fail_vk(f, r, "vkCreateDescriptorSetLayout", "make a pipeline");
}

int kernel_make_layouts(struct kernel *k, struct gpu *g, struct fail *f)
{
	/* Sets that nothing is in stand between the others as empty ones. */
	k->set_count = 1;
	for (size_t i = 0; i < k->info.binding_count; i++)
		if (k->info.bindings[i].set >= k->set_count)
			k->set_count = k->info.bindings[i].set + 1;
	for (uint32_t set = 0; set < k->set_count; set++)
		if (make_set_layout(k, set, g, f) < 0)
			return -1;
	VkPushConstantRange range = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
				     .size = (k->info.push_bytes + 3) / 4 * 4};
	VkPipelineLayoutCreateInfo layout = {
	    .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
	    .setLayoutCount = k->set_count,
	    .pSetLayouts = k->set_layouts,
	    .pushConstantRangeCount = range.size ? 1 : 0,
	    .pPushConstantRanges = &range,
	};
	VkResult r = g->CreatePipelineLayout(g->device, &layout, NULL, &k->layout);
	return r == VK_SUCCESS ? 0 : fail_vk(f, r, "vkCreatePipelineLayout", "make a pipeline");
}

void kernel_layouts_done(struct kernel *k, struct gpu *g)
{
	if (k->layout)
		g->DestroyPipelineLayout(g->device, k->layout, NULL);
	for (size_t i = 0; i < SETS_MAX; i++)
		if (k->set_layouts[i])
			g->DestroyDescriptorSetLayout(g->device, k->set_layouts[i], NULL);
}
