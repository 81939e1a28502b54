/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Vulkan program that dispatches what is no pipeline: shader objects, and commands that the device generates.
 *
 *     vk-objects ROUNDS.spv PATTERN...
 *
 * Each pattern prints "PATTERN dispatches N right|WRONG", and for each kernel "PATTERN kernel NAME dispatches N", or
 * "PATTERN generated NAME executions N least N most N". The patterns are rows of the table at the end; the two that are
 * endless never come back. Status 3: the device lacks an extension. BINARY in the environment is a file for the binary of
 * `binary`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/objects.h"

struct calls vk;

/* ---- the host's side ----------------------------------------------------------------------- */

static struct {
	char name[64];
	bool is_generated;
	uint64_t dispatches, least, most;
} kernels[KERNELS];
static size_t kernel_count;

static void count(const char *name, bool is_generated, uint64_t least, uint64_t most)
{
	size_t i = 0;

	while (i < kernel_count &&
	       (strcmp(kernels[i].name, name) != 0 || kernels[i].is_generated != is_generated))
		i++;
	if (i == KERNELS)
		exit(1);
	kernel_count += i == kernel_count;
	(void)snprintf(kernels[i].name, sizeof kernels[i].name, "%s", name);
	kernels[i].is_generated = is_generated;
	kernels[i].dispatches += is_generated ? 1 : most;
	kernels[i].least += least;
	kernels[i].most += most;
}

void count_kernel(const char *name, uint64_t dispatches)
{
	count(name, false, dispatches, dispatches);
}

void count_generated(const char *name, uint64_t least, uint64_t most)
{
	count(name, true, least, most);
}

static void print_kernels(const char *pattern)
{
	for (size_t i = 0; i < kernel_count; i++) {
		(void)printf("%s %s %s %s %llu", pattern,
			     kernels[i].is_generated ? "generated" : "kernel", kernels[i].name,
			     kernels[i].is_generated ? "executions" : "dispatches",
			     (unsigned long long)kernels[i].dispatches);
		if (kernels[i].is_generated)
			(void)printf(" least %llu most %llu", (unsigned long long)kernels[i].least,
				     (unsigned long long)kernels[i].most);
		(void)putchar('\n');
	}
	kernel_count = 0;
	memset(kernels, 0, sizeof kernels);
}

/* ---- parts --------------------------------------------------------------------------------- */

static const VkShaderStageFlagBits compute = VK_SHADER_STAGE_COMPUTE_BIT;

/* What a compute shader object is made of, all but its code; valid until the next one. */
static VkShaderCreateInfoEXT object_info(const struct gpu *g, uint32_t add)
{
	static const VkSpecializationMapEntry entries[] = {{0, 0, 4}, {1, 4, 4}};
	static const VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0, 4};
	static uint32_t values[4][2];
	static VkSpecializationInfo special[4];
	static unsigned next;
	unsigned i = next++ % 4;

	values[i][0] = LOCAL;
	values[i][1] = add;
	special[i] = (VkSpecializationInfo){2, entries, sizeof values[i], values[i]};
	return (VkShaderCreateInfoEXT){
	    .sType = S_SHADER_CREATE_INFO,
	    .stage = VK_SHADER_STAGE_COMPUTE_BIT,
	    .codeType = VK_SHADER_CODE_TYPE_SPIRV_EXT,
	    .pName = "main",
	    .setLayoutCount = 1,
	    .pSetLayouts = &g->set_layout,
	    .pushConstantRangeCount = 1,
	    .pPushConstantRanges = &range,
	    .pSpecializationInfo = &special[i],
	};
}

static VkShaderCreateInfoEXT spirv_info(const struct gpu *g, uint32_t add)
{
	VkShaderCreateInfoEXT info = object_info(g, add);

	info.pCode = code_words(&info.codeSize);
	return info;
}

VkShaderEXT make_object(const struct gpu *g, uint32_t add, const char *name, VkFlags flags)
{
	VkShaderCreateInfoEXT info = spirv_info(g, add);
	VkShaderEXT shader;

	info.flags = flags;
	check(vk.CreateShadersEXT(g->device, 1, &info, NULL, &shader), "vkCreateShadersEXT");
	set_name(g, VK_OBJECT_TYPE_SHADER_EXT, (uint64_t)shader, name);
	return shader;
}

void bind_object(const struct gpu *g, VkCommandBuffer c, VkShaderEXT shader)
{
	vk.CmdBindShadersEXT(c, 1, &compute, &shader);
	bind_data(g, c);
}

void run(VkCommandBuffer c, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		barrier(c);
		vkCmdDispatch(c, NUMBERS / LOCAL, 1, 1);
	}
	barrier(c);
}

void finish(const struct gpu *g, VkCommandBuffer c)
{
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	submit(g, 1, &c, g->fence);
	wait_fence(g);
}

