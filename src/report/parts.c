/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the report. Numbers of the kernel and claims of the job never share an object. */
#include "report/parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/text.h"

json_t *part_string(const char *s)
{
	UNINITIALIZED char small[1024];

	if (!s)
		return json_null();
	size_t n = strlen(s);
	/* The worst case is "\xNN" for each byte. */
	size_t room = n * 4 + 1;
	AUTO_FREE char *large = room > sizeof small ? malloc(room) : NULL;
	char *buf = large ? large : small;
	json_t *out = json_string(text_to_utf8(s, n, buf, large ? room : sizeof small));
	return out ? out : json_null();
}

static void set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

static void set_int(json_t *o, const char *key, uint64_t value)
{
	set(o, key, json_integer((json_int_t)value));
}

static json_t *part_job(const struct spec *spec, const struct plan *plan)
{
	json_t *o = json_object();

	set(o, "name", part_string(spec->name));
	set(o, "kind", json_string(spec->compute ? "compute" : "command"));
	set(o, "file", part_string(spec->file));
	if (spec->compute)
		set(o, "dry_run", json_boolean(spec->dry_run));
	if (spec->command) {
		json_t *argv = json_array();
		for (size_t i = 0; i < spec->command_count; i++)
			(void)json_array_append_new(argv, part_string(spec->command[i]));
		set(o, "command", argv);
	}
	if (plan && plan->workdir)
		set(o, "workdir", part_string(plan->workdir));
	return o;
}

static json_t *part_outcome(const struct report_facts *f)
{
	const struct outcome *out = f->outcome;
	json_t *o = json_object();

	set(o, "reason", json_string(reason_table[out->reason].name));
	set(o, "exit_status", json_integer(out->exit_status));
	set(o, "code", out->code >= 0 ? json_integer(out->code) : json_null());
	set(o, "signal", out->signal ? part_string(sigabbrev_np(out->signal)) : json_null());
	set(o, "text", part_string(out->text));
	if (out->where[0])
		set(o, "where", part_string(out->where));
	if (out->hint[0])
		set(o, "hint", part_string(out->hint));
	if (out->call)
		set(o, "syscall", part_call(out->call));
	if (out->limit >= 0) {
		json_t *limit = json_object();
		set(limit, "name", json_string(limit_table[out->limit].key));
		set_int(limit, "value",
			out->soft ? f->plan->limits.soft[out->limit]
				  : f->plan->limits.value[out->limit]);
		if (out->soft)
			set(limit, "soft", json_true());
		set_int(limit, "observed", out->value);
		if (f->seen && f->seen->value_by)
			set(limit, "observed_by", json_string(f->seen->value_by));
		set(o, "limit", limit);
	}
	return o;
}

