/* SPDX-License-Identifier: Apache-2.0 */
/* The groups that vkjail itself is in, and reading small files of groups. Private to src/cgroup. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "cgroup/cgroup.h"

struct mounts {
	char *text; /* /proc/self/mountinfo */
	char *own;  /* /proc/self/cgroup */
};

/* Whole, up to 8 MiB each. 0, or -1 with *e; own_unload in either case. */
int own_load(struct mounts *m, struct err *e);
void own_unload(struct mounts *m);

/* Our path in the hierarchy with this controller ("" for v2), as /proc/self/cgroup has it: "4:cpu,cpuacct:/a". */
bool own_path(const struct mounts *m, const char *controller, char *buf, size_t size);

/* The mount of the hierarchy, as the directory that is our group there. NULL when it cannot be seen. */
const char *own_directory(struct arena *a, const struct mounts *m, const char *controller);

/* The group's directory with the controller's files, or -1. */
static inline int cgroup_dir(const struct cgroup *g, enum cgroup_controller c)
{
	return g->place->version == CGROUP_V2 ? g->dir[0] : g->dir[c];
}

/* Reads a small file below a directory; zero-terminated. The length, or -1 with errno. */
ssize_t cgroup_read(int dir, const char *file, char *text, size_t size);

/* A file with one number. CGROUP_UNKNOWN when it is not there; "max" is no number. */
uint64_t cgroup_read_number(int dir, const char *file);

/* The value of "key value" in a flat keyed file. */
uint64_t cgroup_find_key(const char *text, const char *key);
