/* SPDX-License-Identifier: Apache-2.0 */
/* From a shader file to SPIR-V words: compiled in another process, identified by its hash. */
#include <nettle/sha2.h>

#include "base/auto.h"
#include "gpu/answer.h"
#include "gpu/compile-client.h"
#include "gpu/pipeline.h"

static void hash(const uint32_t *words, size_t count, char out[static 65])
{
	struct sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_init(&ctx);
	sha256_update(&ctx, count * 4, (const uint8_t *)words);
	sha256_digest(&ctx, sizeof digest, digest);
	for (size_t i = 0; i < sizeof digest; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

int kernel_load(struct kernel *k, const struct request_kernel *q, const char *compiler, struct gpu *g, struct fail *f)
{
	struct compile_job job = {.compiler = compiler, .path = q->path, .entry = q->entry, .where = q->where, .fd = q->fd};
	AUTO_FREE uint32_t *words = NULL;
	uint64_t start = now_ns();
	size_t count;

	if (compile_shader(&job, &words, &count, &k->glsl, f) < 0)
		return -1;
	k->compile_ns = now_ns() - start;
	hash(words, count, k->sha256);
	return kernel_from_words(k, q, words, count, g, f);
}
