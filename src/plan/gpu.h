/* SPDX-License-Identifier: Apache-2.0 */
/* Which GPUs the job is given, and which Vulkan drivers belong to them. Private to src/plan. */
#pragma once

#include "host/gpu.h"
#include "plan/plan.h"

/* What the scheduler's and the vendors' variables leave. */
struct gpu_visible {
	bool *allowed;        /* for each GPU of the list */
	const char **because; /* "CUDA_VISIBLE_DEVICES=1": those that took something away */
	size_t because_count;
	struct picked *picked; /* one for each variable; private */
};

/* Never gives more than all of the list. */
void gpu_visible_read(struct arena *a, const struct gpu_list *all, struct gpu_visible *ret);

/*
 * The variables as they have to be inside, where only those GPUs with given[i] are to be seen and are
 * counted from zero: "CUDA_VISIBLE_DEVICES=0" in p->gpu_env.
 */
void gpu_visible_inside(struct plan *p, const struct gpu_list *all, const struct gpu_visible *v,
			const bool *given);

/* p->gpus and what is said about them; the job is refused when it can't have what it asks for. */
int gpu_choose(struct plan *p, const struct spec *spec, const struct gpu_list *all, struct err *e);

/*
 * The driver manifests of root's system directories for the GPUs in p->gpus, in p->drivers. missing
 * gets the first GPU without one, or NULL.
 */
void icd_find(struct plan *p, const char *root, const struct host_gpu **missing);

/* The library that a GPU's driver has, for messages. */
const char *icd_library(const struct host_gpu *g);
