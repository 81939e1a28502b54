/* SPDX-License-Identifier: Apache-2.0 */
/* Which GPUs vkjail-nvml is to be asked about. */
#pragma once

#include "host/host.h"
#include "plan/plan.h"
#include "watch/nvml.h"

/* The node by which NVML is asked about it; NULL: it is not, as another driver has it, which tells in fdinfo. */
const char *nvidia_node(const struct host_gpu *g);

/* Those of NVIDIA's that the job is given; nothing is started yet. */
void nvidia_want(struct nvml *n, const struct plan *p, const struct host *h);

/* What NVML answers here and now, of the same GPUs. */
struct nvidia_answer {
	unsigned asked, told; /* GPUs; told <= asked */
	bool host_pids;       /* as in struct nvml */
	char driver[64];      /* its version; "": it told none */
	char why[256];        /* why it did not tell of all of them */
};

/* Asks through vkjail-nvml, as a run does; takes seconds where the driver does. */
void nvidia_ask(const struct plan *p, const struct host *h, struct nvidia_answer *ret);
