/* SPDX-License-Identifier: Apache-2.0 */
/* The deadlines of one run and what happens at each. */
#include "watch/timers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "watch/usage.h"

/* Nothing is looked at more often than this, however near a limit is. */
#define SHORTEST_NS      1000000u

/* Of memory that only samples hold; one costs some tens of microseconds. */
#define SHORTEST_LOOK_NS 2000000u
#define FIRST_LOOK_NS    5000000u

enum { GIVE_UPS_MAX = 12 };

uint64_t timers_now(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t limit_of(const struct loop *l, enum limit id)
{
	return l->watch->plan->limits.value[id];
}

static uint64_t soft_of(const struct loop *l, enum limit id)
{
	return l->watch->plan->limits.soft[id];
}

/* Saturating: a limit of centuries is no deadline in the past. */
static uint64_t after(uint64_t now, uint64_t ns)
{
	uint64_t sum;
	return __builtin_add_overflow(now, ns, &sum) || sum > INT64_MAX ? INT64_MAX : sum;
}

int timers_open(struct loop *l, struct err *e)
{
	l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return l->timer_fd < 0 ? err_os(e, errno, NULL, "cannot create a timer") : 0;
}

static void sample_interval(const struct loop *l)
{
	l->watch->seen->samples.interval_ns = l->watch->sample_ns;
}

/* A limit that only samples hold is looked after from the start. */
static uint64_t first_look(struct loop *l)
{
	const struct watch *w = l->watch;
	bool held = w->group && w->plan->group.controllers & CGROUP_BIT(CGROUP_MEMORY);

	l->next_sample_ns = after(w->seen->launch_ns, w->sample_ns);
	l->look_wait_ns = SHORTEST_LOOK_NS;
	return limit_of(l, LIMIT_MEMORY) < LIMIT_UNSET && !held && w->sample_ns > FIRST_LOOK_NS
		   ? FIRST_LOOK_NS
		   : w->sample_ns;
}

void timers_start(struct loop *l)
{
	uint64_t now = l->watch->seen->launch_ns;

	if (limit_of(l, LIMIT_WALL) < LIMIT_UNSET)
		l->deadline[TIMER_WALL] = after(now, limit_of(l, LIMIT_WALL));
	if (limit_of(l, LIMIT_CPU) < LIMIT_UNSET)
		l->deadline[TIMER_CPU] = after(now, limit_of(l, LIMIT_CPU) / l->watch->cpus);
	if (soft_of(l, LIMIT_WALL) < LIMIT_UNSET)
		l->deadline[TIMER_SOFT_WALL] = after(now, soft_of(l, LIMIT_WALL));
	if (soft_of(l, LIMIT_CPU) < LIMIT_UNSET)
		l->deadline[TIMER_SOFT_CPU] = after(now, soft_of(l, LIMIT_CPU) / l->watch->cpus);
	if (limit_of(l, LIMIT_IDLE) < LIMIT_UNSET)
		l->deadline[TIMER_IDLE] = after(now, limit_of(l, LIMIT_IDLE));
	l->idle_since_ns = now;
	if (l->watch->sample_ns < LIMIT_UNSET)
		l->deadline[TIMER_SAMPLE] = after(now, first_look(l));
	sample_interval(l);
	timers_arm(l);
}

void timers_restart_idle(struct loop *l)
{
	if (l->deadline[TIMER_IDLE] == 0)
		return;
	l->idle_since_ns = timers_now();
	l->deadline[TIMER_IDLE] = after(l->idle_since_ns, limit_of(l, LIMIT_IDLE));
}

void timers_clear(struct loop *l)
{
	for (int i = 0; i < TIMER_COUNT; i++)
		l->deadline[i] = 0;
}

void timers_arm(struct loop *l)
{
	uint64_t earliest = 0;

	for (int i = 0; i < TIMER_COUNT; i++)
		if (l->deadline[i] && (!earliest || l->deadline[i] < earliest))
			earliest = l->deadline[i];
	if (earliest == l->armed)
		return;
	l->armed = earliest;
	struct itimerspec it = {.it_value = {.tv_sec = (time_t)(earliest / 1000000000u),
					     .tv_nsec = (long)(earliest % 1000000000u)}};
	(void)timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &it, NULL);
}

static void fire_cpu(struct loop *l, uint64_t now)
{
	struct usage u;
	uint64_t limit = limit_of(l, LIMIT_CPU);

	l->deadline[TIMER_CPU] = 0;
	if (!watch_usage(l, false, &u))
		return;
	if (u.cpu_ns >= limit) {
		watch_limit(l, LIMIT_CPU, u.cpu_ns, SIGTERM);
		return;
	}
	uint64_t wait = (limit - u.cpu_ns) / l->watch->cpus;
	l->deadline[TIMER_CPU] = after(now, wait < SHORTEST_NS ? SHORTEST_NS : wait);
}