/* So many dispatches of the kernel of that name were made. */
static void did(struct gpu *g, const char *name, uint64_t dispatches, uint32_t add)
{
	expect(g, dispatches, add);
	count_kernel(name, dispatches);
}

static VkCommandBuffer start(const struct gpu *g)
{
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	begin(c, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
	return c;
}

/* ---- the patterns -------------------------------------------------------------------------- */

static void objects(struct gpu *g)
{
	VkShaderEXT seven = make_object(g, 7, "seven", 0), nine = make_object(g, 9, "nine", 0);
	VkCommandBuffer c = start(g);

	bind_object(g, c, seven);
	run(c, 3);
	bind_object(g, c, nine);
	run(c, 2);
	bind_object(g, c, seven);
	run(c, 1);
	finish(g, c);
	did(g, "seven", 3, 7);
	did(g, "nine", 2, 9);
	did(g, "seven", 1, 7);
	vk.DestroyShaderEXT(g->device, seven, NULL);
	vk.DestroyShaderEXT(g->device, nine, NULL);
}

/* Pipelines and shader objects unbind each other; stages of graphics are none of both. */
static void turns(struct gpu *g)
{
	static const VkShaderStageFlagBits graphics[] = {VK_SHADER_STAGE_VERTEX_BIT,
							 VK_SHADER_STAGE_FRAGMENT_BIT};
	VkShaderEXT seven = make_object(g, 7, "seven", 0), none = VK_NULL_HANDLE;
	VkCommandBuffer c = start(g);

	dispatch(g, c, 2);
	bind_object(g, c, seven);
	run(c, 3);
	bind(g, c, g->pipeline);
	run(c, 1);
	bind_object(g, c, seven);
	vk.CmdBindShadersEXT(c, 2, graphics, NULL);
	run(c, 4);
	vk.CmdBindShadersEXT(c, 1, &compute, NULL);
	bind(g, c, g->pipeline);
	vk.CmdBindShadersEXT(c, 2, graphics, NULL);
	run(c, 5);
	vk.CmdBindShadersEXT(c, 1, &compute, &none);
	bind_object(g, c, seven);
	run(c, 6);
	finish(g, c);
	did(g, "rounds", 2, 1);
	did(g, "seven", 3, 7);
	did(g, "rounds", 1, 1);
	did(g, "seven", 4, 7);
	did(g, "rounds", 5, 1);
	did(g, "seven", 6, 7);
	vk.DestroyShaderEXT(g->device, seven, NULL);
}

/* The same code with the same constants is one kernel, whatever it is in. */
static void same(struct gpu *g)
{
	VkShaderEXT one = make_object(g, 1, NULL, 0);
	VkCommandBuffer c = start(g);

	dispatch(g, c, 2);
	bind_object(g, c, one);
	run(c, 3);
	finish(g, c);
	did(g, "rounds", 5, 1);
	vk.DestroyShaderEXT(g->device, one, NULL);
}

static void resubmitted(struct gpu *g)
{
	VkShaderEXT seven = make_object(g, 7, "seven", 0);
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	begin(c, 0);
	bind_object(g, c, seven);
	run(c, 2);
	check(vkEndCommandBuffer(c), "vkEndCommandBuffer");
	for (int i = 0; i < 20; i++) {
		submit(g, 1, &c, g->fence);
		wait_fence(g);
	}
	did(g, "seven", 40, 7);
	vk.DestroyShaderEXT(g->device, seven, NULL);
}

static void in_secondary(struct gpu *g)
{
	VkShaderEXT seven = make_object(g, 7, "seven", 0);
	VkCommandBuffer s = buffer(g, VK_COMMAND_BUFFER_LEVEL_SECONDARY), c = start(g);

	begin(s, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
	bind_object(g, s, seven);
	run(s, 3);
	check(vkEndCommandBuffer(s), "vkEndCommandBuffer");
	dispatch(g, c, 1);
	vkCmdExecuteCommands(c, 1, &s);
	vkCmdExecuteCommands(c, 1, &s);
	bind_object(g, c, seven);
	run(c, 1);
	finish(g, c);
	did(g, "rounds", 1, 1);
	did(g, "seven", 7, 7);
	vk.DestroyShaderEXT(g->device, seven, NULL);
}

/* They come and go, and so do their handles; and so does a pipeline's. */
static void come_and_go(struct gpu *g)
{
	static const char *const names[] = {"eleven", "twelve", "thirteen"};
	VkCommandBuffer c = buffer(g, VK_COMMAND_BUFFER_LEVEL_PRIMARY);

	for (uint32_t i = 0; i < 30; i++) {
		VkPipeline p = make_pipeline(g, 5, "five");
		VkShaderEXT shader = make_object(g, 11 + i % 3, names[i % 3], 0);
		begin(c, 0);
		bind(g, c, p);
		run(c, 1);
		bind_object(g, c, shader);
		run(c, 1);
		finish(g, c);
		did(g, "five", 1, 5);
		did(g, names[i % 3], 1, 11 + i % 3);
		vkDestroyPipeline(g->device, p, NULL);
		vk.DestroyShaderEXT(g->device, shader, NULL);
	}
}

/* A stage of graphics that does nothing: void main() {} */
static VkShaderCreateInfoEXT empty_stage(VkShaderStageFlagBits stage, uint32_t words[static 36])
{
	bool is_vertex = stage == VK_SHADER_STAGE_VERTEX_BIT;
	const uint32_t code[] = {
	    0x07230203, 0x10000,    0,       6,       0,       0x20011,
	    1,          0x3000e,    0,       1,       0x5000f, is_vertex ? 0 : 4,
	    4,          0x6e69616d, 0,       0x30010, 4,       7,
	    0x20013,    2,          0x30021, 3,       2,       0x50036,
	    2,          4,          0,       3,       0x200f8, 5,
	    0x100fd,    0x10038,
	};
	const size_t mode = 15, count = sizeof code / 4;
	size_t n = 0;

	/* The origin of coordinates is a fragment shader's. */
	for (size_t i = 0; i < count; i++)
		if (!is_vertex || i < mode || i >= mode + 3)
			words[n++] = code[i];
	return (VkShaderCreateInfoEXT){
	    .sType = S_SHADER_CREATE_INFO,
	    .flags = VK_SHADER_CREATE_LINK_STAGE_BIT_EXT,
	    .stage = stage,
	    .nextStage = is_vertex ? VK_SHADER_STAGE_FRAGMENT_BIT : 0,
	    .codeType = VK_SHADER_CODE_TYPE_SPIRV_EXT,
	    .codeSize = n * 4,
	    .pCode = words,
	    .pName = "main",
	};
}

/* One call makes two stages that are linked, and two compute shaders between and after them. */
static void linked(struct gpu *g)
{
	uint32_t words[2][36];
	VkShaderCreateInfoEXT infos[] = {
	    empty_stage(VK_SHADER_STAGE_VERTEX_BIT, words[0]), spirv_info(g, 7),
	    empty_stage(VK_SHADER_STAGE_FRAGMENT_BIT, words[1]), spirv_info(g, 9)};
	VkShaderEXT made[4];

	check(vk.CreateShadersEXT(g->device, 4, infos, NULL, made), "vkCreateShadersEXT");
	set_name(g, VK_OBJECT_TYPE_SHADER_EXT, (uint64_t)made[0], "vertex");
	set_name(g, VK_OBJECT_TYPE_SHADER_EXT, (uint64_t)made[1], "seven");
	set_name(g, VK_OBJECT_TYPE_SHADER_EXT, (uint64_t)made[3], "nine");
	VkCommandBuffer c = start(g);
	bind_object(g, c, made[3]);
	run(c, 2);
	bind_object(g, c, made[1]);
	vk.CmdBindShadersEXT(c, 1, &infos[0].stage, &made[0]);
	run(c, 3);
	finish(g, c);
	did(g, "nine", 2, 9);
	did(g, "seven", 3, 7);
	for (int i = 0; i < 4; i++)
		vk.DestroyShaderEXT(g->device, made[i], NULL);
}

/* A binary that is none in the middle: what the call made all the same is used. */
static void partial(struct gpu *g)
{
	static const _Alignas(16) uint8_t garbage[64] = {1, 2, 3};
	VkShaderCreateInfoEXT infos[] = {spirv_info(g, 7), object_info(g, 8), spirv_info(g, 9)};
	static const char *const names[] = {"seven", "eight", "nine"};
	VkShaderEXT made[3];

	infos[1].codeType = VK_SHADER_CODE_TYPE_BINARY_EXT;
	infos[1].codeSize = sizeof garbage;
	infos[1].pCode = garbage;
	VkResult r = vk.CreateShadersEXT(g->device, 3, infos, NULL, made);
	(void)printf("partial: %d:%s%s%s\n", (int)r, made[0] ? " seven" : "",
		     made[1] ? " eight" : "", made[2] ? " nine" : "");
	for (uint32_t i = 0; i < 3; i++) {
		if (!made[i])
			continue;
		set_name(g, VK_OBJECT_TYPE_SHADER_EXT, (uint64_t)made[i], names[i]);
		VkCommandBuffer c = start(g);
		bind_object(g, c, made[i]);
		run(c, i + 1);
		finish(g, c);
		did(g, names[i], i + 1, 7 + i);
		vk.DestroyShaderEXT(g->device, made[i], NULL);
	}
}

void push_rounds(const struct gpu *g, VkCommandBuffer c, uint32_t rounds)
{
	vkCmdPushConstants(c, g->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof rounds, &rounds);
}

/* The second dispatch takes as long as nobody waits for: the first one, with the compiler in it, is over by then. */
static void endless(struct gpu *g)
{
	VkShaderEXT seven = make_object(g, 7, "seven", 0);

	for (int i = 0; i < 2; i++) {
		VkCommandBuffer c = start(g);
		bind_object(g, c, seven);
		push_rounds(g, c, i ? UINT32_MAX : 1);
		run(c, 1);
		finish(g, c);
	}
}

/* The driver's binary of one, and another one from that. */
static void binary(struct gpu *g)
{
	VkShaderEXT seven = make_object(g, 7, "seven", 0), again;
	VkShaderCreateInfoEXT info = object_info(g, 7);
	const char *path = getenv("BINARY");

	check(vk.GetShaderBinaryDataEXT(g->device, seven, &info.codeSize, NULL), "size of binary");
	void *data = aligned_alloc(16, (info.codeSize + 15) & ~(size_t)15);
	check(vk.GetShaderBinaryDataEXT(g->device, seven, &info.codeSize, data), "binary");
	info.codeType = VK_SHADER_CODE_TYPE_BINARY_EXT;
	info.pCode = data;
	check(vk.CreateShadersEXT(g->device, 1, &info, NULL, &again), "shader of a binary");
	FILE *f = path ? fopen(path, "we") : NULL;
	if (f && (fwrite(data, 1, info.codeSize, f) != info.codeSize || fclose(f) != 0))
		exit(1);
	free(data);
	VkCommandBuffer c = start(g);
	bind_object(g, c, seven);
	run(c, 2);
	bind_object(g, c, again);
	run(c, 3);
	finish(g, c);
	did(g, "seven", 2, 7);
	did(g, "binary", 3, 7);
	vk.DestroyShaderEXT(g->device, seven, NULL);
	vk.DestroyShaderEXT(g->device, again, NULL);
}

static const struct way {
	const char *name;
	bool is_generated;
	void (*run)(struct gpu *g);
} ways[] = {
    {"objects", false, objects},
    {"turns", false, turns},
    {"same", false, same},
    {"resubmitted", false, resubmitted},
    {"in-secondary", false, in_secondary},
    {"come-and-go", false, come_and_go},
    {"linked", false, linked},
    {"partial", false, partial},
    {"binary", false, binary},
    {"generated", true, generated},
    {"generated-count", true, generated_count},
    {"generated-object", true, generated_object},
    {"generated-set", true, generated_set},
    {"generated-objects", true, generated_objects},
    {"generated-before", true, generated_before},
    {"generated-again", true, generated_again},
    {"endless", false, endless},
    {"generated-endless", true, generated_endless},
};

static const struct way *way_of(const char *name)
{
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return NULL;
}

static bool open_for(struct gpu *g, const struct way *w)
{
	static const char *const names[] = {"VK_EXT_shader_object", "VK_KHR_maintenance5",
					    "VK_EXT_device_generated_commands"};
	struct switches generate = {.sType = S_GENERATED_FEATURES, .on = {VK_TRUE}};
	struct switches five = {
	    .sType = S_MAINTENANCE_5_FEATURES, .pNext = &generate, .on = {VK_TRUE}};
	struct switches object = {.sType = S_SHADER_OBJECT_FEATURES,
				  .pNext = w->is_generated ? &five : NULL,
				  .on = {VK_TRUE}};

	if (!open_gpu_with(g, w->is_generated ? 3 : 1, names, &object))
		return false;
#define CALL(name) vk.name = (PFN_vk##name)vkGetDeviceProcAddr(g->device, "vk" #name);
	OBJECT_CALLS(CALL)
	GENERATED_CALLS(CALL)
#undef CALL
	return true;
}

int main(int argc, char **argv)
{
	int wrong = 0;

	if (argc < 3)
		return 2;
	read_code(argv[1]);
	for (int i = 2; i < argc; i++) {
		const struct way *w = way_of(argv[i]);
		static struct gpu g;
		if (!w)
			return 2;
		if (!open_for(&g, w)) {
			(void)printf("%s: this device lacks an extension\n", w->name);
			return 3;
		}
		w->run(&g);
		check(vkDeviceWaitIdle(g.device), "vkDeviceWaitIdle");
		bool right = memcmp(g.data, g.expect, sizeof g.expect) == 0;
		wrong += !right;
		(void)printf("%s dispatches %llu %s\n", w->name, (unsigned long long)g.dispatches,
			     right ? "right" : "WRONG");
		print_kernels(w->name);
		(void)fflush(stdout);
		close_gpu(&g);
	}
	return wrong != 0;
}
