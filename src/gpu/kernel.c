/* SPDX-License-Identifier: Apache-2.0 */
/* From SPIR-V words to a pipeline: specialized, checked against the device, built. */
#include "base/auto.h"
#include "gpu/answer.h"
#include "gpu/pipeline.h"
#include "gpu/spirv-patch.h"

/* ---- specialization constants -------------------------------------------------------------- */

static int set_constant(struct spirv_spec *s, const struct request_constant *c, const char *label,
			const char *where, struct fail *f)
{
	unsigned char bytes[8] = {0};
	struct err e = ERR_INIT;

	if (s->type == TYPE_NONE)
		return fail_set(f, END_BAD_JOB, where,
				"constant '%s' has a type that cannot be given", label);
	if (number_encode(&c->value, s->type, bytes, &e) < 0)
		return fail_set(f, END_BAD_JOB, where, "constant '%s': %s", label, e.text);
	memcpy(&s->bits, bytes, sizeof s->bits);
	return 0;
}

static void list_constants(const struct spirv_info *info, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < info->spec_count && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%u%s%s", used ? ", " : "",
					 info->specs[i].id, info->specs[i].name[0] ? " " : "",
					 info->specs[i].name);
}

static int specialize(struct spirv_info *info, const struct request_kernel *q, struct fail *f)
{
	char label[SPIRV_NAME], list[200];

	for (size_t i = 0; i < q->constant_count; i++) {
		const struct request_constant *c = &q->constants[i];
		size_t found = 0;
		if (c->name)
			(void)snprintf(label, sizeof label, "%s", c->name);
		else
			(void)snprintf(label, sizeof label, "%u", c->id);
		for (size_t s = 0; s < info->spec_count; s++) {
			if (c->name ? strcmp(info->specs[s].name, c->name) != 0
				    : info->specs[s].id != c->id)
				continue;
			found++;
			if (set_constant(&info->specs[s], c, label, q->where, f) < 0)
				return -1;
		}
		if (found)
			continue;
		list_constants(info, list, sizeof list);
		return fail_set(f, END_BAD_JOB, q->where,
				"kernel '%s' has no specialization constant '%s'; it has %s",
				q->name, label, list[0] ? list : "none");
	}
	return 0;
}

/* ---- checks -------------------------------------------------------------------------------- */

static int check_size(const struct kernel *k, const struct gpu *g, struct fail *f)
{
	const VkPhysicalDeviceLimits *l = &g->info->props.limits;
	const struct request_kernel *q = k->request;
	const uint32_t *local = k->info.local_size;

	if (k->info.shared_bytes > l->maxComputeSharedMemorySize)
		return fail_set(
		    f, END_BAD_JOB, q->where,
		    "kernel '%s' declares %llu bytes of shared memory, the device has %u (maxComputeSharedMemorySize)",
		    q->name, (unsigned long long)k->info.shared_bytes,
		    l->maxComputeSharedMemorySize);
	if (k->info.push_bytes > l->maxPushConstantsSize || k->info.push_bytes > PUSH_BYTES_MAX)
		return fail_set(
		    f, END_BAD_JOB, q->where,
		    "kernel '%s' has %u bytes of push constants, %u is the most (maxPushConstantsSize)",
		    q->name, k->info.push_bytes,
		    l->maxPushConstantsSize < PUSH_BYTES_MAX ? l->maxPushConstantsSize
							     : PUSH_BYTES_MAX);
	if (!k->info.has_local_size)
		return 0;
	for (int i = 0; i < 3; i++)
		if (local[i] > l->maxComputeWorkGroupSize[i])
			return fail_set(
			    f, END_BAD_JOB, q->where,
			    "kernel '%s' has a local size of %u in %c, the device allows %u (maxComputeWorkGroupSize)",
			    q->name, local[i], "xyz"[i], l -> maxComputeWorkGroupSize[i]);
	uint64_t all = (uint64_t)local[0] * local[1] * local[2]; /* each is small by now */
	if (all > l->maxComputeWorkGroupInvocations)
		return fail_set(
		    f, END_BAD_JOB, q->where,
		    "kernel '%s' has %llu invocations in a group, the device allows %u (maxComputeWorkGroupInvocations)",
		    q->name, (unsigned long long)all, l->maxComputeWorkGroupInvocations);
	return 0;
}

static int check_module(const struct kernel *k, const struct gpu *g, struct fail *f)
{
	const struct request_kernel *q = k->request;
	uint32_t api = g->info->props.apiVersion < g->vk->api ? g->info->props.apiVersion
							      : g->vk->api;
	uint32_t newest = api >= VK_API_VERSION_1_3   ? 0x00010600
			  : api >= VK_API_VERSION_1_2 ? 0x00010500
						      : 0x00010300;
	char why[160];

	if (k->info.version > newest)
		return fail_set(f, END_BAD_JOB, q->where,
				"kernel '%s' is SPIR-V %u.%u, the device takes up to %u.%u",
				q->name, k->info.version >> 16, k->info.version >> 8 & 0xff,
				newest >> 16, newest >> 8 & 0xff);
	for (size_t i = 0; i < k->info.capability_count; i++)
		if (!gpu_has_capability(g, k->info.capabilities[i], why, sizeof why))
			return fail_set(f, END_BAD_JOB, q->where, "kernel '%s' needs SPIR-V %s",
					q->name, why);
	if (kernel_check_bindings(k, g, f) < 0)
		return -1;
	return check_size(k, g, f);
}

