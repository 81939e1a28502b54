/* SPDX-License-Identifier: Apache-2.0 */
/* spec -> plan -> launch -> watch -> verdict -> report, in this order. */
#include "run/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "job/kernel-names.h"
#include "run/group.h"
#include "run/layer.h"
#include "run/learn.h"
#include "run/nvidia.h"
#include "run/request.h"
#include "run/scope.h"
#include "run/warnings.h"
#include "watch/watch.h"

/* Everything that one run owns; run_free accepts any prefix of its set-up. */
struct run {
	const struct spec *spec;
	const struct host *host;
	struct report report;
	struct plan plan;
	struct request request;
	struct cgroup group;
	struct relay relays[2];
	struct launched child;
	struct claims claims;
	struct telemetry telemetry;
	struct observed seen;
	struct learned learned;
	struct atomic_file profile; /* of what was learned */
	struct kernel_names names;  /* that the user has for kernels */
	struct arena arena;         /* owns those */
	struct progress_hook hook;
	int signal_fd;
	enum reason phase; /* the reason should the next step fail */
};

/*
 * Fresh pages, on which only what is not zero is written: most of them are never touched, and each that is
 * costs the launch a microsecond, and three after the fork. NULL: no memory. Free with run_free.
 */
static struct run *run_new(const struct spec *spec, const struct host *host)
{
	struct run *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);

	if (r == MAP_FAILED)
		return NULL;
	r->spec = spec;
	r->host = host;
	r->report.file = r->profile = ATOMIC_FILE_INIT;
	r->request = REQUEST_INIT;
	r->group = CGROUP_INIT;
	r->relays[0] = r->relays[1] = RELAY_INIT;
	r->child = LAUNCHED_INIT;
	r->signal_fd = -1;
	r->seen.nvml.fd = -1;
	r->phase = REASON_SETUP_FAILED;
	claims_init(&r->claims);
	r->learned.listener_fd = -1;
	telemetry_init(&r->telemetry);
	return r;
}

static void run_free(struct run *r)
{
	launched_done(&r->child);
	learned_done(&r->learned);
	atomic_done(&r->profile);
	if (r->signal_fd >= 0)
		(void)close(r->signal_fd);
	free(r->seen.samples.at);
	fdinfo_done(&r->seen.drm);
	nvml_done(&r->seen.nvml);
	relay_done(&r->relays[0]);
	relay_done(&r->relays[1]);
	cgroup_done(&r->group);
	request_done(&r->request);
	claims_done(&r->claims);
	telemetry_done(&r->telemetry);
	report_done(&r->report);
	plan_done(&r->plan);
	arena_done(&r->arena);
	(void)munmap(r, sizeof *r);
}

/* Without an order in which to read two pipes, one file must be one pipe, or lines change places. */
static bool same_file(int a, int b)
{
	struct stat sa, sb;
	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static int open_relays(struct run *r, struct err *e)
{
	if (!limit_is_set(&r->spec->limits, LIMIT_OUTPUT))
		return 0;
	r->seen.output_counted = true;
	if (relay_open(&r->relays[0], r->plan.stdio[1], e) < 0)
		return -1;
	r->plan.stdio[1] = r->relays[0].write_fd;
	if (same_file(1, 2)) {
		r->plan.stdio[2] = r->plan.stdio[1];
		return 0;
	}
	if (relay_open(&r->relays[1], 2, e) < 0)
		return -1;
	r->plan.stdio[2] = r->relays[1].write_fd;
	return 0;
}

/* openat(2) from a directory that the job inherits leads everywhere, past every mount. */
static int check_stdio(struct err *e)
{
	static const char *const names[] = {"stdin", "stdout", "stderr"};
	struct stat st;

	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
			(void)err_bad(
			    e, names[fd],
			    "is a directory, through which the job could leave its sandbox");
			return err_hint(e, "redirect it from a file or /dev/null");
		}
	return 0;
}

static void close_join(struct plan *p)
{
	for (size_t i = 0; i < p->join_count; i++)
		(void)close(p->join_fds[i]);
	p->join_count = 0;
}

/*
 * The plan; where it finds no control group, and systemd could give one, systemd is asked and the plan made
 * again. An error in what the user wrote is a bad job; everything else is the set-up's.
 */
