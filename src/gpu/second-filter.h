/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second seccomp filter: what the supervisor hands over for it goes onto this process, with all of the driver's
 * threads, once the device is open and every shader is a pipeline. seccomp(2).
 */
#pragma once

#include "gpu/gpu.h"
#include "gpu/request.h"

/* Before the driver is loaded: its cache of shaders on disk would be opened at the first dispatch. */
void second_filter_announce(const struct request *q);

/* Nothing to do where the request has none. A filter that cannot be put on ends the job (END_FAILED). */
int second_filter_install(const struct request *q, const struct gpu *g, struct fail *f);