static json_t *real_time(int64_t ns)
{
	char text[64], zone[8];
	struct tm tm;
	time_t seconds = (time_t)(ns / 1000000000);

	/* RFC 3339, in UTC. */
	if (ns == 0 || !gmtime_r(&seconds, &tm) ||
	    strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return json_null();
	(void)snprintf(zone, sizeof zone, ".%03dZ", (int)(ns / 1000000 % 1000));
	(void)strncat(text, zone, sizeof text - strlen(text) - 1);
	return json_string(text);
}

static void set_span(json_t *o, const char *key, uint64_t from, uint64_t to)
{
	set(o, key, from && to >= from ? json_integer((json_int_t)(to - from)) : json_null());
}

static json_t *part_times(const struct observed *seen, bool running)
{
	json_t *o = json_object();

	set(o, "started", real_time(seen->launch_real_ns));
	if (running)
		return o;
	set_span(o, "setup_ns", seen->launch_ns, seen->started_ns);
	set_span(o, "run_ns", seen->started_ns, seen->ended_ns ? seen->ended_ns : seen->gone_ns);
	set_span(o, "wall_ns", seen->launch_ns, seen->gone_ns);
	if (seen->cause_ns) {
		set_span(o, "ending_after_ns", seen->launch_ns, seen->cause_ns);
		set_span(o, "ending_took_ns", seen->cause_ns, seen->gone_ns);
	}
	return o;
}

json_t *part_limits(const struct plan *plan)
{
	static const char *const units[] = {
	    [LIMIT_DURATION] = "ns",     [LIMIT_BYTES] = "bytes",   [LIMIT_COUNT_OF] = "count",
	    [LIMIT_PERCENT] = "percent", [LIMIT_CPUS_OF] = "count", [LIMIT_BANDWIDTH] = "bytes/s",
	    [LIMIT_RATE] = "per second"};
	json_t *o = json_object();

	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!limit_is_set(&plan->limits, i) && plan->limits.soft[i] >= LIMIT_UNSET)
			continue;
		const struct coverage *c = &plan->coverage[i];
		json_t *l = json_object();
		set(l, "value",
		    limit_is_set(&plan->limits, i) ? json_integer((json_int_t)plan->limits.value[i])
						   : json_null());
		if (plan->limits.soft[i] < LIMIT_UNSET)
			set_int(l, "soft", plan->limits.soft[i]);
		set(l, "unit", json_string(units[limit_table[i].unit]));
		/* A soft value alone is told, or ends the job; it holds nothing. */
		bool hard = limit_is_set(&plan->limits, i);
		set(l, "enforced_by",
		    hard && c->enforced_by ? json_string(c->enforced_by) : json_null());
		set(l, "measured_by", c->measured_by ? json_string(c->measured_by) : json_null());
		if (plan->limit_from[i])
			set(l, "from", part_string(plan->limit_from[i]));
		if (c->unavailable)
			set(l, "unavailable", json_string(c->unavailable));
		set(o, limit_table[i].key, l);
	}
	return o;
}

static uint64_t timeval_ns(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

/* A peak that this kernel does not keep is the highest that samples saw, and who says so stands beside it. */
static void set_group_peak(json_t *o, const char *key, const char *source_key, uint64_t peak,
			   const struct samples *samples, uint64_t sampled)
{
	if (peak == CGROUP_UNKNOWN && !samples->taken)
		return;
	set_int(o, key, peak == CGROUP_UNKNOWN ? sampled : peak);
	set(o, source_key, json_string(peak == CGROUP_UNKNOWN ? "samples" : "kernel"));
}

/* What the control group counted; what the kernel does not say is left out. */
static json_t *part_group(const struct observed *seen)
{
	const struct cgroup_stat *s = &seen->group;
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
	    {"cpu_ns", s->cpu_ns},
	    {"cpu_user_ns", s->cpu_user_ns},
	    {"cpu_system_ns", s->cpu_system_ns},
	    {"throttled_ns", s->throttled_ns},
	    {"throttled_periods", s->throttled_periods},
	    {"swap_peak_bytes", s->swap_peak_bytes},
	    {"tasks_refused", s->tasks_refused},
	    {"oom", s->oom},
	    {"oom_kill", s->oom_kill},
	    {"memory_max", s->memory_max},
	    {"memory_high", s->memory_high},
	    {"minor_faults", s->minor_faults},
	    {"major_faults", s->major_faults},
	    {"io_read_bytes", s->io_read_bytes},
	    {"io_written_bytes", s->io_written_bytes},
	    {"stalled_cpu_ns", s->stalled_cpu_ns},
	    {"stalled_memory_ns", s->stalled_memory_ns},
	    {"stalled_io_ns", s->stalled_io_ns},
	};
	json_t *o = json_object();

	for (size_t i = 0; i < COUNTOF(rows); i++)
		if (rows[i].value != CGROUP_UNKNOWN)
			set_int(o, rows[i].key, rows[i].value);
	set_group_peak(o, "memory_peak_bytes", "memory_peak_source", s->memory_peak_bytes,
		       &seen->samples, seen->peak.memory_bytes);
	/* pid 1 of the sandbox is in the kernel's number. */
	set_group_peak(o, "tasks_peak", "tasks_peak_source", s->tasks_peak, &seen->samples,
		       seen->peak.threads + 1);
	return o;
}

