/* SPDX-License-Identifier: Apache-2.0 */
/* See nvidia.h. */
#include "run/nvidia.h"

#include <stdio.h>
#include <string.h>

/* The one that stands for the GPU as a whole: "/dev/nvidia0". */
static const char *node_of(const struct host_gpu *g)
{
	for (size_t i = 0; i < g->node_count; i++)
		if (strncmp(g->nodes[i], "/dev/nvidia", 11) == 0 && !strchr(g->nodes[i] + 5, '/'))
			return g->nodes[i];
	return NULL;
}

void nvidia_want(struct nvml *n, const struct plan *p, const struct host *h)
{
	for (size_t i = 0; i < p->gpu_count; i++) {
		const struct host_gpu *g = &p->gpus[i];
		const char *node = g->vendor == VENDOR_NVIDIA ? node_of(g) : NULL;
		/* Without such a node it is nouveau's, which tells in fdinfo. */
		if (node)
			nvml_want(n, g->index, g->pci, node);
	}
	if (!n->devices)
		return;
	struct host with_helpers = *h;
	if (!with_helpers.libexec[0])
		host_find_helpers(&with_helpers);
	(void)snprintf(n->program, sizeof n->program, "%s/vkjail-nvml", with_helpers.libexec);
}
