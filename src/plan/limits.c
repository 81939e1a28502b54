/* SPDX-License-Identifier: Apache-2.0 */
/* Who enforces and who measures each limit here, and the resource limits among the steps. */
#include <errno.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/parts.h"

static const struct {
	enum limit limit;
	int resource;
	const char *name;
} rlimits[] = {
    {LIMIT_FILE_SIZE, RLIMIT_FSIZE, "RLIMIT_FSIZE"},
    {LIMIT_OPEN_FILES, RLIMIT_NOFILE, "RLIMIT_NOFILE"},
    {LIMIT_PROCESSES, RLIMIT_NPROC, "RLIMIT_NPROC"},
    {LIMIT_STACK, RLIMIT_STACK, "RLIMIT_STACK"},
    {LIMIT_CORE, RLIMIT_CORE, "RLIMIT_CORE"},
    {LIMIT_LOCKED_MEMORY, RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK"},
    {LIMIT_ADDRESS_SPACE, RLIMIT_AS, "RLIMIT_AS"},
};

/* In the job's own programs: it asks them to keep to a limit, the kernel does not. */
#define LAYER(measured)                                              \
	{                                                            \
		"Vulkan layer in the job's programs", measured, NULL \
	}

/* The limits that vkjail's own timers, pipes and samples hold, and those of the GPU. */
static const struct {
	enum limit limit;
	struct coverage command, compute;
} watched[] = {
    {LIMIT_WALL, {"timerfd", "CLOCK_MONOTONIC", NULL}, {"timerfd", "CLOCK_MONOTONIC", NULL}},
    {LIMIT_CPU,
     {"timer over /proc", "/proc/PID/stat of the tree", NULL},
     {"timer over /proc", "/proc/PID/stat of the tree", NULL}},
    {LIMIT_IDLE,
     {"timer over /proc", "/proc/PID/stat of the tree", NULL},
     {"timer over /proc", "/proc/PID/stat of the tree", NULL}},
    {LIMIT_MEMORY,
     {"sampling", "/proc/PID/status of the tree and the tmpfs", NULL},
     {"sampling", "/proc/PID/status of the tree and the tmpfs", NULL}},
    {LIMIT_OUTPUT,
     {"pipes", "bytes through the pipes", NULL},
     {"pipes", "bytes through the pipes", NULL}},
    {LIMIT_TMP, {"tmpfs size", NULL, NULL}, {"tmpfs size", NULL, NULL}},
    {LIMIT_DEVICE_MEMORY,
     LAYER("the layer's count of allocations"),
     {"vkjail-exec", "vkjail-exec's own allocations", NULL}},
    {LIMIT_KERNEL,
     {"timer over the Vulkan layer's submissions", "time since the submission", NULL},
     {"vkjail-exec", "timestamp queries", NULL}},
    {LIMIT_GPU_SHARE,
     LAYER("time in which submissions are under way"),
     {NULL, NULL, "vkjail-exec submits without delay"}},
    {LIMIT_SUBMITS, LAYER("queue submissions"), {NULL, NULL, "vkjail-exec submits without delay"}},
};

static void cover_without_dmem(struct plan *p, const struct spec *spec, const struct host *host)
{
	for (size_t i = 0; i < COUNTOF(watched); i++)
		p->coverage[watched[i].limit] = spec->compute ? watched[i].compute
							      : watched[i].command;
	for (size_t i = 0; i < COUNTOF(rlimits); i++)
		p->coverage[rlimits[i].limit] = (struct coverage){.enforced_by = rlimits[i].name};
	/* setrlimit(2): RLIMIT_NPROC does not hold for processes whose real user is 0 outside of all user namespaces. */
	if (host->uid == 0)
		p->coverage[LIMIT_PROCESSES] = (struct coverage){
		    .unavailable =
			"the kernel exempts the user root from RLIMIT_NPROC, and there is no control group"};
	p->coverage[LIMIT_CPU_QUOTA] = (struct coverage){.unavailable = "needs a control group"};
	p->coverage[LIMIT_CPUS] = (struct coverage){.enforced_by = "sched_setaffinity(2)"};
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (limit_is_io((enum limit)i))
			p->coverage[i] = (struct coverage){.unavailable = "needs a control group"};
	plan_cgroup_cover(p);
	if (p->telemetry || spec->compute)
		return;
	static const enum limit by_layer[] = {LIMIT_DEVICE_MEMORY, LIMIT_KERNEL, LIMIT_GPU_SHARE,
					      LIMIT_SUBMITS};
	const char *why = arena_printf(&p->arena, "there is no Vulkan layer in the job: %s",
				       p->telemetry_why ? p->telemetry_why : "not planned");
	for (size_t i = 0; i < COUNTOF(by_layer); i++)
		p->coverage[by_layer[i]] = (struct coverage){.unavailable = why};
}

static void cover(struct plan *p, const struct spec *spec, const struct host *host)
{
	cover_without_dmem(p, spec, host);
	plan_dmem_cover(p);
}

/* Sampling can be outrun: who requires the limit wants the kernel to hold it. */
static const char *too_weak(const struct plan *p, enum limit limit)
{
	unsigned have = p->group.controllers;

	if (limit == LIMIT_MEMORY && !(have & CGROUP_BIT(CGROUP_MEMORY)))
		return "memory would only be sampled";
	if (limit == LIMIT_CPUS && !(have & CGROUP_BIT(CGROUP_CPUSET)))
		return "the job can undo sched_setaffinity(2)";
	if ((limit == LIMIT_IO_WRITE || limit == LIMIT_IO_WRITE_OPS) &&
	    p->group.version == CGROUP_V1)
		return "cgroup v1 does not hold back writes through the page cache";
	return NULL;
}

/* Why there is no group, and how to get one. */
static int explain_group(const struct plan *p, struct err *e)
{
	if (p->group.version != CGROUP_NONE || !p->group.why)
		return -1;
	if (p->group.fix)
		return err_hint(e, "no control group (%s); try: %s", p->group.why, p->group.fix);
	return err_hint(e, "no control group (%s)", p->group.why);
}

/* A sampled limit is only as good as its samples, and one that nobody samples would be silently dropped. */
static uint64_t sample_interval(const struct plan *p, const struct spec *spec)
{
	bool sampled_limit = (limit_is_set(&p->limits, LIMIT_MEMORY) ||
			      p->limits.soft[LIMIT_MEMORY] < LIMIT_UNSET) &&
			     !(p->group.controllers & CGROUP_BIT(CGROUP_MEMORY));

	if (spec->sample_ns < LIMIT_UNSET || (spec->sample_ns == LIMIT_NONE && !sampled_limit))
		return spec->sample_ns;
	return sampled_limit ? 100000000u : 1000000000u;
}

int plan_limits(struct plan *p, const struct spec *spec, const struct host *host, struct err *e)
{
	cover(p, spec, host);
	if (plan_io(p, spec, e) < 0)
		return -1;
	p->sample_ns = sample_interval(p, spec);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const struct coverage *c = &p->coverage[i];
		bool required = spec->require & (1u << i);

		if (required && !limit_is_set(&p->limits, i))
			return err_bad(e, "require", "'%s' is required but no such limit is given",
				       limit_table[i].key);
		const char *why = c->unavailable ? c->unavailable
				  : required     ? too_weak(p, (enum limit)i)
						 : NULL;
		if (!why || !limit_is_set(&p->limits, i))
			continue;
		if (required) {
			(void)err_set(e, ERR_LIMIT, limit_table[i].key,
				      "the limit cannot be enforced here: %s", why);
			return explain_group(p, e);
		}
		plan_warn(p, "the limit '%s' is not enforced: %s", limit_table[i].key,
			  c->unavailable);
	}
	if (limit_is_set(&p->limits, LIMIT_ADDRESS_SPACE) ||
	    limit_is_set(&p->limits, LIMIT_FILE_SIZE))
		if (spec->compute || p->gpu_node_count > 0)
			plan_warn(
			    p,
			    "the limits address-space and file-size break GPU drivers: they reserve far more "
			    "than they use, and lavapipe keeps device memory in a file; prefer memory and tmp");
	uint64_t tmp = p->limits.value[LIMIT_TMP];
	/* An inode costs about a kibibyte that the size does not count: bound their number too. */
	p->tmp_size = tmp == LIMIT_NONE
			  ? "0"
			  : arena_printf(&p->arena, "%llu",
					 (unsigned long long)(tmp < 65536 ? 65536 : tmp));
	uint64_t inodes = tmp / 4096 < 4096 ? 4096 : tmp / 4096;
	p->tmp_inodes = tmp == LIMIT_NONE
			    ? "0"
			    : arena_printf(&p->arena, "%llu", (unsigned long long)inodes);
	return 0;
}