static json_t *part_usage(const struct observed *seen)
{
	const struct rusage *ru = &seen->rusage;
	json_t *o = json_object();

	set_int(o, "cpu_user_ns", timeval_ns(ru->ru_utime));
	set_int(o, "cpu_system_ns", timeval_ns(ru->ru_stime));
	set_int(o, "largest_process_rss_bytes", (uint64_t)ru->ru_maxrss * 1024);
	set_int(o, "minor_faults", (uint64_t)ru->ru_minflt);
	set_int(o, "major_faults", (uint64_t)ru->ru_majflt);
	set_int(o, "voluntary_switches", (uint64_t)ru->ru_nvcsw);
	set_int(o, "involuntary_switches", (uint64_t)ru->ru_nivcsw);
	set_int(o, "read_bytes", (uint64_t)ru->ru_inblock * 512);
	set_int(o, "written_bytes", (uint64_t)ru->ru_oublock * 512);
	set(o, "source", json_string("waitid(2) rusage"));
	if (seen->samples.taken) {
		json_t *peak = json_object();
		set_int(peak, "memory_bytes", seen->peak.memory_bytes);
		set_int(peak, "processes", seen->peak.processes);
		set_int(peak, "threads", seen->peak.threads);
		set(peak, "source",
		    json_string(seen->grouped ? "sampled from the control group"
					      : "sampled from /proc"));
		set(o, "peak", peak);
	}
	if (seen->grouped)
		set(o, "group", part_group(seen));
	if (seen->tmp_counted)
		set_int(o, "tmp_peak_bytes", seen->tmp_bytes_peak);
	if (seen->output_counted)
		set_int(o, "output_bytes", seen->output_bytes);
	return o;
}

/* What the group told while the job ran. */
static void add_group_events(const struct report_facts *f, json_t *list)
{
	const struct observed *seen = f->seen;

	if (seen->pressure_ns) {
		json_t *o = json_object();
		set_span(o, "t_ns", seen->launch_ns, seen->pressure_ns);
		set(o, "kind", json_string("memory-pressure"));
		set_int(o, "observed", seen->pressure_bytes);
		(void)json_array_append_new(list, o);
	}
	if (seen->refused_ns) {
		json_t *o = json_object();
		set_span(o, "t_ns", seen->launch_ns, seen->refused_ns);
		set(o, "kind", json_string("refused"));
		set(o, "limit", json_string(limit_table[LIMIT_PROCESSES].key));
		set_int(o, "value", f->plan->limits.value[LIMIT_PROCESSES]);
		set_int(o, "observed", seen->group.tasks_refused);
		(void)json_array_append_new(list, o);
	}
}

/* What happened and ended nothing, in the order of the limits. */
static json_t *part_events(const struct report_facts *f)
{
	const struct observed *seen = f->seen;
	json_t *list = json_array();

	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!seen->soft_ns[i])
			continue;
		json_t *o = json_object();
		set_span(o, "t_ns", seen->launch_ns, seen->soft_ns[i]);
		set(o, "kind", json_string("soft-limit"));
		set(o, "limit", json_string(limit_table[i].key));
		set_int(o, "value", f->plan->limits.soft[i]);
		set_int(o, "observed", seen->soft_value[i]);
		(void)json_array_append_new(list, o);
	}
	add_group_events(f, list);
	part_gpu_errors(seen, list);
	return list;
}

static json_t *part_samples(const struct observed *seen)
{
	const struct samples *s = &seen->samples;
	json_t *o = json_object(), *rows = json_array();

	set_int(o, "interval_ns", s->interval_ns);
	set_int(o, "taken", s->taken);
	set(o, "columns",
	    json_pack("[s,s,s,s,s,s,s]", "t_ns", "cpu_ns", "memory_bytes", "processes", "threads",
		      "device_bytes", "device_observed_bytes"));
	for (unsigned i = 0; i < s->count; i++) {
		const struct usage *u = &s->at[i];
		(void)json_array_append_new(
		    rows, json_pack("[I,I,I,i,i,I,I]", (json_int_t)(u->at_ns - seen->launch_ns),
				    (json_int_t)u->cpu_ns, (json_int_t)u->memory_bytes,
				    (int)u->processes, (int)u->threads, (json_int_t)u->device_bytes,
				    (json_int_t)u->device_seen_bytes));
	}
	set(o, "rows", rows);
	return o;
}

