/* SPDX-License-Identifier: Apache-2.0 */
/* See nvidia.h. */
#include "run/nvidia.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The one that stands for the GPU as a whole: "/dev/nvidia0". Without such a node it is nouveau's. */
const char *nvidia_node(const struct host_gpu *g)
{
	if (g->vendor != VENDOR_NVIDIA)
		return NULL;
	for (size_t i = 0; i < g->node_count; i++)
		if (strncmp(g->nodes[i], "/dev/nvidia", 11) == 0 && !strchr(g->nodes[i] + 5, '/'))
			return g->nodes[i];
	return NULL;
}

void nvidia_want(struct nvml *n, const struct plan *p, const struct host *h)
{
	for (size_t i = 0; i < p->gpu_count; i++) {
		const struct host_gpu *g = &p->gpus[i];
		const char *node = nvidia_node(g);
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

/* ---- asking ------------------------------------------------------------------------------- */

/* A driver that nobody uses takes seconds to begin; one that has told of a trouble has little more to tell. */
enum { ASK_MS = 15000, TROUBLE_MS = 1000 };

static uint64_t now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static unsigned count_told(const struct nvml *n)
{
	unsigned told = 0;

	for (unsigned i = 0; n->devices && i < n->count; i++)
		told += n->devices[i].read_ns > 0;
	return told;
}

static void hear(struct nvml *n)
{
	const struct nvml_job nobody = {.proc = "/proc", .root = getpid()};
	uint64_t end = now_ns() + ASK_MS * 1000000ull;

	while (n->fd >= 0 && count_told(n) < n->count) {
		struct pollfd p = {.fd = n->fd, .events = POLLIN};
		uint64_t now = now_ns();
		if (now >= end)
			return;
		if (poll(&p, 1, (int)((end - now) / 1000000) + 1) < 0 && errno != EINTR)
			return;
		bool was_well = !n->why[0];
		if (nvml_receive(n, &nobody) != NVML_END && was_well && n->why[0])
			end = now_ns() + TROUBLE_MS * 1000000ull;
	}
}

void nvidia_ask(const struct plan *p, const struct host *h, struct nvidia_answer *ret)
{
	struct nvml n = NVML_INIT;

	*ret = (struct nvidia_answer){0};
	nvidia_want(&n, p, h);
	ret->asked = n.count;
	n.interval_ns = 1000000000u;
	if (n.devices && nvml_start(&n)) {
		hear(&n);
		if (!n.why[0] && count_told(&n) < n.count)
			(void)snprintf(n.why, sizeof n.why, "no answer within %d s", ASK_MS / 1000);
		nvml_stop(&n, now_ns());
	}
	ret->told = count_told(&n);
	ret->host_pids = n.host_pids;
	(void)snprintf(ret->driver, sizeof ret->driver, "%s", n.driver);
	(void)snprintf(ret->why, sizeof ret->why, "%s", n.why);
	nvml_done(&n);
}
