/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is seen of the GPU from outside of the job, where there is one: its drivers' numbers, and whether a driver is used
 * past the layer. The limit device-memory holds by these numbers as well, whatever the layer claims.
 */
#include "watch/gpu-use.h"
#include "watch/timers.h"
#include "watch/usage.h"

enum { LOOKED_AT = 64, MESSAGES = 64, LOOK_EVERY_NS = 200000000 };

/*
 * The group counts what fdinfo tells, for processes that are not looked at as well. NVIDIA's own driver tells nothing in
 * fdinfo; should it ever, that is the same memory as NVML's.
 */
static uint64_t seen_bytes(const struct observed *o, uint64_t now)
{
	uint64_t drm = o->drm.memory_bytes, nvml = nvml_memory(&o->nvml, now), sum;

	if (o->dmem_bytes > drm)
		drm = o->dmem_bytes;
	if (o->drm.nvidia_here)
		return drm > nvml ? drm : nvml;
	return __builtin_add_overflow(drm, nvml, &sum) || sum > INT64_MAX ? INT64_MAX : sum;
}

static const char *who_saw(const struct observed *o, uint64_t now)
{
	bool nvml = nvml_memory(&o->nvml, now) > 0;

	if (o->dmem_bytes > o->drm.memory_bytes)
		return nvml ? "cgroup v2 dmem.current and NVML" : "cgroup v2 dmem.current";
	if (o->drm.memory_bytes == 0)
		return "NVML";
	return nvml ? "DRM fdinfo and NVML" : "DRM fdinfo";
}

static void hold_memory(struct loop *l, uint64_t now)
{
	struct observed *o = l->watch->seen;
	uint64_t limit = l->watch->plan->limits.value[LIMIT_DEVICE_MEMORY],
		 held = seen_bytes(o, now);

	if (limit >= LIMIT_UNSET || held <= limit)
		return;
	bool first = o->cause == CAUSE_NONE;
	watch_limit(l, LIMIT_DEVICE_MEMORY, held, SIGTERM);
	if (first && o->cause == CAUSE_LIMIT)
		o->value_by = who_saw(o, now);
}

/* ---- NVML --------------------------------------------------------------------------------- */

/*
 * The helper costs memory and time, and wakes the GPU up: it is for jobs that have opened one. Who has so many processes
 * that they are not all looked at may have.
 */
static void look_for_nvidia(struct loop *l, unsigned looked_at)
{
	struct observed *o = l->watch->seen;
	struct nvml *n = &o->nvml;
	struct err ignored = ERR_INIT;

	if (!n->devices || n->started || o->exited || !(o->drm.nvidia || looked_at == LOOKED_AT))
		return;
	n->interval_ns = l->watch->sample_ns > LOOK_EVERY_NS ? l->watch->sample_ns : LOOK_EVERY_NS;
	if (nvml_start(n))
		(void)loop_add(l, n->fd, SOURCE_NVML, &ignored);
}

void outside_nvml(struct loop *l)
{
	struct nvml *n = &l->watch->seen->nvml;
	const struct nvml_job job = {.proc = "/proc", .root = l->watch->child->pid};

	/* A flood of them does not keep the loop from its limits. */
	for (int i = 0; i < MESSAGES && n->fd >= 0; i++) {
		enum nvml_heard heard = nvml_receive(n, &job);
		if (heard == NVML_EMPTY || heard == NVML_END)
			return;
		if (heard == NVML_READING)
			hold_memory(l, timers_now());
	}
}

/* ---- samples ------------------------------------------------------------------------------ */

static void read_group(struct loop *l)
{
	struct observed *o = l->watch->seen;
	uint64_t bytes = l->watch->group ? cgroup_device_memory(l->watch->group) : CGROUP_UNKNOWN;

	if (bytes == CGROUP_UNKNOWN)
		return;
	o->dmem_counted = true;
	o->dmem_bytes = bytes;
	if (bytes > o->dmem_peak_bytes)
		o->dmem_peak_bytes = bytes;
}

/*
 * Both are looked for only as long as there is something to find, and a driver the more rarely the longer there was none:
 * reading what a process has mapped costs more than the rest of a sample.
 */
void outside_sample(struct loop *l, struct usage *u)
{
	struct observed *o = l->watch->seen;
	const struct telemetry *t = l->watch->telemetry;
	uint64_t now = timers_now();
	bool silent = t && t->hellos == 0 && !o->gpu_use[0] && now >= l->next_driver_look_ns;
	bool has_drm = l->watch->plan->gpu_node_count > 0;
	bool drm = has_drm && now >= l->next_drm_look_ns;
	pid_t pids[LOOKED_AT];

	if (has_drm)
		u->device_seen_bytes = seen_bytes(o, now);
	if (!silent && !drm)
		return;
	unsigned count = usage_pids(l->watch->child->pid, &l->files, pids, LOOKED_AT);
	if (silent) {
		(void)gpu_use_find("/proc", pids, count, o->gpu_use, sizeof o->gpu_use);
		uint64_t age = now - o->launch_ns;
		l->next_driver_look_ns = now + (age / 2 > LOOK_EVERY_NS ? age / 2 : LOOK_EVERY_NS);
	}
	if (!drm)
		return;
	l->next_drm_look_ns = now + LOOK_EVERY_NS;
	fdinfo_read(&o->drm, "/proc", pids, count, u->at_ns);
	read_group(l);
	look_for_nvidia(l, count);
	u->device_seen_bytes = seen_bytes(o, now);
	hold_memory(l, now);
}

void outside_end(struct loop *l)
{
	nvml_stop(&l->watch->seen->nvml, timers_now());
}