static void fire_soft_cpu(struct loop *l, uint64_t now)
{
	struct usage u;
	uint64_t soft = soft_of(l, LIMIT_CPU);

	l->deadline[TIMER_SOFT_CPU] = 0;
	if (!watch_usage(l, false, &u))
		return;
	watch_soft(l, LIMIT_CPU, u.cpu_ns);
	if (u.cpu_ns >= soft)
		return;
	uint64_t wait = (soft - u.cpu_ns) / l->watch->cpus;
	l->deadline[TIMER_SOFT_CPU] = after(now, wait < SHORTEST_NS ? SHORTEST_NS : wait);
}

static void fire_idle(struct loop *l, uint64_t now)
{
	struct usage u;

	l->deadline[TIMER_IDLE] = 0;
	if (!watch_usage(l, false, &u))
		return;
	bool gpu = layer_progress(l);
	/* The kernel counts in ticks: less than one in the whole period is no progress. */
	if (u.cpu_ns == l->idle_cpu_ns && !gpu) {
		watch_limit(l, LIMIT_IDLE, now - l->idle_since_ns, SIGTERM);
		return;
	}
	l->idle_cpu_ns = u.cpu_ns;
	l->idle_since_ns = now;
	l->deadline[TIMER_IDLE] = after(now, limit_of(l, LIMIT_IDLE));
}

static void keep_higher(struct usage *to, const struct usage *u)
{
	if (u->memory_bytes > to->memory_bytes)
		to->memory_bytes = u->memory_bytes;
	if (u->device_bytes > to->device_bytes)
		to->device_bytes = u->device_bytes;
	if (u->device_seen_bytes > to->device_seen_bytes)
		to->device_seen_bytes = u->device_seen_bytes;
}

/* Neighbours merge, so that the buffer always covers the whole run. */
static void keep_sample(struct samples *s, const struct usage *u)
{
	if (!s->at)
		s->at = calloc(SAMPLES_MAX, sizeof *s->at);
	if (!s->at)
		return;
	if (s->count == SAMPLES_MAX) {
		for (size_t i = 0; i < SAMPLES_MAX / 2; i++) {
			const struct usage *a = &s->at[2 * i], *b = &s->at[2 * i + 1];
			struct usage merged = *b;
			keep_higher(&merged, a);
			s->at[i] = merged;
		}
		s->count = SAMPLES_MAX / 2;
		s->interval_ns *= 2;
	}
	s->taken++;
	uint64_t last = s->count ? s->at[s->count - 1].at_ns : 0;
	if (s->count && u->at_ns - last < s->interval_ns - s->interval_ns / 4) {
		/* Between two kept samples: only the peak of it is kept. */
		keep_higher(&s->at[s->count - 1], u);
		return;
	}
	s->at[s->count++] = *u;
}

static void note_peaks(struct observed *o, const struct usage *u)
{
	if (u->memory_bytes > o->peak.memory_bytes)
		o->peak.memory_bytes = u->memory_bytes;
	if (u->processes > o->peak.processes)
		o->peak.processes = u->processes;
	if (u->threads > o->peak.threads)
		o->peak.threads = u->threads;
	o->peak.cpu_ns = u->cpu_ns;
}

