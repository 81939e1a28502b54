/* SPDX-License-Identifier: Apache-2.0 */
/* Which GPUs vkjail-nvml is to be asked about. */
#pragma once

#include "host/host.h"
#include "plan/plan.h"
#include "watch/nvml.h"

/* Those of NVIDIA's that the job is given; nothing is started yet. */
void nvidia_want(struct nvml *n, const struct plan *p, const struct host *h);