static int plan(struct run *r, struct err *e)
{
	char why[512];

	r->phase = REASON_SETUP_FAILED;
	int result = plan_make(&r->plan, r->spec, r->host, e);
	if (r->plan.group.by_systemd && (result == 0 || e->kind == ERR_LIMIT)) {
		struct host with_helpers = *r->host;
		host_find_helpers(&with_helpers);
		if (scope_ask(with_helpers.libexec, why, sizeof why) == 0) {
			plan_done(&r->plan);
			*e = ERR_INIT;
			result = plan_make(&r->plan, r->spec, r->host, e);
			if (r->plan.group.version == CGROUP_V2)
				r->plan.group.source = "a scope that systemd made";
		} else if (r->plan.group.version == CGROUP_NONE) {
			/* Asked and refused: whoever requires a limit has to know both. */
			r->plan.group.why = arena_printf(&r->plan.arena, "%s; systemd: %s",
							 r->plan.group.why ? r->plan.group.why : "",
							 why);
			if (result < 0)
				(void)err_hint(e, "no control group (%s)", r->plan.group.why);
		}
	}
	if (result < 0 && e->kind == ERR_BAD)
		r->phase = REASON_BAD_JOB;
	return result;
}

static int open_layer(struct run *r, struct err *e)
{
	if (!r->plan.telemetry)
		return 0;
	const struct telemetry_orders o = layer_orders(&r->plan, r->spec);
	if (telemetry_open(&r->telemetry, &o, &r->names, e) < 0)
		return -1;
	r->plan.telemetry_fd = r->telemetry.listen_fd;
	return 0;
}

static int prepare(struct run *r, const struct capture *capture, struct err *e)
{
	r->phase = REASON_BAD_JOB;
	if (check_stdio(e) < 0 || (r->spec->learn && learn_open(r->spec, &r->profile, e) < 0))
		return -1;
	if (r->spec->kernel_names &&
	    kernel_names_read(&r->names, &r->arena, r->spec->kernel_names, e) < 0)
		return -1;
	if (plan(r, e) < 0)
		return -1;
	if (r->spec->compute) {
		r->phase = REASON_BAD_JOB;
		if (request_open(&r->request, r->spec, &r->plan, r->host, e) < 0)
			return -1;
		r->phase = REASON_SETUP_FAILED;
		r->plan.fds = r->request.fds;
		r->plan.fd_count = r->request.fd_count;
	}
	if (group_open(&r->group, &r->plan, e) < 0 || open_layer(r, e) < 0)
		return -1;
	if (capture)
		r->plan.stdio[1] = capture->fd;
	return open_relays(r, e);
}

/*
 * A file-size limit of the caller's (ulimit -f) must not kill vkjail while it writes the report: with
 * SIGXFSZ blocked the write fails with EFBIG and the report goes to stderr.
 */
static void keep_file_size_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Signals come as data from here on, so that none arrives between two steps. */
static int take_signals(struct run *r, struct err *e)
{
	sigset_t set;
	const struct sigaction dfl = {.sa_handler = SIG_DFL};

	/* With SIGCHLD ignored the kernel reaps children itself and their status is lost (waitid(2)). */
	(void)sigaction(SIGCHLD, &dfl, NULL);
	keep_file_size_signal();
	watch_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_os(e, errno, NULL, "cannot block signals");
	r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signal_fd < 0 ? err_os(e, errno, NULL, "cannot receive signals") : 0;
}

static void now(struct observed *o)
{
	struct timespec mono, real;
	(void)clock_gettime(CLOCK_MONOTONIC, &mono);
	(void)clock_gettime(CLOCK_REALTIME, &real);
	o->launch_ns = (uint64_t)mono.tv_sec * 1000000000u + (uint64_t)mono.tv_nsec;
	o->launch_real_ns = (int64_t)real.tv_sec * 1000000000 + real.tv_nsec;
}

static struct report_facts facts_of(const struct run *r, const struct outcome *outcome)
{
	return (struct report_facts){
	    .spec = r->spec,
	    .host = r->host,
	    .plan = r->plan.step_count ? &r->plan : NULL,
	    .seen = r->seen.launch_ns ? &r->seen : NULL,
	    .claims = r->spec->compute ? &r->claims : NULL,
	    .telemetry = r->plan.telemetry ? &r->telemetry : NULL,
	    .outcome = outcome,
	};
}

