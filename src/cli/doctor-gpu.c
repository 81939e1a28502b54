/* SPDX-License-Identifier: Apache-2.0 */
/* See doctor.h. Each is asked in the way of a run, so that what is said here is what a report will have. */
#include <string.h>

#include "base/auto.h"
#include "cgroup/cgroup.h"
#include "cli/doctor.h"
#include "plan/parts.h"
#include "run/drm.h"
#include "run/nvidia.h"

/* No warning of it is ours: the check of the nodes has them. */
static void give_all(struct plan *plan, struct spec *spec)
{
	struct err ignored = ERR_INIT;

	*plan = (struct plan){0};
	spec_init(spec);
	(void)plan_gpu(plan, spec, &ignored);
}

static void give_back(struct plan *plan, struct spec *spec)
{
	plan_done(plan);
	spec_done(spec);
}

static const char *how_to_have_nvml(const char *why)
{
	if (strstr(why, "is not installed"))
		return "install all of vkjail's programs";
	if (strstr(why, "cannot load"))
		return "install libnvidia-ml.so.1 of the driver's version (Debian: libnvidia-ml1; a container: NVIDIA_DRIVER_CAPABILITIES=utility,...)";
	return "nvidia-smi has to work for this user; it asks the same library";
}

void doctor_nvml(const struct host *host, struct finding *f)
{
	struct nvidia_answer a;
	struct plan plan;
	struct spec spec;

	give_all(&plan, &spec);
	nvidia_ask(&plan, host, &a);
	if (a.asked && a.told < a.asked)
		doctor_find(
		    f, NOTE, how_to_have_nvml(a.why),
		    "what a job holds on %u of NVIDIA's GPUs is known from the job alone: %s",
		    a.asked - a.told, a.why);
	else if (a.asked && !a.host_pids)
		doctor_find(
		    f, NOTE, "the host's pid namespace for the container (docker run --pid=host)",
		    "NVML of driver %s answers, but its process numbers are the host's, and vkjail is in a container: not every process of a job may be found",
		    a.driver);
	else if (a.asked)
		doctor_find(f, GOOD, NULL,
			    "NVML of driver %s tells what a job holds on %u of NVIDIA's GPUs",
			    a.driver, a.told);
	give_back(&plan, &spec);
}

static const char *render_node(const struct host_gpu *g)
{
	for (size_t i = 0; i < g->node_count; i++)
		if (strncmp(g->nodes[i], "/dev/dri/renderD", 16) == 0)
			return g->nodes[i];
	return NULL;
}

void doctor_fdinfo(const struct host *host, struct finding *f)
{
	__attribute__((cleanup(arena_done))) struct arena arena = {0};
	const char *telling = "", *silent = "";
	struct plan plan;
	struct spec spec;

	(void)host;
	give_all(&plan, &spec);
	for (size_t i = 0; i < plan.gpu_count; i++) {
		const struct host_gpu *g = &plan.gpus[i];
		const char *node = render_node(g);
		char driver[DRM_DRIVER_SIZE];
		if (nvidia_node(g))
			continue;
		bool tells = node && drm_tells_memory(node, driver);
		const char **list = tells ? &telling : &silent;
		*list = arena_printf(&arena, "%s%s%s%s%s", *list, (*list)[0] ? ", " : "",
				     gpu_describe(&arena, g), tells ? " by " : "",
				     tells ? driver : "");
	}
	if (silent[0])
		doctor_find(
		    f, NOTE,
		    "a newer kernel, if the driver tells it at all: see 'DRM client usage stats' in the kernel's documentation",
		    "what a job holds on GPU %s is known from the job alone: no memory in the driver's fdinfo%s%s",
		    silent, telling[0] ? "; told of GPU " : "", telling);
	else if (telling[0])
		doctor_find(f, GOOD, NULL, "the kernel tells what a job holds on GPU %s", telling);
	give_back(&plan, &spec);
}

/* Where one can be had, the kernel's numbers are a wall: drivers of graphics cards have it count, NVIDIA's does not. */
void doctor_dmem(const struct host *host, struct finding *f)
{
	struct cgroup_place place;
	struct err ignored = ERR_INIT;
	struct plan plan;
	struct spec spec;
	size_t others = 0;

	(void)host;
	give_all(&plan, &spec);
	for (size_t i = 0; i < plan.gpu_count; i++)
		others += !nvidia_node(&plan.gpus[i]);
	const char *regions = others ? cgroup_regions(&plan.arena) : NULL;
	(void)plan_dmem(&plan, regions, &spec);
	(void)cgroup_find(&plan.arena, NULL, CGROUP_BIT(CGROUP_DMEM), 0, &place, &ignored);
	if (!regions && others)
		doctor_find(
		    f, NOTE, "Linux 6.14 or newer with CONFIG_CGROUP_DMEM, and a mounted cgroup2",
		    "the kernel does not hold the limit device-memory itself: it has no controller dmem");
	else if (regions && !plan.dmem)
		doctor_find(
		    f, NOTE, NULL,
		    "the kernel does not hold the limit device-memory itself: it has the controller dmem, but the drivers of these GPUs do not count in it");
	else if (regions && place.version == CGROUP_NONE && !place.by_systemd)
		doctor_find(
		    f, NOTE,
		    place.fix
			? place.fix
			: "see vkjail-sandbox(7), CONTROL GROUPS, for where one can come from",
		    "the kernel could hold the limit device-memory on %s, but there is no control group for it: %s",
		    plan.dmem, place.why ? place.why : "?");
	else if (regions)
		doctor_find(f, GOOD, NULL, "the kernel holds the limit device-memory on %s (%s)",
			    plan.dmem,
			    place.version == CGROUP_NONE ? "with a control group from systemd"
							 : place.source);
	give_back(&plan, &spec);
}
