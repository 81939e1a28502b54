/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the groups that vkjail is in leave for a job: the tightest of each kind on the way up to the
 * root, or as far as it can be seen from here.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "cgroup/cgroup.h"
#include "cgroup/own.h"

/* "No limit" of v1 is the largest multiple of a page. */
#define V1_NONE (1ULL << 62)

/* The names of the files; in v1 the controllers have directories of their own. */
struct names {
	const char *memory_max, *memory_now, *reclaimable;
};
static const struct names names_v2 = {"memory.max", "memory.current", "inactive_file"};
static const struct names names_v1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
				      "total_inactive_file"};

static void lower(uint64_t value, uint64_t *to, const char **from, struct arena *a, const char *dir,
		  const char *file)
{
	if (value >= *to)
		return;
	*to = value;
	*from = arena_printf(a, "%s/%s", dir, file);
}

/* Pages of files that nobody has used for a while are given up before anything else: they are free. */
static void look_memory(struct arena *a, int dir, const char *path, const struct names *n,
			struct cgroup_available *ret)
{
	UNINITIALIZED char text[8192];
	uint64_t max = cgroup_read_number(dir, n->memory_max);
	uint64_t now = cgroup_read_number(dir, n->memory_now);

	if (max >= V1_NONE || now == CGROUP_UNKNOWN)
		return;
	uint64_t cache = cgroup_read(dir, "memory.stat", text, sizeof text) > 0
			     ? cgroup_find_key(text, n->reclaimable)
			     : 0;
	now -= cache < now ? cache : 0;
	lower(max > now ? max - now : 0, &ret->memory_bytes, &ret->memory_from, a, path,
	      n->memory_max);
}

static void look_tasks(struct arena *a, int dir, const char *path, struct cgroup_available *ret)
{
	uint64_t max = cgroup_read_number(dir, "pids.max");
	uint64_t now = cgroup_read_number(dir, "pids.current");

	if (max != CGROUP_UNKNOWN && now != CGROUP_UNKNOWN)
		lower(max > now ? max - now : 0, &ret->tasks, &ret->tasks_from, a, path,
		      "pids.max");
}

/* "QUOTA PERIOD" in v2, two files in v1. */
static void look_cpu(struct arena *a, int dir, const char *path, struct cgroup_available *ret)
{
	char text[64], *end;

	if (cgroup_read(dir, "cpu.max", text, sizeof text) > 0) {
		unsigned long long quota = strtoull(text, &end, 10);
		unsigned long long period = strtoull(end, NULL, 10);
		if (end != text && period)
			lower(quota * 100 / period, &ret->cpu_percent, &ret->cpu_from, a, path,
			      "cpu.max");
		return;
	}
	uint64_t period = cgroup_read_number(dir, "cpu.cfs_period_us");
	if (period == CGROUP_UNKNOWN || period == 0 ||
	    cgroup_read(dir, "cpu.cfs_quota_us", text, sizeof text) <= 0 || text[0] == '-')
		return;
	lower(strtoull(text, NULL, 10) * 100 / period, &ret->cpu_percent, &ret->cpu_from, a, path,
	      "cpu.cfs_quota_us");
}

static void look_up(struct arena *a, const char *start, const struct names *n,
		    struct cgroup_available *ret)
{
	char *path = arena_strdup(a, start);
	struct stat first, st;

	/* As far as the file system goes. */
	if (stat(path, &first) < 0)
		return;
	while (stat(path, &st) == 0 && st.st_dev == first.st_dev) {
		AUTO_FD int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return;
		look_memory(a, dir, path, n, ret);
		look_tasks(a, dir, path, ret);
		look_cpu(a, dir, path, ret);
		char *slash = strrchr(path, '/');
		if (!slash || slash == path)
			return;
		*slash = '\0';
	}
}

void cgroup_available(struct arena *a, struct cgroup_available *ret)
{
	static const enum cgroup_controller v1[] = {CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPU};
	struct mounts m;
	struct err ignored = ERR_INIT;

	*ret = (struct cgroup_available){
	    .memory_bytes = CGROUP_UNKNOWN, .tasks = CGROUP_UNKNOWN, .cpu_percent = CGROUP_UNKNOWN};
	if (own_load(&m, &ignored) == 0) {
		const char *dir = own_directory(a, &m, "");
		if (dir)
			look_up(a, dir, &names_v2, ret);
		for (size_t i = 0; i < COUNTOF(v1); i++) {
			dir = own_directory(a, &m, cgroup_controller_names[v1[i]]);
			if (dir)
				look_up(a, dir, &names_v1, ret);
		}
	}
	own_unload(&m);
}
