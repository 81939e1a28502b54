/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that the device generates from a buffer. Sequences run without barriers between them, so one of them has
 * work groups and the others have none: which did its work shows in the numbers, how many there were does not.
 */
#include <stdlib.h>
#include <string.h>

#include "clients/objects.h"

enum { PLENTY = 4096 };

/* A buffer that the host writes and the device knows by its address. */
struct room {
	VkBuffer buffer;
	VkDeviceMemory memory;
	uint32_t *data;
	VkDeviceAddress at;
};

static struct room room_new(const struct gpu *g, VkDeviceSize size, uint64_t usage)
{
	const struct wide_flags wide = {.sType = S_BUFFER_USAGE_2,
					.flags = usage | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT};
	VkBufferCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .pNext = &wide, .size = size};
	VkMemoryAllocateFlagsInfo flags = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
					   .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
	const VkMemoryPropertyFlags want = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
					   VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
	VkPhysicalDeviceMemoryProperties types;
	VkMemoryRequirements need;
	struct room r;

	check(vkCreateBuffer(g->device, &info, NULL, &r.buffer), "vkCreateBuffer");
	vkGetBufferMemoryRequirements(g->device, r.buffer, &need);
	vkGetPhysicalDeviceMemoryProperties(g->physical, &types);
	VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
					 .pNext = &flags,
					 .allocationSize = need.size};
	for (uint32_t i = types.memoryTypeCount; i-- > 0;)
		if (need.memoryTypeBits & 1u << i &&
		    (types.memoryTypes[i].propertyFlags & want) == want)
			allocate.memoryTypeIndex = i;
	check(vkAllocateMemory(g->device, &allocate, NULL, &r.memory), "vkAllocateMemory");
	check(vkBindBufferMemory(g->device, r.buffer, r.memory, 0), "vkBindBufferMemory");
	check(vkMapMemory(g->device, r.memory, 0, VK_WHOLE_SIZE, 0, (void **)&r.data), "map");
	VkBufferDeviceAddressInfo address = {.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO,
					     .buffer = r.buffer};
	r.at = vkGetBufferDeviceAddress(g->device, &address);
	return r;
}

static void room_free(const struct gpu *g, struct room *r)
{
	vkDestroyBuffer(g->device, r->buffer, NULL);
	vkFreeMemory(g->device, r->memory, NULL);
}

/* All that an execution needs. */
struct plan {
	VkIndirectCommandsLayoutEXT layout;
	VkIndirectExecutionSetEXT set;
	struct room commands, counter, scratch;
	VkGeneratedCommandsPipelineInfoEXT pipeline;
	VkGeneratedCommandsShaderInfoEXT shader;
	VkGeneratedCommandsInfoEXT info;
};

static void make_layout(const struct gpu *g, struct plan *p, VkFlags flags, int set_type)
{
	const VkIndirectCommandsExecutionSetTokenEXT which = {(uint32_t)set_type,
							      VK_SHADER_STAGE_COMPUTE_BIT};
	const bool has_set = set_type >= 0;
	VkIndirectCommandsLayoutTokenEXT tokens[2] = {
	    {.sType = S_LAYOUT_TOKEN, .type = TOKEN_EXECUTION_SET, .data.pExecutionSet = &which},
	    {.sType = S_LAYOUT_TOKEN, .type = TOKEN_DISPATCH, .offset = has_set ? 4 : 0}};
	VkIndirectCommandsLayoutCreateInfoEXT info = {.sType = S_LAYOUT_CREATE,
						      .flags = flags,
						      .shaderStages = VK_SHADER_STAGE_COMPUTE_BIT,
						      .indirectStride = has_set ? 16 : 12,
						      .pipelineLayout = g->layout,
						      .tokenCount = has_set ? 2 : 1,
						      .pTokens = has_set ? tokens : tokens + 1};

	check(vk.CreateIndirectCommandsLayoutEXT(g->device, &info, NULL, &p->layout), "layout");
}

/* Sequence `active` of `count` has work groups; with a set it takes the member `member` of it. */
static void fill(struct plan *p, bool has_set, uint32_t count, uint32_t active, uint32_t member)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *at = p->commands.data + (size_t)i * (has_set ? 4 : 3);
		if (has_set)
			*at++ = i == active ? member : 0;
		at[0] = i == active ? NUMBERS / LOCAL : 0;
		at[1] = at[2] = i == active;
	}
}