/* What only sched_setaffinity(2) says the job can undo. */
static unsigned cpus_at_a_time(const struct run *r)
{
	unsigned cpus = r->host->cpus;

	if (limit_is_set(&r->plan.limits, LIMIT_CPUS) &&
	    r->plan.group.controllers & CGROUP_BIT(CGROUP_CPUSET))
		cpus = (unsigned)r->plan.limits.value[LIMIT_CPUS];
	return cpus ? cpus : 1;
}

static int launch_and_watch(struct run *r, struct err *e)
{
	struct watch w = {
	    .plan = &r->plan,
	    .child = &r->child,
	    .grace_ns = r->spec->grace_ns,
	    .soft_ends = r->spec->soft_action == SOFT_END,
	    .sample_ns = r->plan.sample_ns,
	    .cpus = cpus_at_a_time(r),
	    .signal_fd = r->signal_fd,
	    .answers_fd = r->request.answers_fd,
	    .group = r->plan.group.version == CGROUP_NONE ? NULL : &r->group,
	    .claims = &r->claims,
	    .telemetry = r->plan.telemetry ? &r->telemetry : NULL,
	    .learned = r->spec->learn ? &r->learned : NULL,
	    .relays = r->relays,
	    .seen = &r->seen,
	    .show = r->hook.show,
	    .show_arg = r->hook.show_arg,
	};

	/*
	 * The job's environment stands in the plan by now. gmtime_r(3) would read the time zone's file for
	 * the report, which is in UTC anyway; for an empty name after the colon it looks for none (tzset(3)).
	 */
	(void)setenv("TZ", ":", 1);
	nvidia_want(&r->seen.nvml, &r->plan, r->host);
	now(&r->seen);
	if (launch(&r->plan, &r->child, e) < 0)
		return -1;
	r->seen.launched = true;
	request_close_job_side(&r->request);
	close_join(&r->plan);
	for (int i = 0; i < 2; i++) {
		if (r->relays[i].write_fd >= 0)
			(void)close(r->relays[i].write_fd);
		r->relays[i].write_fd = -1;
	}
	/* After the launch, the child sets itself up meanwhile; but a job that runs has a report that says so. */
	struct report_facts facts = facts_of(r, NULL);
	AUTO_FREE char *text = NULL;
	int running = report_write(&r->report, &facts, &text, e);
	launched_go(&r->child);
	r->phase = REASON_RUNNER_FAILED;
	int result = watch_run(&w, running < 0 ? &(struct err){0} : e);
	(void)running; /* the last report will be tried all the same, and its failure told */
	return result;
}

/* The outputs of a compute job that ended well; whole, or the outcome says why not. */
static void finish_outputs(struct run *r, struct outcome *out)
{
	struct err e = ERR_INIT;
	const struct compute *c = r->spec->compute;

	if (!c || out->reason != REASON_EXITED || out->code != 0)
		return;
	cache_commit(&r->request.cache);
	if (r->spec->dry_run) {
		(void)snprintf(
		    out->text, sizeof out->text,
		    "dry run: the job, its shaders and its files were checked, nothing was dispatched, no output was written");
		return;
	}
	for (size_t i = 0; i < c->output_count; i++)
		if (!claims_has_output(&r->claims, c->outputs[i].buffer)) {
			(void)err_set(&e, ERR_CHILD, c->outputs[i].where,
				      "vkjail-exec did not write the output '%s'",
				      c->outputs[i].buffer);
			verdict_of_error(REASON_RUNNER_FAILED, &e, out);
			return;
		}
	if (request_commit_outputs(&r->request, r->spec->durable, &e) < 0)
		verdict_of_error(REASON_RUNNER_FAILED, &e, out);
}

/* Of a job that a limit or a signal ended: what it could still write into outputs that are to be kept. */
static void keep_outputs(struct run *r, const struct outcome *out, struct run_result *ret)
{
	const struct compute *c = r->spec->compute;

	if (!c || r->spec->dry_run || out->reason == REASON_EXITED)
		return;
	for (size_t i = 0; i < c->output_count; i++) {
		struct err e = ERR_INIT;
		if (!c->outputs[i].keep || !claims_has_partial(&r->claims, c->outputs[i].buffer) ||
		    request_commit_output(&r->request, i, r->spec->durable, &e) == 0)
			continue;
		char text[sizeof e.text + 128];
		(void)snprintf(text, sizeof text, "the output '%s' could not be kept: %s",
			       c->outputs[i].buffer, e.text);
		warnings_add(ret, text);
	}
}