static uint64_t tmp_bytes(struct loop *l)
{
	struct statfs fs;
	struct observed *o = l->watch->seen;

	if (l->tmp_fd < 0 || fstatfs(l->tmp_fd, &fs) < 0)
		return 0;
	uint64_t used = (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
	o->tmp_counted = true;
	if (used > o->tmp_bytes_peak)
		o->tmp_bytes_peak = used;
	return used;
}

/* Files of the private tmpfs that the job has mapped are in both sums; counted once. */
static void without_mapped_tmp(struct loop *l, struct usage *u)
{
	struct stat st;

	if (fstat(l->tmp_fd, &st) < 0)
		return;
	uint64_t twice = usage_mapped(l->watch->child->pid, st.st_dev, &l->files);
	u->memory_bytes -= twice < u->memory_bytes ? twice : u->memory_bytes;
}

/*
 * When to look again at memory that only samples hold: halfway to the moment at which the limit is reached
 * should the job go on growing as it did, and soon after the start, when nothing is known yet.
 */
static uint64_t next_look(struct loop *l, uint64_t now, uint64_t bytes, uint64_t limit)
{
	uint64_t wait = 2 * l->look_wait_ns;

	if (l->look_ns && bytes > l->look_bytes && bytes < limit) {
		double rate = (double)(bytes - l->look_bytes) / (double)(now - l->look_ns + 1);
		double left = (double)(limit - bytes) / rate / 2;
		if (left < (double)wait)
			wait = (uint64_t)left;
	}
	if (wait > l->watch->sample_ns)
		wait = l->watch->sample_ns;
	if (wait < SHORTEST_LOOK_NS)
		wait = SHORTEST_LOOK_NS;
	l->look_wait_ns = wait;
	l->look_ns = now;
	l->look_bytes = bytes;
	return wait;
}

/* Looks between two samples are for the limit, not for the report. */
static void note_sample(struct loop *l, uint64_t now, const struct usage *u)
{
	note_peaks(l->watch->seen, u);
	if (now + SHORTEST_LOOK_NS < l->next_sample_ns)
		return;
	keep_sample(&l->watch->seen->samples, u);
	l->next_sample_ns = after(now, l->watch->sample_ns);
}

static void fire_sample(struct loop *l, uint64_t now)
{
	struct watch *w = l->watch;
	struct usage u, exact;
	uint64_t limit = limit_of(l, LIMIT_MEMORY);

	l->deadline[TIMER_SAMPLE] = after(now, w->sample_ns);
	loop_watch_pressure(l);
	if (!watch_usage(l, true, &u))
		return;
	layer_sample(l, &u);
	/* What the group counts is exact, the tmpfs is in it, and the kernel holds the limit. */
	if (w->group && w->plan->group.controllers & CGROUP_BIT(CGROUP_MEMORY)) {
		(void)tmp_bytes(l);
		note_peaks(w->seen, &u);
		keep_sample(&w->seen->samples, &u);
		watch_soft(l, LIMIT_MEMORY, u.memory_bytes);
		return;
	}
	uint64_t in_tmp = tmp_bytes(l);
	/*
	 * The quick sum counts a page that two processes share twice, so it can only be too high:
	 * enough to say "below the limit", not enough to end a job.
	 */
	if (limit < LIMIT_UNSET && u.memory_bytes + in_tmp > limit &&
	    usage_read(w->child->pid, USAGE_MEMORY_EXACT, &l->files, &exact)) {
		u.memory_bytes = exact.memory_bytes;
		u.memory_exact = exact.memory_exact;
		if (in_tmp > 0 && u.memory_bytes + in_tmp > limit)
			without_mapped_tmp(l, &u);
	}
	u.memory_bytes += in_tmp;
	note_sample(l, now, &u);
	if (limit < LIMIT_UNSET)
		l->deadline[TIMER_SAMPLE] = after(now, next_look(l, now, u.memory_bytes, limit));
	watch_soft(l, LIMIT_MEMORY, u.memory_bytes);
	if (limit < LIMIT_UNSET && u.memory_bytes > limit)
		watch_limit(l, LIMIT_MEMORY, u.memory_bytes, SIGKILL);
}

/* The kernel takes its time over thousands of processes: as long as they get fewer it is at work. */
static void fire_give_up(struct loop *l, uint64_t now)
{
	struct usage u;
	bool here = usage_read(l->watch->child->pid, USAGE_CPU, &l->files, &u);
	/* Of a tree that is too large to be counted nobody can say, so there is an end to it as well. */
	bool fewer = here &&
		     (u.processes < l->left || u.processes > USAGE_TREE_MAX - USAGE_TREE_MAX / 8);

	if (!fewer || ++l->give_ups > GIVE_UPS_MAX) {
		l->watch->seen->unkillable = true;
		return;
	}
	l->left = u.processes;
	l->deadline[TIMER_GIVE_UP] = now + GIVE_UP_NS;
}

void timers_fire(struct loop *l)
{
	uint64_t now = timers_now();

	l->armed = 0;
	if (l->deadline[TIMER_WALL] && l->deadline[TIMER_WALL] <= now)
		watch_limit(l, LIMIT_WALL, now - l->watch->seen->launch_ns, SIGTERM);
	if (l->deadline[TIMER_SOFT_WALL] && l->deadline[TIMER_SOFT_WALL] <= now) {
		l->deadline[TIMER_SOFT_WALL] = 0;
		watch_soft(l, LIMIT_WALL, now - l->watch->seen->launch_ns);
	}
	if (l->deadline[TIMER_SOFT_CPU] && l->deadline[TIMER_SOFT_CPU] <= now)
		fire_soft_cpu(l, now);
	if (l->deadline[TIMER_CPU] && l->deadline[TIMER_CPU] <= now)
		fire_cpu(l, now);
	if (l->deadline[TIMER_KERNEL] && l->deadline[TIMER_KERNEL] <= now)
		layer_fire_kernel(l, now);
	if (l->deadline[TIMER_IDLE] && l->deadline[TIMER_IDLE] <= now)
		fire_idle(l, now);
	if (l->deadline[TIMER_SAMPLE] && l->deadline[TIMER_SAMPLE] <= now)
		fire_sample(l, now);
	if (l->deadline[TIMER_KILL] && l->deadline[TIMER_KILL] <= now)
		watch_end_job(l, SIGKILL);
	if (l->deadline[TIMER_GIVE_UP] && l->deadline[TIMER_GIVE_UP] <= now)
		fire_give_up(l, now);
}
