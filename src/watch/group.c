/* SPDX-License-Identifier: Apache-2.0 */
/* The job's control group while it runs: its numbers instead of those of /proc, and its OOM killer. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "watch/timers.h"
#include "watch/usage.h"

static uint64_t known(uint64_t value)
{
	return value == CGROUP_UNKNOWN ? 0 : value;
}

/* pid 1 of the sandbox is ours. */
static unsigned without_init(uint64_t count)
{
	return count == CGROUP_UNKNOWN || count == 0 ? 0 : (unsigned)count - 1;
}

bool watch_usage(struct loop *l, bool memory, struct usage *ret)
{
	const struct watch *w = l->watch;
	struct cgroup_stat s = {.cpu_ns = CGROUP_UNKNOWN, .memory_bytes = CGROUP_UNKNOWN};

	if (w->group)
		cgroup_stat_sample(w->group, &s);
	bool has_memory = s.memory_bytes != CGROUP_UNKNOWN;
	if (s.cpu_ns != CGROUP_UNKNOWN && (!memory || has_memory)) {
		*ret = (struct usage){.at_ns = timers_now(),
				      .cpu_ns = s.cpu_ns,
				      .memory_bytes = known(s.memory_bytes),
				      .processes = without_init(s.processes),
				      .threads = without_init(s.tasks),
				      .memory_exact = true};
		return true;
	}
	/* A group of v1 has only the controllers that the limits need. */
	if (!usage_read(w->child->pid, memory && !has_memory ? USAGE_MEMORY : USAGE_CPU, &l->files,
			ret))
		return false;
	if (memory && has_memory) {
		ret->memory_bytes = s.memory_bytes;
		ret->memory_exact = true;
	}
	return true;
}

/* What the job held when its limit was reached; where the kernel keeps no peak that is the limit itself. */
static uint64_t memory_at_limit(const struct loop *l, const struct cgroup_stat *s)
{
	uint64_t limit = l->watch->plan->limits.value[LIMIT_MEMORY];
	return s->memory_peak_bytes == CGROUP_UNKNOWN || s->memory_peak_bytes < limit
		   ? limit
		   : s->memory_peak_bytes;
}

/* The group's own limit, not the machine's or a parent's, made the kernel kill. */
static bool out_of_memory(const struct loop *l, const struct cgroup_stat *s)
{
	return limit_is_set(&l->watch->plan->limits, LIMIT_MEMORY) && known(s->oom_kill) > 0 &&
	       known(s->oom_local) > 0;
}

/* The kernel tells the very moment; usage may be lower again by the time it is read. */
static void soft_memory(struct loop *l)
{
	uint64_t soft = l->watch->plan->limits.soft[LIMIT_MEMORY];
	struct usage u;

	if (l->watch->seen->soft_ns[LIMIT_MEMORY] || soft >= LIMIT_UNSET)
		return;
	if (!watch_usage(l, true, &u) || u.memory_bytes < soft)
		u.memory_bytes = soft;
	watch_soft(l, LIMIT_MEMORY, u.memory_bytes);
}

static void memory_events(struct loop *l)
{
	const struct cgroup *g = l->watch->group;
	struct cgroup_stat s;
	uint64_t count;

	if (g->place->version == CGROUP_V1) {
		(void)!read(g->oom_fd, &count, sizeof count);
		if (g->soft_fd >= 0 && read(g->soft_fd, &count, sizeof count) > 0)
			soft_memory(l);
	}
	cgroup_stat_oom(g, &s);
	if (g->place->version == CGROUP_V2 && known(s.memory_high) > 0)
		soft_memory(l);
	if (known(s.memory_max) > 0 || known(s.memory_high) > 0)
		loop_watch_pressure(l);
	/* v1 tells before it kills. That the limit is ours shows in the usage, for a parent's tells us as well. */
	bool ours = g->place->version == CGROUP_V1 ? known(s.memory_max) > 0 : out_of_memory(l, &s);
	if (!ours || !limit_is_set(&l->watch->plan->limits, LIMIT_MEMORY))
		return;
	cgroup_stat_read(g, &s);
	watch_limit(l, LIMIT_MEMORY, memory_at_limit(l, &s), SIGKILL);
}

void loop_watch_pressure(struct loop *l)
{
	struct err ignored = ERR_INIT;

	if (l->pressure_asked || !l->watch->group)
		return;
	l->pressure_asked = true;
	l->pressure_fd = cgroup_pressure_fd(l->watch->group);
	(void)loop_add(l, l->pressure_fd, SOURCE_PRESSURE, &ignored);
}

int watch_group_open(struct loop *l, struct err *e)
{
	const struct watch *w = l->watch;

	if (!w->group)
		return 0;
	if (limit_is_set(&w->plan->limits, LIMIT_PROCESSES))
		l->refused_fd = cgroup_refused_fd(w->group);
	/* In v1 it costs little, and says only once that the end is near. */
	if (w->group->place->version == CGROUP_V1 && limit_is_set(&w->plan->limits, LIMIT_MEMORY))
		loop_watch_pressure(l);
	if (loop_add(l, w->group->oom_fd, SOURCE_OOM, e) < 0 ||
	    loop_add(l, w->group->soft_fd, SOURCE_SOFT, e) < 0)
		return -1;
	return loop_add(l, l->refused_fd, SOURCE_REFUSED, e);
}

static void pressure(struct loop *l)
{
	struct observed *o = l->watch->seen;
	uint64_t count;
	struct usage u;

	if (l->watch->group->place->version == CGROUP_V1)
		(void)!read(l->pressure_fd, &count, sizeof count);
	if (o->pressure_ns || o->exited || o->cause != CAUSE_NONE)
		return;
	o->pressure_ns = timers_now();
	if (watch_usage(l, true, &u))
		o->pressure_bytes = u.memory_bytes;
	/* That it happened is worth telling once; it may go on for hours. */
	loop_forget(l, l->pressure_fd);
}

static void refused(struct loop *l)
{
	/* The file says so once before anything has happened. */
	if (known(cgroup_stat_refused(l->refused_fd)) == 0)
		return;
	l->watch->seen->refused_ns = timers_now();
	loop_forget(l, l->refused_fd);
}

void watch_group_event(struct loop *l, enum source source)
{
	if (source == SOURCE_PRESSURE)
		pressure(l);
	else if (source == SOURCE_REFUSED)
		refused(l);
	else
		memory_events(l);
}

void watch_group_end(struct loop *l)
{
	struct observed *o = l->watch->seen;

	if (!l->watch->group)
		return;
	o->grouped = true;
	cgroup_stat_read(l->watch->group, &o->group);
	if (!o->refused_ns && known(o->group.tasks_refused) > 0)
		o->refused_ns = o->ended_ns ? o->ended_ns : o->gone_ns;
	/* The kernel may have killed everything before we heard of it. A main process that got along without has ended well. */
	bool ended_well = o->exited && WIFEXITED(o->status) && WEXITSTATUS(o->status) == 0;
	if (o->cause != CAUSE_NONE || ended_well || o->step_failed || !out_of_memory(l, &o->group))
		return;
	o->cause = CAUSE_LIMIT;
	o->limit = LIMIT_MEMORY;
	o->value = memory_at_limit(l, &o->group);
	o->cause_ns = o->ended_ns ? o->ended_ns : o->gone_ns;
}