/*
 * The report's place is checked before the job runs. One that was asked for and cannot be had
 * prevents the run; the default one only costs a message.
 */
static int open_report(struct run *r, struct run_result *ret)
{
	struct err e = ERR_INIT;

	if (report_open(&r->report, r->spec, r->host, &e) == 0 &&
	    (r->report.target != REPORT_FILE ||
	     faccessat(r->report.file.dir_fd, ".", W_OK, AT_EACCESS) == 0))
		return 0;
	if (e.kind == ERR_NONE)
		(void)err_os(&e, errno, r->report.path,
			     "cannot write the report: its directory is not writable");
	r->report.target = REPORT_NONE;
	if (r->spec->report_given) {
		ret->err = e;
		return -1;
	}
	(void)err_hint(&e, "name another place with --report FILE, or none with --report none");
	ret->report_err = e;
	return 0;
}

void supervise(const struct spec *spec, const struct host *host, const struct capture *capture,
	       const struct progress_hook *hook, struct run_result *ret)
{
	struct outcome *out = &ret->outcome;

	memset(ret, 0, sizeof *ret);
	struct run *r = run_new(spec, host);
	if (!r) {
		(void)err_os(&ret->err, ENOMEM, NULL, "cannot begin the run");
		verdict_of_error(REASON_SETUP_FAILED, &ret->err, out);
		return;
	}
	if (hook)
		r->hook = *hook;
	if (open_report(r, ret) < 0 || prepare(r, capture, &ret->err) < 0 ||
	    take_signals(r, &ret->err) < 0 || launch_and_watch(r, &ret->err) < 0) {
		verdict_of_error(r->phase, &ret->err, out);
	} else {
		ret->err = ERR_INIT;
		verdict_of_run(&r->plan, &r->seen, spec->compute ? &r->claims : NULL,
			       r->plan.telemetry ? &r->telemetry.said : NULL, out);
	}
	if (!cgroup_remove(&r->group))
		plan_warn(
		    &r->plan,
		    "the job's control group '%s' is still there; the next run of vkjail at that place removes it",
		    r->group.name);
	finish_outputs(r, out);
	keep_outputs(r, out, ret);
	if (spec->learn && (r->seen.exited || r->learned.calls))
		learn_keep(spec, &r->plan, &r->learned, out, &r->profile);
	const struct warnings_from from = {&r->plan, &r->seen, &r->telemetry.said, &r->claims};
	warnings_keep(&from, ret);
	struct refused_names names;
	if (r->seen.denied && denied_names(r->seen.denied, &names))
		ret->refused = arena_strdup(&ret->arena, names.text);
	struct report_facts facts = facts_of(r, out);
	if (ret->report_err.kind == ERR_NONE)
		(void)report_write(&r->report, &facts, &ret->report_text, &ret->report_err);
	if (r->report.target == REPORT_FILE && ret->report_err.kind == ERR_NONE)
		(void)snprintf(ret->report_path, sizeof ret->report_path, "%s", r->report.path);
	run_free(r);
}

void supervise_refused(struct spec *spec, const struct host *host, const struct err *why,
		       struct run_result *ret)
{
	const struct err first = *why;

	memset(ret, 0, sizeof *ret);
	keep_file_size_signal();
	spec_name(spec);
	verdict_of_error(REASON_BAD_JOB, &first, &ret->outcome);
	struct run *r = run_new(spec, host);
	if (!r) {
		ret->err = first;
		(void)err_os(&ret->report_err, ENOMEM, NULL, "cannot write the report");
		return;
	}
	struct report_facts facts = facts_of(r, &ret->outcome);
	if (open_report(r, ret) < 0)
		ret->report_err = ret->err;
	else if (ret->report_err.kind == ERR_NONE)
		(void)report_write(&r->report, &facts, &ret->report_text, &ret->report_err);
	ret->err = first;
	run_free(r);
}

void run_result_done(struct run_result *r)
{
	free(r->report_text);
	arena_done(&r->arena);
}