/* of: the pipeline or the shader that is bound, where there is no set. */
static void prepare(const struct gpu *g, struct plan *p, uint32_t count)
{
	const void *of = p->set            ? NULL
			 : p->shader.sType ? (const void *)&p->shader
					   : (const void *)&p->pipeline;
	VkGeneratedCommandsMemoryRequirementsInfoEXT ask = {.sType = S_GENERATED_MEMORY,
							    .pNext = of,
							    .indirectExecutionSet = p->set,
							    .indirectCommandsLayout = p->layout,
							    .maxSequenceCount = count};
	VkMemoryRequirements2 need = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};

	vk.GetGeneratedCommandsMemoryRequirementsEXT(g->device, &ask, &need);
	VkDeviceSize size = need.memoryRequirements.size;
	p->scratch = room_new(g, size ? size : PLENTY, BUFFER_USAGE_2_PREPROCESS);
	p->info = (VkGeneratedCommandsInfoEXT){.sType = S_GENERATED_INFO,
					       .pNext = of,
					       .shaderStages = VK_SHADER_STAGE_COMPUTE_BIT,
					       .indirectExecutionSet = p->set,
					       .indirectCommandsLayout = p->layout,
					       .indirectAddress = p->commands.at,
					       .indirectAddressSize = PLENTY,
					       .preprocessAddress = size ? p->scratch.at : 0,
					       .preprocessSize = size,
					       .maxSequenceCount = count};
}

static void plan_begin(const struct gpu *g, struct plan *p)
{
	memset(p, 0, sizeof *p);
	p->commands = room_new(g, PLENTY, VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT);
	p->counter = room_new(g, PLENTY, VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT);
}

/* Without a set: of the pipeline that is bound. */
static void plan_of_pipeline(const struct gpu *g, struct plan *p, VkFlags flags, VkPipeline pipeline)
{
	plan_begin(g, p);
	make_layout(g, p, flags, -1);
	p->pipeline = (VkGeneratedCommandsPipelineInfoEXT){.sType = S_GENERATED_PIPELINE,
							   .pipeline = pipeline};
}

static void plan_end(const struct gpu *g, struct plan *p)
{
	vk.DestroyIndirectCommandsLayoutEXT(g->device, p->layout, NULL);
	if (p->set)
		vk.DestroyIndirectExecutionSetEXT(g->device, p->set, NULL);
	room_free(g, &p->commands);
	room_free(g, &p->counter);
	room_free(g, &p->scratch);
}

static VkPipeline bindable(const struct gpu *g, uint32_t add, const char *name)
{
	const struct wide_flags flags = {.sType = S_PIPELINE_FLAGS_2,
					 .flags = PIPELINE_CREATE_2_INDIRECT_BINDABLE};

	return make_pipeline_with(g, add, name, &flags);
}

static VkCommandBuffer start(const struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
	return c;
}

/* One of its sequences did its work. */
static void did(struct gpu *g, const char *name, uint32_t add, uint64_t least, uint64_t most)
{
	expect(g, 1, add);
	count_generated(name, least, most);
}

/* ---- the patterns -------------------------------------------------------------------------- */

/* Of the bound pipeline, between dispatches of it; the number is the host's. */
void generated(struct gpu *g)
{
	VkPipeline seven = bindable(g, 7, "seven");
	struct plan p;

	plan_of_pipeline(g, &p, 0, seven);
	fill(&p, false, 8, 2, 0);
	prepare(g, &p, 8);
	VkCommandBuffer c = start(g);
	bind(g, c, seven);
	run(c, 2);
	vk.CmdExecuteGeneratedCommandsEXT(c, VK_FALSE, &p.info);
	barrier(c);
	bind(g, c, seven);
	run(c, 1);
	vk.CmdExecuteGeneratedCommandsEXT(c, VK_FALSE, &p.info);
	barrier(c);
	finish(g, c);
	expect(g, 3, 7);
	count_kernel("seven", 3);
	did(g, "seven", 7, 8, 8);
	did(g, "seven", 7, 8, 8);
	plan_end(g, &p);
	vkDestroyPipeline(g->device, seven, NULL);
}

