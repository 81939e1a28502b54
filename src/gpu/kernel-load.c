/* SPDX-License-Identifier: Apache-2.0 */
/* From a shader file to SPIR-V words: compiled in another process, identified by its hash. */
#include <sha2.h>

#include "base/auto.h"
#include "gpu/compile-client.h"
#include "gpu/pipeline.h"

static void hash(const uint32_t *words, size_t count, char out[static 65])
{
	SHA2_CTX ctx;
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)words, count * 4);
	SHA256Final(digest, &ctx);
	for (size_t i = 0; i < sizeof digest; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

int kernel_start(struct kernel *k, const struct request_kernel *q, const char *compiler,
		 struct fail *f)
{
	k->compile_job = (struct compile_job){.compiler = compiler,
					      .path = q->path,
					      .entry = q->entry,
					      .where = q->where,
					      .fd = q->fd,
					      .offset = q->offset,
					      .size = q->size,
					      .defines = q->defines,
					      .define_count = q->define_count,
					      .cached = k->cached,
					      .cached_count = k->cached_count};
	k->compiler = compile_start(&k->compile_job, f);
	return k->compiler ? 0 : -1;
}

/* A module from the cache that is refused now, for whatever reason, counts as none. */
static int finish(struct kernel *k, const struct compile_target *target, struct compiled *ret,
		  struct fail *f)
{
	if (compile_finish(TAKE_PTR(k->compiler), target, ret, f) == 0) {
		k->was_cached = k->compile_job.cached;
		return 0;
	}
	if (!k->compile_job.cached || f->reason != END_BAD_JOB)
		return -1;
	*f = FAIL_INIT;
	k->compile_job.cached = NULL;
	k->compiler = compile_start(&k->compile_job, f);
	return k->compiler ? compile_finish(TAKE_PTR(k->compiler), target, ret, f) : -1;
}

int kernel_load(struct kernel *k, const struct request_kernel *q, struct gpu *g, struct fail *f)
{
	struct compiled result;
	uint32_t api = g->info->props.apiVersion;
	const struct compile_target target = {.api = api < g->vk->api ? api : g->vk->api,
					      .scalar = true};

	int rc = finish(k, &target, &result, f);
	free(TAKE_PTR(k->cached));
	if (rc < 0)
		return -1;
	AUTO_FREE uint32_t *words = result.words;
	k->compile_ns = result.cpu_ns;
	k->glsl = result.glsl || k->was_cached;
	hash(words, result.count, k->sha256);
	rc = kernel_from_words(k, q, words, result.count, g, f);
	if (rc == 0 && k->glsl) {
		k->module_count = result.count;
		k->module = TAKE_PTR(words);
	}
	return rc;
}
