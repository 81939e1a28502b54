/* SPDX-License-Identifier: Apache-2.0 */
/* The probe for the loop limit: one invocation, 100,000 iterations. */
#include "gpu/loop-limit.h"

#include "base/auto.h"
#include "gpu/pipeline.h"

enum { WANTED = 100000 };

/* Made from loop-limit.comp by vkjail-compile when vkjail is built. */
static const uint32_t words[] = {
#include "gpu/loop-limit.inc"
};

static int count_iterations(struct gpu *g, struct kernel *k, struct gpu_buffer *b, long long *ret,
			    struct fail *f)
{
	static const struct chunk one = {.count = {1, 1, 1}};
	size_t bind = 0;
	struct request_step request = {.bind = &bind, .bind_count = 1, .repeat = 1};
	struct step s = {.request = &request, .kernel = k, .variant = &k->plain};
	VkDescriptorPool pool;
	uint32_t counter[3] = {WANTED, 0, 0};

	if (!b->map)
		return 0; /* not a software driver after all */
	memcpy(b->map, counter, sizeof counter);
	int rc = steps_bind(&s, 1, b, g, &pool, f);
	if (rc == 0 && (rc = gpu_begin(g, f)) == 0) {
		step_record(&s, &one, g);
		gpu_barrier(g, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
			    VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
		rc = gpu_finish(g, f);
	}
	if (pool)
		g->DestroyDescriptorPool(g->device, pool, NULL);
	memcpy(counter, b->map, sizeof counter);
	if (rc == 0 && counter[1] != WANTED)
		*ret = counter[1];
	return rc;
}

int loop_limit_find(struct gpu *g, long long *ret, struct fail *f)
{
	static const struct request_kernel request = {
	    .name = "loop limit", .path = "loop limit", .entry = "main", .fd = -1};
	AUTO_FREE struct kernel *k = calloc(1, sizeof *k);
	struct gpu_buffer b;

	*ret = -1;
	if (g->info->driver_id != VK_DRIVER_ID_MESA_LLVMPIPE)
		return 0;
	if (!k)
		return fail_set(f, END_FAILED, NULL, "out of memory");
	if (gpu_buffer_create(g, 3 * sizeof(uint32_t), GPU_FOR_KERNELS, &b, f) < 0)
		return -1;
	int rc = kernel_from_words(k, &request, words, COUNTOF(words), g, f);
	if (rc == 0)
		rc = count_iterations(g, k, &b, ret, f);
	kernel_done(k, g);
	gpu_buffer_destroy(g, &b);
	return rc;
}
