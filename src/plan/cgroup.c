/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the job gets a control group, where, and what is written into it. Only when a limit gains
 * by it: making and removing a group costs a launch as much as ten mounts.
 */
#include <string.h>

#include "base/auto.h"
#include "base/cpus.h"
#include "plan/parts.h"

#define IO_V1                                                                                 \
	{                                                                                     \
		"cgroup v1 blkio.throttle", "cgroup v1 blkio.throttle.io_service_bytes", NULL \
	}
#define IO_V2                                                 \
	{                                                     \
		"cgroup v2 io.max", "cgroup v2 io.stat", NULL \
	}

/* The limits that the kernel can hold for a whole group, and the controller that does. */
static const struct {
	enum limit limit;
	enum cgroup_controller controller;
	bool v2_alone; /* in v2 without any controller */
	struct coverage v1, v2;
} covered[] = {
    {LIMIT_MEMORY,
     CGROUP_MEMORY,
     false,
     {"cgroup v1 memory.limit_in_bytes", "cgroup v1 memory.usage_in_bytes", NULL},
     {"cgroup v2 memory.max", "cgroup v2 memory.current", NULL}},
    {LIMIT_PROCESSES,
     CGROUP_PIDS,
     false,
     {"cgroup v1 pids.max", "cgroup v1 pids.current", NULL},
     {"cgroup v2 pids.max", "cgroup v2 pids.current", NULL}},
    {LIMIT_CPU,
     CGROUP_CPUACCT,
     true,
     {"timer over cgroup v1", "cgroup v1 cpuacct.usage", NULL},
     {"timer over cgroup v2", "cgroup v2 cpu.stat", NULL}},
    {LIMIT_CPU_QUOTA,
     CGROUP_CPU,
     false,
     {"cgroup v1 cpu.cfs_quota_us", "cgroup v1 cpu.stat", NULL},
     {"cgroup v2 cpu.max", "cgroup v2 cpu.stat", NULL}},
    {LIMIT_CPUS,
     CGROUP_CPUSET,
     false,
     {"cgroup v1 cpuset.cpus", NULL, NULL},
     {"cgroup v2 cpuset.cpus", NULL, NULL}},
    {LIMIT_IO_READ, CGROUP_IO, false, IO_V1, IO_V2},
    {LIMIT_IO_WRITE, CGROUP_IO, false, IO_V1, IO_V2},
    {LIMIT_IO_READ_OPS, CGROUP_IO, false, IO_V1, IO_V2},
    {LIMIT_IO_WRITE_OPS, CGROUP_IO, false, IO_V1, IO_V2},
};

void plan_setting(struct plan *p, enum cgroup_controller c, const char *file, const char *value,
		  bool must)
{
	p->settings = arena_grow(&p->arena, p->settings, p->setting_count, sizeof *p->settings);
	p->settings[p->setting_count++] = (struct cgroup_setting){
	    .controller = c, .file = file, .value = value, .must = must};
}

static const char *number(struct plan *p, uint64_t n)
{
	return arena_printf(&p->arena, "%llu", (unsigned long long)n);
}

/* The longest list: every second one of 1024. */
enum { QUOTA_PERIOD_US = 100000, CPU_LIST_BYTES = 4096 };

static void set_memory(struct plan *p, bool v2)
{
	const char *bytes = number(p, p->limits.value[LIMIT_MEMORY]);

	plan_setting(p, CGROUP_MEMORY, v2 ? "memory.max" : "memory.limit_in_bytes", bytes, true);
	/* Swapped memory is memory as well. Not every kernel counts it. */
	plan_setting(p, CGROUP_MEMORY, v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
		     v2 ? "0" : bytes, false);
	/* All or nothing: a job without one of its processes is no job. */
	if (v2)
		plan_setting(p, CGROUP_MEMORY, "memory.oom.group", "1", false);
}

static void set_limits(struct plan *p)
{
	bool v2 = p->group.version == CGROUP_V2;
	unsigned have = p->group.controllers;

	if (have & CGROUP_BIT(CGROUP_MEMORY) && limit_is_set(&p->limits, LIMIT_MEMORY))
		set_memory(p, v2);
	if (have & CGROUP_BIT(CGROUP_PIDS) && limit_is_set(&p->limits, LIMIT_PROCESSES))
		/* pid 1 of the sandbox is ours and does not count. */
		plan_setting(p, CGROUP_PIDS, "pids.max",
			     number(p, p->limits.value[LIMIT_PROCESSES] + 1), true);
	if (have & CGROUP_BIT(CGROUP_CPUSET) && limit_is_set(&p->limits, LIMIT_CPUS)) {
		char list[CPU_LIST_BYTES];
		plan_setting(p, CGROUP_CPUSET, "cpuset.cpus",
			     arena_strdup(&p->arena, cpus_print(&p->cpus, list, sizeof list)),
			     true);
	}
	if (have & CGROUP_BIT(CGROUP_CPU) && limit_is_set(&p->limits, LIMIT_CPU_QUOTA)) {
		uint64_t quota = p->limits.value[LIMIT_CPU_QUOTA] * (QUOTA_PERIOD_US / 100);
		if (v2) {
			plan_setting(p, CGROUP_CPU, "cpu.max",
				     arena_printf(&p->arena, "%llu %d", (unsigned long long)quota,
						  QUOTA_PERIOD_US),
				     true);
		} else {
			plan_setting(p, CGROUP_CPU, "cpu.cfs_period_us", number(p, QUOTA_PERIOD_US),
				     true);
			plan_setting(p, CGROUP_CPU, "cpu.cfs_quota_us", number(p, quota), true);
		}
	}
}