/* ---- the pipeline -------------------------------------------------------------------------- */

static int make_pipeline(struct kernel *k, VkShaderModule module, struct gpu *g, VkPipeline *ret,
			 struct fail *f)
{
	VkSpecializationMapEntry entries[SPIRV_SPECS];
	uint64_t values[SPIRV_SPECS];
	uint32_t count = 0;

	/* Every constant is given, the defaults too: then the pipeline has what was checked. */
	for (size_t i = 0; i < k->info.spec_count; i++) {
		const struct spirv_spec *s = &k->info.specs[i];
		if (s->type == TYPE_NONE)
			continue;
		values[count] = s->bits;
		entries[count] = (VkSpecializationMapEntry){
		    .constantID = s->id,
		    .offset = count * 8,
		    .size = s->type == TYPE_BOOL ? 4 : type_size(s->type),
		};
		count++;
	}
	VkSpecializationInfo special = {
	    .mapEntryCount = count,
	    .pMapEntries = entries,
	    .dataSize = count * sizeof values[0],
	    .pData = values,
	};
	VkComputePipelineCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
	    .flags = VK_PIPELINE_CREATE_DISPATCH_BASE_BIT, /* chunks start anywhere */
	    .stage =
		{
		    .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		    .stage = VK_SHADER_STAGE_COMPUTE_BIT,
		    .module = module,
		    .pName = k->request->entry,
		    .pSpecializationInfo = count ? &special : NULL,
		},
	    .layout = k->layout,
	    .basePipelineIndex = -1,
	};
	VkPipelineCreationFeedback whole = {.flags = 0}, stage = {.flags = 0};
	VkPipelineCreationFeedbackCreateInfo feedback = {
	    .sType = VK_STRUCTURE_TYPE_PIPELINE_CREATION_FEEDBACK_CREATE_INFO,
	    .pPipelineCreationFeedback = &whole,
	    .pipelineStageCreationFeedbackCount = 1,
	    .pPipelineStageCreationFeedbacks = &stage,
	};
	if (g->info->props.apiVersion >= VK_API_VERSION_1_3 && g->vk->api >= VK_API_VERSION_1_3)
		info.pNext = &feedback;
	VkResult r = g->CreateComputePipelines(g->device, g->pipelines, 1, &info, NULL, ret);
	k->pipeline_told |= whole.flags & VK_PIPELINE_CREATION_FEEDBACK_VALID_BIT;
	k->pipeline_missed |= !(whole.flags &
				VK_PIPELINE_CREATION_FEEDBACK_APPLICATION_PIPELINE_CACHE_HIT_BIT);
	return r == VK_SUCCESS ? 0 : fail_vk(f, r, "vkCreateComputePipelines", "make a pipeline");
}

int kernel_pipeline(struct kernel *k, const uint32_t *words, size_t count, struct gpu *g,
		    VkPipeline *ret, struct fail *f)
{
	VkShaderModuleCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
	    .codeSize = count * 4,
	    .pCode = words,
	};
	VkShaderModule module;
	uint64_t start = now_ns();

	VkResult r = g->CreateShaderModule(g->device, &info, NULL, &module);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkCreateShaderModule", "make a pipeline");
	int rc = make_pipeline(k, module, g, ret, f);
	g->DestroyShaderModule(g->device, module, NULL);
	k->pipeline_ns += now_ns() - start;
	return rc;
}

static int reflect(struct kernel *k, const uint32_t *words, size_t count, struct fail *f)
{
	const struct request_kernel *q = k->request;
	struct err e = ERR_INIT;
	struct spirv m;

	if (spirv_open(&m, words, count, q->entry, q->path, &e) < 0)
		return fail_err(f, END_BAD_JOB, q->where, &e);
	int rc = spirv_reflect(&m, q->path, &k->info, &e);
	if (rc == 0 && specialize(&k->info, q, f) < 0) {
		spirv_done(&m);
		return -1;
	}
	if (rc == 0)
		rc = spirv_sizes(&m, q->path, &k->info, &e);
	spirv_done(&m);
	return rc < 0 ? fail_err(f, END_BAD_JOB, q->where, &e) : 0;
}

static int keep_words(struct kernel *k, const uint32_t *words, size_t count)
{
	k->words = malloc(count * sizeof *words);
	if (!k->words)
		return -1;
	memcpy(k->words, words, count * sizeof *words);
	k->word_count = count;
	return 0;
}

int kernel_from_words(struct kernel *k, const struct request_kernel *q, const uint32_t *words,
		      size_t count, struct gpu *g, struct fail *f)
{
	k->request = q;
	stats_init(&k->stats);
	if (spirv_wants_groups(words, count) && keep_words(k, words, count) < 0)
		return fail_set(f, END_FAILED, NULL, "out of memory");
	if (reflect(k, words, count, f) < 0 || check_module(k, g, f) < 0)
		return -1;
	if (kernel_make_layouts(k, g, f) < 0)
		return -1;
	return kernel_pipeline(k, words, count, g, &k->plain.pipeline, f);
}

void kernel_done(struct kernel *k, struct gpu *g)
{
	for (size_t i = 0; i < k->variant_count; i++)
		g->DestroyPipeline(g->device, k->variants[i].pipeline, NULL);
	if (k->plain.pipeline)
		g->DestroyPipeline(g->device, k->plain.pipeline, NULL);
	free(k->variants);
	free(k->words);
	kernel_layouts_done(k, g);
}