static json_t *part_host(const struct host *host)
{
	static const struct {
		const char *variable, *key;
	} ids[] = {
	    {"SLURM_JOB_ID", "slurm_job_id"},
	    {"SLURM_STEP_ID", "slurm_step_id"},
	    {"SLURM_ARRAY_JOB_ID", "slurm_array_job_id"},
	    {"SLURM_ARRAY_TASK_ID", "slurm_array_task_id"},
	    {"PBS_JOBID", "pbs_job_id"},
	    {"LSB_JOBID", "lsf_job_id"},
	    {"FLUX_JOB_ID", "flux_job_id"},
	};
	json_t *o = json_object(), *scheduler = json_object();

	set(o, "node", part_string(host->node));
	set(o, "kernel", part_string(host->kernel));
	set_int(o, "cpus", host->cpus);
	set_int(o, "uid", host->uid);
	set_int(o, "gid", host->gid);
	for (size_t i = 0; i < COUNTOF(ids); i++) {
		const char *value = getenv(ids[i].variable);
		if (value && value[0])
			set(scheduler, ids[i].key, part_string(value));
	}
	set(o, "scheduler", scheduler);
	return o;
}

static json_t *part_warnings(const struct plan *plan)
{
	json_t *list = json_array();
	for (size_t i = 0; i < plan->warning_count; i++)
		(void)json_array_append_new(list, part_string(plan->warnings[i]));
	return list;
}

static void keep(json_t *o, const char *key, json_t **place, json_t *made)
{
	if (place)
		*place = json_incref(made);
	set(o, key, made);
}

/* A part that is kept from before, or a new one. */
#define SET_KEPT(o, part, make)                                          \
	do {                                                             \
		if (kept && kept->part)                                  \
			(void)json_object_set(o, #part, kept->part);     \
		else                                                     \
			keep(o, #part, kept ? &kept->part : NULL, make); \
	} while (0)

json_t *report_build(const struct report_facts *f, struct report *kept)
{
	json_t *o = json_object();

	set(o, "vkjail", json_string(PACKAGE_VERSION));
	set(o, "report_version", json_integer(1));
	set(o, "state", json_string(f->outcome ? "done" : "running"));
	if (!f->outcome)
		set_int(o, "supervisor_pid", (uint64_t)getpid());
	SET_KEPT(o, job, part_job(f->spec, f->plan));
	if (f->outcome)
		set(o, "outcome", part_outcome(f));
	if (f->seen)
		set(o, "times", part_times(f->seen, !f->outcome));
	if (f->plan)
		SET_KEPT(o, limits, part_limits(f->plan));
	if (f->outcome && f->seen && f->seen->gone_ns)
		set(o, "usage", part_usage(f->seen));
	/* A running report is for an epilog that finds the runner dead: who, since when, under which limits. */
	if (f->plan && f->outcome) {
		set(o, "gpu", part_gpu(f));
		SET_KEPT(o, sandbox, part_sandbox(f));
		/* Neither: it never came to the filter. */
		if (f->seen && f->seen->denied && (f->seen->denied->asked || f->seen->denied->os))
			set(json_object_get(o, "sandbox"), "denied", part_denied(f->seen->denied));
	}
	if (f->outcome && f->seen && f->plan)
		set(o, "events", part_events(f));
	if (f->outcome && f->seen && f->seen->samples.taken)
		set(o, "samples", part_samples(f->seen));
	SET_KEPT(o, host, part_host(f->host));
	set(o, "warnings", f->plan ? part_warnings(f->plan) : json_array());
	return o;
}
