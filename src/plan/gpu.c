/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which GPUs the job is given. "all" is what the caller may open and what the scheduler's and the
 * vendors' variables leave; a list must lie within that. With a list, or compute.device: hardware,
 * the GPUs' own drivers are the only ones to be seen, so that one that is missing is an error and
 * not a job that silently runs on the CPU.
 */
#include "plan/gpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "plan/parts.h"

/* "0 (NVIDIA H200, pci:0000:01:00.0), 1 (...)" */
static const char *describe_all(struct arena *a, const struct gpu_list *all)
{
	const char *text = "";

	for (size_t i = 0; i < all->count; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", gpu_describe(a, &all->at[i]));
	return text;
}

static const char *join(struct arena *a, const char *const *list, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_printf(a, "%s%s%s", text, i ? " and " : "", list[i]);
	return text;
}

static bool is_meant(const struct host_gpu *g, const char *item)
{
	if (strncmp(item, "pci:", 4) == 0)
		return g->pci && gpu_same_pci(g->pci, item + 4);
	if (strncmp(item, "uuid:", 5) == 0)
		return gpu_has_uuid(g, item + 5);
	return strtoul(item, NULL, 10) == g->index;
}

static int no_access(struct plan *p, const struct host_gpu *g, const char *where, struct err *e)
{
	(void)err_os(e, g->os, where, "GPU %s cannot be opened", gpu_describe(&p->arena, g));
	(void)err_as_bad(e);
	if (g->os == EACCES)
		return err_hint(e,
				"ask for the group of %s, which is often 'render' (ls -l shows it)",
				g->nodes[0]);
	return err_hint(e, "a control group's device filter, such as a scheduler's, may forbid it");
}

struct choice {
	const struct gpu_list *all;
	struct gpu_visible visible;
	bool *given; /* of all */
};

static int choose_item(struct plan *p, const struct spec *spec, struct choice *c, const char *item,
		       struct err *e)
{
	const struct gpu_list *all = c->all;
	const struct gpu_visible *v = &c->visible;
	const struct host_gpu *found = NULL;

	if (strncmp(item, "pci:", 4) == 0 && !gpu_is_pci(item + 4))
		return err_bad(e, spec->gpu_where,
			       "'%s' is no PCI address such as 0000:01:00.0 or 01:00.0", item + 4);
	for (size_t i = 0; all->at && i < all->count; i++) {
		if (!is_meant(&all->at[i], item))
			continue;
		if (found)
			return err_bad(e, spec->gpu_where, "'%s' is the start of several UUIDs",
				       item);
		found = &all->at[i];
	}
	if (!found)
		return err_bad(e, spec->gpu_where,
			       "there is no GPU '%s' on this machine; there %s%s", item,
			       all->count ? "is " : "are no GPU device nodes at all",
			       describe_all(&p->arena, all));
	if (!v->allowed[found->index])
		return err_bad(e, spec->gpu_where, "GPU %s is not among those that %s leaves",
			       gpu_describe(&p->arena, found),
			       join(&p->arena, v->because, v->because_count));
	if (found->os)
		return no_access(p, found, spec->gpu_where, e);
	c->given[found->index] = true;
	return 0;
}

static int choose_items(struct plan *p, const struct spec *spec, struct choice *c, struct err *e)
{
	for (const char *at = spec->gpu_list; *at;) {
		size_t len = strcspn(at, ",");
		const char *item = arena_strndup(&p->arena, at, len);
		if (choose_item(p, spec, c, item, e) < 0)
			return -1;
		at += len + (at[len] == ',');
	}
	return 0;
}

/* A command that nobody asked a GPU for is given what there is, without a word about the rest. */
static bool is_asked_for(const struct spec *spec)
{
	return spec->gpu_where || spec->compute;
}

int gpu_choose(struct plan *p, const struct spec *spec, const struct gpu_list *all, struct err *e)
{
	bool *given = arena_alloc(&p->arena, all->count + 1);
	struct choice c = {.all = all, .given = given};

	gpu_visible_read(&p->arena, all, &c.visible);
	p->gpu_because = c.visible.because;
	p->gpu_because_count = c.visible.because_count;
	if (spec->gpu == GPU_CHOSEN && choose_items(p, spec, &c, e) < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++) {
		const struct host_gpu *g = &all->at[i];
		bool is_allowed = spec->gpu == GPU_ALL && c.visible.allowed[i];
		if (is_allowed && g->os && is_asked_for(spec))
			plan_warn(p, "GPU %s is left out: its nodes cannot be opened: %s",
				  gpu_describe(&p->arena, g), strerrordesc_np(g->os));
		given[i] = given[i] || (is_allowed && !g->os);
		if (!given[i])
			continue;
		p->gpus = arena_grow(&p->arena, p->gpus, p->gpu_count, sizeof *p->gpus);
		p->gpus[p->gpu_count++] = *g;
	}
	if (p->gpu_count < all->count)
		gpu_visible_inside(p, all, &c.visible, given);
	return 0;
}

/* compute.device: hardware, with no GPU in the job. */
static int no_hardware(struct plan *p, const struct spec *spec, const struct gpu_list *all,
		       struct err *e)
{
	const char *where = spec->compute->where;

	if (spec->gpu == GPU_NONE)
		return err_bad(e, where,
			       "device is 'hardware', but the job is given no GPU (gpu: none)");
	if (all->count == 0) {
		(void)err_bad(
		    e, where,
		    "device is 'hardware', but this machine has no GPU device nodes (/dev/dri/renderD*, /dev/nvidia*, /dev/dxg)");
		return err_hint(
		    e, "load the GPU's kernel driver, or in a container pass the nodes in");
	}
	for (size_t i = 0; i < all->count && p->gpu_because_count == 0; i++)
		if (all->at[i].os)
			return no_access(p, &all->at[i], where, e);
	return err_bad(e, where, "device is 'hardware', but %s leaves none of the GPUs %s",
		       join(&p->arena, p->gpu_because, p->gpu_because_count),
		       describe_all(&p->arena, all));
}

/* A GPU without a Vulkan driver: for a compute job an error, for a program that may use CUDA a warning. */
static int no_driver(struct plan *p, const struct spec *spec, const struct host_gpu *g,
		     struct err *e)
{
	const char *gpu = gpu_describe(&p->arena, g);

	if (!p->drivers_only) {
		if (is_asked_for(spec))
			plan_warn(
			    p,
			    "GPU %s has no Vulkan driver manifest (one that names %s*), so Vulkan programs may get a software driver",
			    gpu, icd_library(g));
		return 0;
	}
	if (!spec->compute || p->driver_count > 0) {
		plan_warn(
		    p,
		    "GPU %s has no Vulkan driver manifest (one that names %s*), so Vulkan programs do not see it",
		    gpu, icd_library(g));
		return 0;
	}
	(void)err_bad(
	    e, spec->compute->where,
	    "GPU %s has no Vulkan driver: no manifest in /etc/vulkan/icd.d or /usr/share/vulkan/icd.d names a library %s*",
	    gpu, icd_library(g));
	return err_hint(e, "install it (Debian: %s), or name its manifest with --driver",
			g->vendor == VENDOR_NVIDIA ? "nvidia-vulkan-icd" : "mesa-vulkan-drivers");
}

int plan_gpu(struct plan *p, const struct spec *spec, struct err *e)
{
	const struct host_gpu *missing;
	struct gpu_list all = {.at = NULL};
	bool software = spec->compute && spec->compute->device == DEVICE_SOFTWARE;
	bool hardware = spec->compute && spec->compute->device == DEVICE_HARDWARE;

	if (spec->gpu != GPU_NONE)
		gpu_find(&p->arena, "", &all);
	if (spec->gpu != GPU_NONE && gpu_choose(p, spec, &all, e) < 0)
		return -1;
	if (spec->driver)
		return 0;
	if (hardware && p->gpu_count == 0)
		return no_hardware(p, spec, &all, e);
	p->drivers_only = hardware || (spec->gpu == GPU_CHOSEN && !software);
	icd_find(p, "", &missing);
	return missing && !software ? no_driver(p, spec, missing, e) : 0;
}