/* How many there are stands in a buffer: fewer than the host says there may be. The fourth one would do something. */
void generated_count(struct gpu *g)
{
	VkPipeline seven = bindable(g, 7, "seven");
	struct plan p;

	plan_of_pipeline(g, &p, 0, seven);
	fill(&p, false, 8, 1, 0);
	memcpy(p.commands.data + 3 * 3, p.commands.data + 3, 12);
	prepare(g, &p, 8);
	*p.counter.data = 3;
	p.info.sequenceCountAddress = p.counter.at;
	VkCommandBuffer c = start(g);
	bind(g, c, seven);
	vk.CmdExecuteGeneratedCommandsEXT(c, VK_FALSE, &p.info);
	barrier(c);
	finish(g, c);
	did(g, "seven", 7, 0, 8);
	plan_end(g, &p);
	vkDestroyPipeline(g->device, seven, NULL);
}

void generated_object(struct gpu *g)
{
	VkShaderEXT seven = make_object(g, 7, "seven", VK_SHADER_CREATE_INDIRECT_BINDABLE_BIT_EXT);
	struct plan p;

	plan_begin(g, &p);
	make_layout(g, &p, 0, -1);
	p.shader = (VkGeneratedCommandsShaderInfoEXT){
	    .sType = S_GENERATED_SHADER, .shaderCount = 1, .pShaders = &seven};
	fill(&p, false, 5, 4, 0);
	prepare(g, &p, 5);
	VkCommandBuffer c = start(g);
	bind_object(g, c, seven);
	run(c, 1);
	vk.CmdExecuteGeneratedCommandsEXT(c, VK_FALSE, &p.info);
	barrier(c);
	finish(g, c);
	expect(g, 1, 7);
	count_kernel("seven", 1);
	did(g, "seven", 7, 5, 5);
	plan_end(g, &p);
	vk.DestroyShaderEXT(g->device, seven, NULL);
}

/* Which of two pipelines it is stands in the buffer. */
void generated_set(struct gpu *g)
{
	VkPipeline both[] = {bindable(g, 7, "seven"), bindable(g, 9, "nine")};
	VkIndirectExecutionSetPipelineInfoEXT of = {
	    .sType = S_SET_PIPELINE_INFO, .initialPipeline = both[0], .maxPipelineCount = 2};
	VkIndirectExecutionSetCreateInfoEXT info = {
	    .sType = S_EXECUTION_SET_CREATE, .type = SET_OF_PIPELINES, .info.pPipelineInfo = &of};
	VkWriteIndirectExecutionSetPipelineEXT write = {
	    .sType = S_WRITE_SET_PIPELINE, .index = 1, .pipeline = both[1]};
	struct plan p;

	plan_begin(g, &p);
	make_layout(g, &p, 0, SET_OF_PIPELINES);
	check(vk.CreateIndirectExecutionSetEXT(g->device, &info, NULL, &p.set), "set");
	vk.UpdateIndirectExecutionSetPipelineEXT(g->device, p.set, 1, &write);
	fill(&p, true, 3, 1, 1);
	prepare(g, &p, 3);
	VkCommandBuffer c = start(g);
	bind(g, c, both[0]);
	run(c, 1);
	vk.CmdExecuteGeneratedCommandsEXT(c, VK_FALSE, &p.info);
	barrier(c);
	bind(g, c, both[1]);
	run(c, 2);
	finish(g, c);
	expect(g, 1, 7);
	count_kernel("seven", 1);
	did(g, "generated", 9, 3, 3);
	expect(g, 2, 9);
	count_kernel("nine", 2);
	plan_end(g, &p);
	for (int i = 0; i < 2; i++)
		vkDestroyPipeline(g->device, both[i], NULL);
}