static int add_rlimit(struct plan *p, int resource, rlim_t soft, rlim_t hard)
{
	struct step *s = plan_step(p, STEP_RLIMIT);
	s->resource = resource;
	s->rlimit = (struct rlimit){.rlim_cur = soft, .rlim_max = hard};
	return 0;
}

/* What we chose ourselves is no mistake of the user's. */
static void lower_automatic(struct plan *p, const struct spec *spec, enum limit limit, rlim_t most)
{
	if (!spec->dynamic[limit].automatic || most == RLIM_INFINITY ||
	    p->limits.value[limit] <= most)
		return;
	p->limits.value[limit] = most;
	p->limit_from[limit] = "the hard limit of the user's processes (RLIMIT_NPROC)";
}

static int rlimit_step(struct plan *p, const struct spec *spec, size_t i, struct err *e)
{
	struct rlimit now;
	uint64_t value = p->limits.value[rlimits[i].limit];
	const char *where = spec->limit_where[rlimits[i].limit];

	if (value == LIMIT_UNSET)
		return 0;
	/* RLIMIT_NPROC counts what else the user runs; the group counts the job. */
	if (rlimits[i].limit == LIMIT_PROCESSES && p->group.controllers & CGROUP_BIT(CGROUP_PIDS))
		return 0;
	if (getrlimit(rlimits[i].resource, &now) < 0)
		return err_os(e, errno, rlimits[i].name, "cannot read the resource limit");
	lower_automatic(p, spec, rlimits[i].limit, now.rlim_max);
	value = p->limits.value[rlimits[i].limit];
	/* As far up as this process may: the child has no privilege to raise it further. */
	if (value == LIMIT_NONE)
		return add_rlimit(p, rlimits[i].resource, now.rlim_max, now.rlim_max);
	if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max) {
		(void)err_bad(e, where ? where : limit_table[rlimits[i].limit].key,
			      "%llu is above the hard limit of this process, %llu (%s)",
			      (unsigned long long)value, (unsigned long long)now.rlim_max,
			      rlimits[i].name);
		return err_hint(
		    e, "ask for less, or raise the hard limit first (ulimit -H, limits.conf(5))");
	}
	return add_rlimit(p, rlimits[i].resource, value, value);
}

