/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both caches of a job, as far as vkjail-exec has to do with them: what comes in is checked like
 * anything else that was made elsewhere, what goes out is a file that the supervisor looks at.
 */
#pragma once

#include "gpu/pipeline.h"

/* SPIR-V of an earlier run for the kernels; those without it, or all, are compiled. Before kernel_start. */
void cache_load_modules(const struct request_cache *c, struct kernel *kernels, size_t count);
/* Leaves what was compiled; forgets the kernels' modules in any case. */
void cache_save_modules(const struct request_cache *c, struct kernel *kernels, size_t count);

/* g->pipelines, with what an earlier run left for this device and driver. */
void cache_open_pipelines(const struct request_cache *c, struct gpu *g);
/* Leaves them, when there is more than there was. */
void cache_save_pipelines(const struct request_cache *c, const struct gpu *g);
