/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that plan_make is put together from; private to src/plan. */
#pragma once

#include "plan/plan.h"
#include "plan/tree.h"

/* The new root: system directories, devices, private directories, the working directory, the user's mounts. */
int plan_root(struct plan *p, const struct spec *spec, const struct host *host, struct err *e);

/* argv, envp and the paths to try. */
int plan_command(struct plan *p, const struct spec *spec, const struct host *host, struct err *e);

/* rlimit steps, who enforces what, and --require. */
int plan_limits(struct plan *p, const struct spec *spec, const struct host *host, struct err *e);
int plan_rlimit_steps(struct plan *p, const struct spec *spec, struct err *e);
/* The job's descriptors, and after them the limit on their number. */
int plan_descriptors(struct plan *p, const struct spec *spec, struct err *e);

/* Numbers for values that depend on this machine. Before all that uses p->limits. */
int plan_dynamic(struct plan *p, const struct spec *spec, const struct host *host, struct err *e);

/* The control group, when a limit gains by one: p->group, p->settings, the step. Before all other steps. */
int plan_cgroup(struct plan *p, const struct spec *spec, struct err *e);
/* One file of it. */
void plan_setting(struct plan *p, enum cgroup_controller c, const char *file, const char *value,
		  bool must);
/* Address space that the command's own program needs; 0 when it is no ELF file, or cannot be read from out here. */
uint64_t plan_image_bytes(const struct plan *p);

/* The devices that the job's control group lets through; after plan_cgroup and all steps that bind nodes. */
void plan_devices(struct plan *p);

/* The limits on block devices; after plan_cgroup_cover. */
int plan_io(struct plan *p, const struct spec *spec, struct err *e);
/*
 * Where the kernel counts memory of the job's GPUs: regions is its list. How many there are; with spec, the limit
 * device-memory is to be written into the group for each. NULL: only looked for.
 */
size_t plan_dmem(struct plan *p, const char *regions, const struct spec *spec);
/* What that enforces, over what would be without it. */
void plan_dmem_cover(struct plan *p);

/* What the group enforces and measures, over what would be without it. */
void plan_cgroup_cover(struct plan *p);

/* The landlock step, and what it allows: after all steps that make the new root. */
void plan_landlock(struct plan *p, const struct spec *spec);

/* Mounts the Vulkan drivers whose manifests are given, and hides the others. */
int plan_drivers(struct tree *t, const char *const *manifests, size_t count, struct err *e);

/* Which GPUs and drivers the job gets, or why it is refused: p->gpus, p->drivers. Before the new root. */
int plan_gpu(struct plan *p, const struct spec *spec, struct err *e);

/* The working directory and what the user mounts. */
int plan_user_mounts(struct tree *t, const struct spec *spec, struct err *e);

/* The directory /etc/vulkan, without what is to come from elsewhere. */
int plan_vulkan_config(struct tree *t, const struct spec *spec, struct err *e);
/* The Vulkan layer, its manifest and the place of its socket; after all other mounts. p->telemetry, p->telemetry_why. */
void plan_telemetry(struct tree *t, const struct spec *spec);

/* A host path shown at the same place, if it exists. Symbolic links stay links. */
int plan_show_path(struct tree *t, const char *path, unsigned flags, struct err *e);