void generated_objects(struct gpu *g)
{
	const VkFlags flags = VK_SHADER_CREATE_INDIRECT_BINDABLE_BIT_EXT;
	VkShaderEXT both[] = {make_object(g, 7, "seven", flags), make_object(g, 9, "nine", flags)};
	static const VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0, 4};
	VkIndirectExecutionSetShaderLayoutInfoEXT layout = {
	    .sType = S_SET_SHADER_LAYOUT, .setLayoutCount = 1, .pSetLayouts = &g->set_layout};
	VkIndirectExecutionSetShaderInfoEXT of = {.sType = S_SET_SHADER_INFO,
						  .shaderCount = 1,
						  .pInitialShaders = both,
						  .pSetLayoutInfos = &layout,
						  .maxShaderCount = 2,
						  .pushConstantRangeCount = 1,
						  .pPushConstantRanges = &range};
	VkIndirectExecutionSetCreateInfoEXT info = {
	    .sType = S_EXECUTION_SET_CREATE, .type = SET_OF_SHADERS, .info.pShaderInfo = &of};
	VkWriteIndirectExecutionSetShaderEXT write = {
	    .sType = S_WRITE_SET_SHADER, .index = 1, .shader = both[1]};
	struct plan p;

	plan_begin(g, &p);
	make_layout(g, &p, 0, SET_OF_SHADERS);
	check(vk.CreateIndirectExecutionSetEXT(g->device, &info, NULL, &p.set), "set");
	vk.UpdateIndirectExecutionSetShaderEXT(g->device, p.set, 1, &write);
	fill(&p, true, 4, 2, 1);
	prepare(g, &p, 4);
	VkCommandBuffer c = start(g);
	bind_object(g, c, both[0]);
	vk.CmdExecuteGeneratedCommandsEXT(c, VK_FALSE, &p.info);
	barrier(c);
	finish(g, c);
	did(g, "generated", 9, 4, 4);
	plan_end(g, &p);
	for (int i = 0; i < 2; i++)
		vk.DestroyShaderEXT(g->device, both[i], NULL);
}

/* Prepared in a command buffer of its own; the pipeline gets its name when all is recorded. */
void generated_before(struct gpu *g)
{
	VkPipeline seven = bindable(g, 7, NULL);
	struct plan p;

	plan_of_pipeline(g, &p, LAYOUT_EXPLICIT_PREPROCESS, seven);
	fill(&p, false, 6, 0, 0);
	prepare(g, &p, 6);
	VkCommandBuffer before = start(g), c = start(g);
	bind(g, c, seven);
	vk.CmdPreprocessGeneratedCommandsEXT(before, &p.info, c);
	finish(g, before);
	vk.CmdExecuteGeneratedCommandsEXT(c, VK_TRUE, &p.info);
	set_name(g, VK_OBJECT_TYPE_PIPELINE, (uint64_t)seven, "seven");
	barrier(c);
	finish(g, c);
	did(g, "seven", 7, 6, 6);
	plan_end(g, &p);
	vkDestroyPipeline(g->device, seven, NULL);
}

/* In a command buffer that is submitted again and again. */
void generated_again(struct gpu *g)
{
	VkPipeline seven = bindable(g, 7, "seven");
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
	struct plan p;

	plan_of_pipeline(g, &p, 0, seven);
	fill(&p, false, 4, 3, 0);
	prepare(g, &p, 4);
	begin(c, 0);
	bind(g, c, seven);
	vk.CmdExecuteGeneratedCommandsEXT(c, VK_FALSE, &p.info);
	barrier(c);
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	for (int i = 0; i < 20; i++) {
		submit(g, 1, &c, g->fence);
		wait_fence(g);
		did(g, "seven", 7, 4, 4);
	}
	plan_end(g, &p);
	vkDestroyPipeline(g->device, seven, NULL);
}

/* As `endless`. */
void generated_endless(struct gpu *g)
{
	VkPipeline seven = bindable(g, 7, "seven");
	struct plan p;

	plan_of_pipeline(g, &p, 0, seven);
	fill(&p, false, 4, 0, 0);
	prepare(g, &p, 4);
	for (int i = 0; i < 2; i++) {
		VkCommandBuffer c = start(g);
		bind(g, c, seven);
		push_rounds(g, c, i ? UINT32_MAX : 1);
		vk.CmdExecuteGeneratedCommandsEXT(c, VK_FALSE, &p.info);
		finish(g, c);
	}
}
