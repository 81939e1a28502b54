/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: puts the parts together in the order in which the child will walk them. */
#include "plan/plan.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "job/profile.h"
#include "page/page.h"
#include "plan/parts.h"

const struct step_info step_table[STEP_COUNT] = {
#define STEP(id, name, help) [STEP_##id] = {name, help},
#include "plan/step.def"
#undef STEP
};

static const char socket_path[] = PAGE_LAYER_DIR "/" PAGE_SOCKET_FILE;

struct step *plan_step(struct plan *p, enum step_op op)
{
	p->steps = arena_grow(&p->arena, p->steps, p->step_count, sizeof *p->steps);
	struct step *s = &p->steps[p->step_count++];
	*s = (struct step){.op = op};
	return s;
}

void plan_warn(struct plan *p, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	p->warnings = arena_grow(&p->arena, p->warnings, p->warning_count, sizeof *p->warnings);
	p->warnings[p->warning_count++] = arena_strdup(&p->arena, text);
}

static void plan_identity(struct plan *p, const struct spec *spec, const struct host *host)
{
	p->namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			CLONE_NEWCGROUP;
	if (spec->net == NET_NONE)
		p->namespaces |= CLONE_NEWNET;
	/*
	 * One id each, mapped to itself: the job keeps its owner's files and gains nobody else's.
	 * setgroups(2) is denied (user_namespaces(7)), so supplementary groups such as render stay.
	 */
	(void)snprintf(p->id_maps[0], sizeof p->id_maps[0], "%u %u 1\n", (unsigned)host->uid,
		       (unsigned)host->uid);
	(void)snprintf(p->id_maps[1], sizeof p->id_maps[1], "%u %u 1\n", (unsigned)host->gid,
		       (unsigned)host->gid);
	if (spec->clocks == CLOCKS_OWN)
		(void)plan_step(p, STEP_CLOCKS);
	/* Before there is a second thread, which it would take along into a scheduling group of the session's own (sched(7)). */
	(void)plan_step(p, STEP_SESSION);
	/* As early as it can be: the step that enters it should not have to wait. */
	if (spec->net == NET_NONE)
		(void)plan_step(p, STEP_NETWORK);
	(void)plan_step(p, STEP_ID_MAP);
	plan_step(p, STEP_HOSTNAME)->source = spec->hostname ? spec->hostname : "vkjail";
}

/*
 * vkjail-exec with a software driver needs little, and gets no more. What the drivers of real GPUs
 * call is not known as exactly, so with a device node it has the default profile.
 */
static enum spec_seccomp profile_of(const struct plan *p, const struct spec *spec)
{
	if (spec->seccomp_given || !spec->compute)
		return spec->seccomp;
	return p->gpu_node_count ? SECCOMP_DEFAULT : SECCOMP_STRICT;
}

static int get_second(struct plan *p, struct err *e)
{
	for (int i = 0; i < FILTER_SECONDS; i++)
		if (filter_second_get((enum filter_second)i, &p->second[i], e) < 0)
			return -1;
	return 0;
}

static void warn_nesting(struct plan *p)
{
	if (filter_allows(&p->filter, SYS_unshare, CLONE_NEWUSER) && !host_can_forbid_nesting())
		plan_warn(
		    p,
		    "the job can make a user namespace of its own, and has every capability in it: /proc/sys is read-only or not there, as in a container, and the seccomp profile '%s' does not refuse it",
		    p->seccomp_name);
}

static int plan_privileges(struct plan *p, const struct spec *spec, struct err *e)
{
	p->no_caps = cap_init();
	if (!p->no_caps)
		return err_os(e, errno, NULL, "cannot prepare the capability sets");
	p->last_cap = (int)cap_max_bits() - 1;
	if (spec->learn)
		plan_warn(
		    p,
		    "learning: system calls that the profile '%s' refuses are let through, and all are slow",
		    p->seccomp_name);
	else if (p->seccomp == SECCOMP_NONE)
		plan_warn(
		    p,
		    "no seccomp filter: the job may make every system call that the kernel allows it");
	if (spec->compute && p->seccomp == SECCOMP_STRICT && !spec->learn && get_second(p, e) < 0)
		return -1;
	struct filter *f = spec->learn ? &p->judge : &p->filter;
	if (spec->learn)
		filter_learning(&p->filter);
	int rc = p->seccomp == SECCOMP_FILE ? filter_of_file(spec->profile, f, e)
					    : filter_get(p->seccomp, f, e);
	if (rc == 0 && !spec->learn)
		warn_nesting(p);
	return rc;
}

int plan_make(struct plan *p, const struct spec *spec, const struct host *host, struct err *e)
{
	memset(p, 0, sizeof *p);
	p->helper = spec->helper || spec->compute;
	p->stdio[0] = 0;
	p->stdio[1] = 1;
	p->stdio[2] = 2;
	p->limits = spec->limits;
	p->group_fd = -1;
	p->telemetry_fd = -1;
	p->mask = host->mask;
	p->umask = host->umask;
	p->sigchld_ignored = host->sigchld_ignored;
	p->want_started = limit_is_set(&spec->limits, LIMIT_MEMORY) ||
			  spec->limits.soft[LIMIT_MEMORY] < LIMIT_UNSET;

	/* The GPUs first: the group holds their memory. */
	if (plan_gpu(p, spec, e) < 0 || plan_dynamic(p, spec, host, e) < 0 ||
	    plan_cgroup(p, spec, e) < 0)
		return -1;
	plan_identity(p, spec, host);
	if (plan_root(p, spec, host, e) < 0)
		return -1;
	plan_devices(p);
	p->seccomp = profile_of(p, spec);
	p->seccomp_name = p->seccomp == SECCOMP_FILE ? spec->profile->file
						     : spec_seccomp_names[p->seccomp];
	if (p->telemetry)
		plan_step(p, STEP_SOCKET)->target = &socket_path[1];
	/* Forty calls, while the network namespace may still be in the making. What pid 1 has it keeps. */
	(void)plan_step(p, STEP_BOUNDING);
	if (spec->net == NET_NONE)
		(void)plan_step(p, STEP_ENTER_NETWORK);
	(void)plan_step(p, STEP_WORKDIR);
	/* Capabilities go before the fork: neither init nor the job has a use for them from here on. */
	(void)plan_step(p, STEP_CAPABILITIES);
	(void)plan_step(p, STEP_NO_NEW_PRIVS);
	p->fork_step = p->step_count;
	(void)plan_step(p, STEP_FORK);
	(void)plan_step(p, STEP_GROUP);
	/* Before the resource limits: it opens files. */
	plan_landlock(p, spec);
	if (plan_limits(p, spec, host, e) < 0 || plan_rlimit_steps(p, spec, e) < 0 ||
	    plan_descriptors(p, spec, e) < 0)
		return -1;
	(void)plan_step(p, STEP_SIGNALS);
	p->learn = spec->learn != NULL;
	if (p->seccomp != SECCOMP_NONE || p->learn)
		(void)plan_step(p, STEP_FILTER);
	(void)plan_step(p, STEP_EXEC);
	if (plan_privileges(p, spec, e) < 0)
		return -1;
	return plan_command(p, spec, host, e);
}

void plan_done(struct plan *p)
{
	if (p->device_program > 0)
		(void)close(p->device_program);
	p->device_program = 0;
	filter_done(&p->filter);
	for (int i = 0; i < FILTER_SECONDS; i++)
		filter_done(&p->second[i]);
	filter_done(&p->judge);
	if (p->no_caps)
		(void)cap_free(p->no_caps);
	p->no_caps = NULL;
	arena_done(&p->arena);
}
