/* SPDX-License-Identifier: Apache-2.0 */
/* What "50%" of memory, "processes: auto" and "cpus" come to on this machine, now. */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/cpus.h"
#include "base/text.h"
#include "plan/parts.h"

enum { TASKS_PER_CPU = 16, TASKS_MORE = 64 };

/* The groups above are looked at once, and only when a value depends on them. */
struct machine {
	bool looked;
	struct cgroup_available groups;
};

static const struct cgroup_available *groups_of(struct plan *p, struct machine *m)
{
	if (!m->looked)
		cgroup_available(&p->arena, &m->groups);
	m->looked = true;
	return &m->groups;
}

/* The number of a share of memory, and in words what it is a share of. */
static int share_of_memory(struct plan *p, struct machine *m, unsigned percent, const char *where,
			   uint64_t *ret, struct err *e)
{
	const struct cgroup_available *g = groups_of(p, m);
	const char *from = "MemAvailable of /proc/meminfo";
	uint64_t available = host_memory_available();
	char shown[32];

	if (g->memory_bytes < available) {
		available = g->memory_bytes;
		from = arena_printf(&p->arena, "what %s leaves", g->memory_from);
	}
	if (available == 0 || available == UINT64_MAX)
		return err_bad(e, where, "cannot tell how much memory is available: give a size");
	*ret = available / 100 * percent;
	p->limit_from[LIMIT_MEMORY] = arena_printf(&p->arena, "%u%% of %s, %s", percent,
						   text_print_size(available, shown, sizeof shown),
						   from);
	return 0;
}

static int set_memory(struct plan *p, struct machine *m, const struct spec *spec, struct err *e)
{
	const struct spec_dynamic *soft = &spec->soft_dynamic[LIMIT_MEMORY];
	const struct spec_dynamic *hard = &spec->dynamic[LIMIT_MEMORY];

	if (soft->percent && share_of_memory(p, m, soft->percent, spec->soft_where[LIMIT_MEMORY],
					     &p->limits.soft[LIMIT_MEMORY], e) < 0)
		return -1;
	if (hard->percent && share_of_memory(p, m, hard->percent, spec->limit_where[LIMIT_MEMORY],
					     &p->limits.value[LIMIT_MEMORY], e) < 0)
		return -1;
	return soft->percent || hard->percent ? spec_check_soft(&p->limits, spec->soft_where, e)
					      : 0;
}

/* Enough for a program with a thread pool or two for each CPU; never all that is left to everybody. */
static void set_processes(struct plan *p, struct machine *m, unsigned cpus)
{
	const struct cgroup_available *g = groups_of(p, m);
	uint64_t n = TASKS_MORE + (uint64_t)TASKS_PER_CPU * cpus;

	p->limit_from[LIMIT_PROCESSES] = arena_printf(&p->arena, "%d, and %d for each of %u CPU%s",
						      TASKS_MORE, TASKS_PER_CPU, cpus,
						      cpus == 1 ? "" : "s");
	if (g->tasks != CGROUP_UNKNOWN && n > g->tasks / 2) {
		n = g->tasks / 2 ? g->tasks / 2 : 1;
		p->limit_from[LIMIT_PROCESSES] = arena_printf(
		    &p->arena, "half of the %llu that %s leaves", (unsigned long long)g->tasks,
		    g->tasks_from);
	}
	p->limits.value[LIMIT_PROCESSES] = n;
}

/* As many as we may use: more threads than the quota pays for only take turns. */
static unsigned cpus_available(struct plan *p, struct machine *m, const struct host *host)
{
	const struct cgroup_available *g = groups_of(p, m);

	p->limit_from[LIMIT_CPUS] = "the CPUs that vkjail may use";
	if (g->cpu_percent == CGROUP_UNKNOWN || g->cpu_percent / 100 >= host->cpus)
		return host->cpus;
	p->limit_from[LIMIT_CPUS] = arena_printf(&p->arena, "%llu%% of a CPU by %s",
						 (unsigned long long)g->cpu_percent, g->cpu_from);
	uint64_t whole = (g->cpu_percent + 99) / 100;
	return whole ? (unsigned)whole : 1;
}

static int set_cpus(struct plan *p, struct machine *m, const struct spec *spec,
		    const struct host *host, struct err *e)
{
	const char *where = spec->limit_where[LIMIT_CPUS];
	char ours[256], list[256];
	cpu_set_t both;

	if (spec->cpu_list) {
		(void)cpus_parse(spec->cpu_list, &p->cpus);
		CPU_AND(&both, &p->cpus, &host->cpu_set);
		if (!CPU_EQUAL(&both, &p->cpus)) {
			(void)err_bad(e, where, "vkjail may not use all of the CPUs %s, only %s",
				      spec->cpu_list,
				      cpus_print(&host->cpu_set, ours, sizeof ours));
			return err_hint(e, "a number instead of a list takes whichever there are");
		}
	} else {
		uint64_t count = spec->dynamic[LIMIT_CPUS].automatic ? cpus_available(p, m, host)
								     : p->limits.value[LIMIT_CPUS];
		if (count > host->cpus)
			plan_warn(p, "the limit 'cpus' is %llu, but only %u can be used here",
				  (unsigned long long)count, host->cpus);
		/* The scheduler has put us on a CPU that had time: jobs that start together spread. */
		cpus_pick(&host->cpu_set, (unsigned)count, host->cpu, &p->cpus);
	}
	p->limits.value[LIMIT_CPUS] = (uint64_t)CPU_COUNT(&p->cpus);
	const char *from = p->limit_from[LIMIT_CPUS];
	p->limit_from[LIMIT_CPUS] = arena_printf(&p->arena, "CPU %s%s%s",
						 cpus_print(&p->cpus, list, sizeof list),
						 from ? "; " : "", from ? from : "");
	return 0;
}

int plan_dynamic(struct plan *p, const struct spec *spec, const struct host *host, struct err *e)
{
	struct machine m = {.looked = false};
	unsigned cpus = host->cpus;

	if (set_memory(p, &m, spec, e) < 0)
		return -1;
	if (limit_is_set(&p->limits, LIMIT_CPUS)) {
		if (set_cpus(p, &m, spec, host, e) < 0)
			return -1;
		cpus = (unsigned)p->limits.value[LIMIT_CPUS];
	}
	if (spec->dynamic[LIMIT_PROCESSES].automatic)
		set_processes(p, &m, cpus);
	return 0;
}
