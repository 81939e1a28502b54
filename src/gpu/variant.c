/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline for a step. In a chunk gl_NumWorkGroups would be the chunk's number of groups, so a
 * kernel that asks for it gets one pipeline for each grid, with the number written in.
 */
#include "base/auto.h"
#include "gpu/pipeline.h"
#include "gpu/run.h"
#include "gpu/spirv-patch.h"

static int run_whole(struct step *s, const char *why)
{
	s->whole = true;
	if (!s->kernel->whole)
		s->kernel->whole = why;
	return 0;
}

static struct variant *find(const struct kernel *k, const uint32_t groups[static 3])
{
	for (size_t i = 0; i < k->variant_count; i++)
		if (memcmp(k->variants[i].groups, groups, sizeof k->variants[i].groups) == 0)
			return &k->variants[i];
	return NULL;
}

static int add(struct step *s, struct gpu *g, struct fail *f)
{
	struct kernel *k = s->kernel;
	AUTO_FREE uint32_t *words = NULL;
	const char *why;
	size_t count;

	if (k->variant_count == VARIANTS_MAX)
		return run_whole(s, "it uses gl_NumWorkGroups and has too many different grids");
	if (spirv_patch_groups(k->words, k->word_count, s->groups, &words, &count, &why) < 0)
		return run_whole(s, why);
	/* All at once: steps keep pointers to them. */
	if (!k->variants)
		k->variants = calloc(VARIANTS_MAX, sizeof *k->variants);
	if (!k->variants) {
		(void)fail_set(f, END_FAILED, NULL, "out of memory");
		return -1;
	}
	struct variant *v = &k->variants[k->variant_count];
	memcpy(v->groups, s->groups, sizeof v->groups);
	if (kernel_pipeline(k, words, count, g, &v->pipeline, f) < 0)
		return -1;
	k->variant_count++;
	s->variant = v;
	return 0;
}

int step_variant(struct step *s, bool never, struct gpu *g, struct fail *f)
{
	struct kernel *k = s->kernel;
	uint64_t total = chunk_total(s->groups);

	s->variant = &k->plain;
	if (never)
		return run_whole(s, "the job says chunk: none");
	if (s->request->is_indirect)
		return k->words
			   ? run_whole(s, "it uses gl_NumWorkGroups and is dispatched indirectly")
			   : 0;
	if (total == UINT64_MAX)
		return run_whole(s, "it has more work groups than can be counted");
	/* Too few groups to be cut: the device's own number is the right one. */
	if (total <= run_floor(g) || !k->words)
		return 0;
	struct variant *v = find(k, s->groups);
	if (!v)
		return add(s, g, f);
	s->variant = v;
	return 0;
}
