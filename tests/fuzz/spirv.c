/* SPDX-License-Identifier: Apache-2.0 */
/* SPIR-V before any validator has seen it: reflection, sizes, the patched copy. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "gpu/spirv-patch.h"
#include "gpu/spirv.h"

static void reflect(const uint32_t *words, size_t count)
{
	static struct spirv_info info;
	struct spirv m;
	struct err e = ERR_INIT;

	if (spirv_open(&m, words, count, "main", "x.spv", &e) < 0)
		return;
	if (spirv_reflect(&m, "x.spv", &info, &e) == 0)
		(void)spirv_sizes(&m, "x.spv", &info, &e);
	spirv_done(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t groups[3] = {7, 3, 1};
	size_t count = size / sizeof(uint32_t), patched_count;
	/* Of exactly this size, so that a word read too many is seen. */
	uint32_t *words = malloc(count ? count * sizeof *words : 1), *patched = NULL;
	const char *why;

	if (!words)
		abort();
	memcpy(words, data, count * sizeof *words);
	reflect(words, count);
	(void)spirv_wants_groups(words, count);
	if (spirv_patch_groups(words, count, groups, &patched, &patched_count, &why) == 0)
		reflect(patched, patched_count);
	free(patched);
	free(words);
	return 0;
}