int plan_descriptors(struct plan *p, const struct spec *spec, struct err *e)
{
	/* What has to be put in place may stand above the job's limit until it is. */
	(void)plan_step(p, STEP_DESCRIPTORS);
	for (size_t i = 0; i < COUNTOF(rlimits); i++)
		if (rlimits[i].limit == LIMIT_OPEN_FILES && rlimit_step(p, spec, i, e) < 0)
			return -1;
	return 0;
}

int plan_rlimit_steps(struct plan *p, const struct spec *spec, struct err *e)
{
	struct rlimit now;

	for (size_t i = 0; i < COUNTOF(rlimits); i++)
		if (rlimits[i].limit != LIMIT_OPEN_FILES && rlimit_step(p, spec, i, e) < 0)
			return -1;
	if (limit_is_set(&p->limits, LIMIT_CPUS) &&
	    !(p->group.controllers & CGROUP_BIT(CGROUP_CPUSET)))
		(void)plan_step(p, STEP_AFFINITY);
	if (limit_is_set(&p->limits, LIMIT_CPU)) {
		/* A backstop for each process should vkjail be stopped; two seconds later, so that it never comes first. */
		rlim_t seconds = (rlim_t)(p->limits.value[LIMIT_CPU] / 1000000000u) + 3;
		if (getrlimit(RLIMIT_CPU, &now) < 0)
			return err_os(e, errno, "RLIMIT_CPU", "cannot read the resource limit");
		/* A hard limit of the caller that comes earlier is a backstop already, and cannot be raised. */
		if (seconds < now.rlim_max)
			(void)add_rlimit(p, RLIMIT_CPU, seconds, seconds + 1);
	}
	return 0;
}
