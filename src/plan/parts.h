/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that plan_make is put together from; private to src/plan. */
#pragma once

#include "plan/plan.h"

/* The new root: system directories, devices, private directories, the working directory, the user's mounts. */
int plan_root(struct plan *p, const struct spec *spec, const struct host *host, struct err *e);

/* argv, envp and the paths to try. */
int plan_command(struct plan *p, const struct spec *spec, const struct host *host, struct err *e);

/* rlimit steps, who enforces what, and --require. */
int plan_limits(struct plan *p, const struct spec *spec, const struct host *host, struct err *e);
int plan_rlimit_steps(struct plan *p, const struct spec *spec, struct err *e);

/* Mounts the one Vulkan driver whose manifest is given, and hides the others. */
struct mount_plan;
int plan_driver(struct mount_plan *m, const char *manifest, struct err *e);

/* ---- shared by root.c and driver.c ---- */
enum made_kind { MADE_DIRECTORY, MADE_FILE, MADE_LINK, MADE_BIND, MADE_TMPFS };

struct mount_plan {
	struct plan *plan;
	const struct host *host;
	const char *home; /* the home directory without '..' and links of the new root; "" when there is none */
	/* What already stands in the new root, so that nothing is made twice. */
	struct {
		const char *path;
		enum made_kind kind;
	} *made;
	size_t made_count;
};

/* Makes the missing directories above target (absolute path) and, unless it is covered, target itself. */
int mount_target(struct mount_plan *m, const char *target, bool directory, const char *where, struct err *e);
void mount_bind(struct mount_plan *m, const char *source, const char *target, unsigned flags);