void plan_cgroup_cover(struct plan *p)
{
	for (size_t i = 0; i < COUNTOF(covered); i++) {
		bool v2 = p->group.version == CGROUP_V2;
		if (p->group.version == CGROUP_NONE)
			return;
		if (p->group.controllers & CGROUP_BIT(covered[i].controller) ||
		    (v2 && covered[i].v2_alone))
			p->coverage[covered[i].limit] = v2 ? covered[i].v2 : covered[i].v1;
	}
}

/* Only where the kernel counts for one of the job's GPUs: asking is cheap, but making a group for nothing is not. */
static const char *gpu_regions(struct plan *p)
{
	if (!limit_is_set(&p->limits, LIMIT_DEVICE_MEMORY) || p->gpu_count == 0)
		return NULL;
	const char *regions = cgroup_regions(&p->arena);
	return plan_dmem(p, regions, NULL) ? regions : NULL;
}

static unsigned needed(const struct plan *p)
{
	unsigned need = 0;

	for (size_t i = 0; i < COUNTOF(covered); i++)
		if (limit_is_set(&p->limits, covered[i].limit) ||
		    p->limits.soft[covered[i].limit] < LIMIT_UNSET)
			need |= CGROUP_BIT(covered[i].controller);
	return need;
}

/*
 * All that is needed in one place; else as much of it as can be had in one, the most important first. Samples of a v1 group
 * that counts no CPU time have to walk /proc, which costs more than the group once they are many.
 */
static int find(struct plan *p, const char *wanted, unsigned need, unsigned wish, struct err *e)
{
	static const enum cgroup_controller order[] = {CGROUP_MEMORY,  CGROUP_CPU,    CGROUP_PIDS,
						       CGROUP_CPUACCT, CGROUP_CPUSET, CGROUP_IO,
						       CGROUP_DMEM};
	struct cgroup_place one;
	unsigned have = 0;

	if (cgroup_find(&p->arena, wanted, need, wish, &p->group, e) < 0)
		return -1;
	if (p->group.version != CGROUP_NONE)
		return 0;
	bool by_systemd = p->group.by_systemd;
	for (size_t i = 0; i < COUNTOF(order); i++) {
		unsigned bit = CGROUP_BIT(order[i]);
		if (!(need & bit) || need == bit)
			continue;
		if (cgroup_find(&p->arena, wanted, have | bit, wish, &one, e) < 0)
			return -1;
		/* Should it not have all that is wanted, some is better than none. */
		by_systemd = by_systemd || one.by_systemd;
		if (one.version == CGROUP_NONE)
			continue;
		have |= bit;
		p->group = one;
	}
	p->group.by_systemd = by_systemd;
	return 0;
}

int plan_cgroup(struct plan *p, const struct spec *spec, struct err *e)
{
	unsigned need = needed(p);
	const char *wanted = spec->cgroup;

	p->group = (struct cgroup_place){.version = CGROUP_NONE};
	if (wanted && strcmp(wanted, "none") == 0) {
		p->group.why = "--cgroup none";
		return 0;
	}
	if (wanted && strcmp(wanted, "auto") == 0)
		wanted = NULL;
	const char *regions = gpu_regions(p);
	if (regions)
		need |= CGROUP_BIT(CGROUP_DMEM);
	if (need == 0 && !wanted)
		return 0;
	bool often = spec->sample_ns < LIMIT_UNSET || limit_is_set(&p->limits, LIMIT_IDLE);
	unsigned wish = CGROUP_BIT(CGROUP_DEVICES) | (often ? CGROUP_BIT(CGROUP_CPUACCT) : 0);
	if (find(p, wanted, need, wish, e) < 0)
		return -1;
	if (p->group.version == CGROUP_NONE)
		return 0;
	set_limits(p);
	if (p->group.controllers & CGROUP_BIT(CGROUP_DMEM))
		(void)plan_dmem(p, regions, spec);
	plan_step(p, STEP_CGROUP)->source = p->group.source;
	return 0;
}
