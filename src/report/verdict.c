/* SPDX-License-Identifier: Apache-2.0 */
/* Facts -> reason. First cause wins: what came later never changes it. */
#include "report/verdict.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/text.h"
#include "sandbox/call-name.h"
#include "sandbox/proto.h"

static void say(struct outcome *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct outcome *out, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(out->text, sizeof out->text, fmt, ap);
	va_end(ap);
}

static void settle(struct outcome *out, enum reason reason, int own)
{
	int status = reason_table[reason].status;

	out->reason = reason;
	out->exit_status = status == STATUS_OWN      ? own
			   : status == STATUS_SIGNAL ? 128 + own
						     : status;
}

static const char *signal_name(int signal, char *buf, size_t size)
{
	const char *abbrev = sigabbrev_np(signal);
	if (abbrev)
		(void)snprintf(buf, size, "SIG%s", abbrev);
	else
		(void)snprintf(buf, size, "signal %d", signal);
	return buf;
}

static void of_exec_failure(const struct plan *p, const struct observed *o, struct outcome *out)
{
	char path[256], name[256];

	/* Cut, so that a long path leaves room for what is wrong with it. */
	(void)text_show(p->exec_paths[o->step_detail >> 16], path, sizeof path);
	(void)text_show(p->argv[0], name, sizeof name);
	if ((o->step_detail & 0xffff) == EXEC_DETAIL_MISSING) {
		settle(out, REASON_NOT_FOUND, 0);
		if (strchr(p->argv[0], '/'))
			say(out,
			    "the command '%s' does not exist in the sandbox; if it does outside, show its directory with --ro-bind",
			    name);
		else
			say(out,
			    "the command '%s' was not found in PATH; if it is there outside, show its directory with --ro-bind",
			    name);
		return;
	}
	settle(out, REASON_EXEC_FAILED, 0);
	if ((o->step_detail & 0xffff) == EXEC_DETAIL_INTERPRETER)
		say(out,
		    "the command '%s' exists, but the interpreter that it names (the #! line, or the ELF loader) does not",
		    path);
	else
		say(out, "the command '%s' could not be executed: %s (%s)", path,
		    strerrordesc_np(o->step_os), err_errno_name(o->step_os));
}

static void of_step_failure(const struct plan *p, const struct observed *o, struct outcome *out)
{
	const struct step *s = &p->steps[o->step];
	const char *what = s->source && s->op != STEP_FILE ? s->source
			   : s->op == STEP_WORKDIR         ? p->workdir
							   : s->target;

	if (s->op == STEP_EXEC && p->helper) {
		settle(out, REASON_RUNNER_FAILED, 0);
		say(out,
		    "the helper program '%s' cannot be executed (%s): the installation is incomplete",
		    p->argv[0], err_errno_name(o->step_os));
		return;
	}
	if (s->op == STEP_EXEC) {
		of_exec_failure(p, o, out);
		return;
	}
	settle(out, REASON_SETUP_FAILED, 0);
	const char *why = strerrordesc_np(o->step_os);
	say(out, "the sandbox could not be set up: step %u, %s%s%s%s (%s): %s (%s)", o->step,
	    step_table[s->op].name, what ? " '" : "", what ? what : "", what ? "'" : "",
	    step_table[s->op].help, why ? why : "?", err_errno_name(o->step_os));
	if (s->op == STEP_ENTER_NETWORK)
		(void)snprintf(
		    out->hint, sizeof out->hint, "%s",
		    o->step_os == ENOSPC
			? "a limit in /proc/sys/user/max_*_namespaces is reached; --net host needs no network namespace"
			: "--net host needs no network namespace");
}

static void of_limit(const struct plan *p, const struct observed *o, const struct gpu_said *gpu,
		     struct outcome *out)
{
	char limit[32], value[32];

	settle(out, limit_table[o->limit].reason, 0);
	out->limit = (int)o->limit;
	out->value = o->value;
	out->soft = o->soft;
	(void)limit_print(o->limit, p->limits.value[o->limit], limit, sizeof limit);
	(void)limit_print(o->limit, o->value, value, sizeof value);
	if (o->soft) {
		(void)limit_print(o->limit, p->limits.soft[o->limit], limit, sizeof limit);
		say(out,
		    "the job was ended at the soft value %s of its limit '%s' (observed: %s), as soft-action asks",
		    limit, limit_table[o->limit].key, value);
		return;
	}
	if (o->limit == LIMIT_WALL)
		say(out, "the job was ended after %s of real time, its limit", limit);
	else if (o->limit == LIMIT_CPU)
		say(out, "the job was ended after %s of CPU time; its limit is %s", value, limit);
	else if (o->limit == LIMIT_IDLE)
		say(out, "the job was ended after using no CPU time for %s; its limit is %s", value,
		    limit);
	else if (o->limit == LIMIT_MEMORY)
		say(out, "the job was killed at %s of memory; its limit is %s", value, limit);
	else if (o->limit == LIMIT_KERNEL)
		say(out,
		    "the job was ended because a submission to the GPU had not finished after %s; the limit is %s%s%s",
		    value, limit, gpu && gpu->culprit[0] ? "; kernel: " : "",
		    gpu ? gpu->culprit : "");
	else if (o->limit == LIMIT_OUTPUT)
		say(out,
		    "the job was ended for writing more than %s to stdout and stderr, its limit",
		    limit);
	else
		say(out, "the job was ended at its limit '%s' of %s (observed%s%s: %s)",
		    limit_table[o->limit].key, limit, o->value_by ? " by " : "",
		    o->value_by ? o->value_by : "", value);
}

static void of_unkillable(const struct observed *o, struct outcome *out)
{
	settle(out, REASON_UNKILLABLE, 0);
	say(out,
	    "processes of the job were still there ten seconds after SIGKILL (a driver or file system holds them in the kernel)%s",
	    o->cause == CAUSE_LIMIT ? "; a limit had been reached before" : "");
}

/* What vkjail-exec says about its end; true when that is the reason. */
static bool of_claim(const struct plan *p, const struct claims *c, struct outcome *out)
{
	static const struct {
		enum claim_end how;
		enum reason reason;
		int limit;
	} map[] = {
	    {CLAIM_END_BAD_JOB, REASON_BAD_JOB, -1},
	    {CLAIM_END_DEVICE_MEMORY, REASON_DEVICE_MEMORY, LIMIT_DEVICE_MEMORY},
	    {CLAIM_END_DEVICE_LOST, REASON_DEVICE_LOST, -1},
	    {CLAIM_END_KERNEL_TIME, REASON_KERNEL_TIME, LIMIT_KERNEL},
	    {CLAIM_END_CHECK_FAILED, REASON_CHECK_FAILED, -1},
	    {CLAIM_END_FAILED, REASON_RUNNER_FAILED, -1},
	};

	for (size_t i = 0; i < COUNTOF(map); i++) {
		if (map[i].how != c->how)
			continue;
		const char *text = json_string_value(json_object_get(c->end, "text"));
		const char *where = json_string_value(json_object_get(c->end, "where"));
		settle(out, map[i].reason, 0);
		say(out, "%s", text ? text : reason_table[map[i].reason].help);
		(void)snprintf(out->where, sizeof out->where, "%s", where ? where : "");
		const char *hint = json_string_value(json_object_get(c->end, "hint"));
		(void)snprintf(out->hint, sizeof out->hint, "%s", hint ? hint : "");
		if (map[i].limit >= 0 && limit_is_set(&p->limits, (enum limit)map[i].limit)) {
			const char *key = map[i].limit == LIMIT_KERNEL ? "observed_ns" : "needed";
			out->limit = map[i].limit;
			out->value = (uint64_t)json_integer_value(json_object_get(c->end, key));
		}
		return true;
	}
	return false;
}

/* What was used up, of all processes that were waited for; anybody in the job can send itself SIGXCPU. */
static bool cpu_used_up(const struct plan *p, const struct rusage *ru)
{
	uint64_t used = (uint64_t)(ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * 1000000000u +
			(uint64_t)(ru->ru_utime.tv_usec + ru->ru_stime.tv_usec) * 1000u;
	return limit_is_set(&p->limits, LIMIT_CPU) && used >= p->limits.value[LIMIT_CPU];
}

/* The OOM killer was there for the limit of a group that the job made below its own. */
static bool killed_from_below(const struct observed *o)
{
	return o->grouped && o->group.oom_kill != CGROUP_UNKNOWN && o->group.oom_kill > 0 &&
	       o->group.oom > 0 && o->group.oom_local == 0;
}

/* The OOM killer was there, and the group had not reached a limit of its own. */
static bool killed_from_above(const struct observed *o)
{
	return o->grouped && o->group.oom_kill != CGROUP_UNKNOWN && o->group.oom_kill > 0 &&
	       o->group.oom == 0;
}

/* The call that pid 1 ended the job for; it wrote that down before it did. */
static const struct denied_row *killer_of(const struct observed *o)
{
	const struct denied *d = o->denied;

	return d && d->killer && d->killer <= DENIED_ROWS ? &d->rows[d->killer - 1] : NULL;
}

static void of_syscall(const struct plan *p, const struct observed *o, struct outcome *out)
{
	char call[512], arch[32];

	settle(out, REASON_SYSCALL, SIGSYS);
	out->call = killer_of(o);
	if (!out->call) {
		say(out,
		    "the seccomp filter ended the job for a system call that its profile forbids");
		return;
	}
	(void)call_print(out->call->arch, out->call->nr, out->call->args, call, sizeof call);
	say(out, "the job called %s of %s, for which the seccomp profile '%s' ends it%s", call,
	    call_arch_name(out->call->arch, out->call->nr, arch, sizeof arch),
	    p->seccomp_name ? p->seccomp_name : spec_seccomp_name(p->seccomp),
	    out->call->late ? " once the device is open" : "");
}

/* execve(2) had no room for the program and could not return any more: SIGSEGV, before Linux 5.17 SIGKILL. */
static bool too_large_to_start(const struct plan *p)
{
	return limit_is_set(&p->limits, LIMIT_ADDRESS_SPACE) &&
	       p->image_bytes >= p->limits.value[LIMIT_ADDRESS_SPACE];
}

static void of_image(const struct plan *p, struct outcome *out)
{
	char limit[32], value[32], name[256];

	settle(out, REASON_MEMORY, 0);
	out->limit = LIMIT_ADDRESS_SPACE;
	out->value = p->image_bytes;
	say(out, "the program '%s' needs %s of address space or more for itself; its limit is %s",
	    text_show(p->argv[0], name, sizeof name),
	    text_print_size(p->image_bytes, value, sizeof value),
	    text_print_size(p->limits.value[LIMIT_ADDRESS_SPACE], limit, sizeof limit));
}

static void of_signal(const struct plan *p, const struct observed *o, int signal,
		      struct outcome *out)
{
	char name[32];

	out->signal = signal;
	(void)signal_name(signal, name, sizeof name);
	if (signal == SIGSYS && p->filter.len) {
		of_syscall(p, o, out);
	} else if (signal == SIGXFSZ && limit_is_set(&p->limits, LIMIT_FILE_SIZE)) {
		char limit[32];
		settle(out, REASON_FILE_SIZE, signal);
		out->limit = LIMIT_FILE_SIZE;
		out->value = p->limits.value[LIMIT_FILE_SIZE];
		say(out, "the job tried to write a file larger than %s, its limit",
		    text_print_size(p->limits.value[LIMIT_FILE_SIZE], limit, sizeof limit));
	} else if (signal == SIGXCPU && cpu_used_up(p, &o->rusage)) {
		settle(out, REASON_CPU_TIME, signal);
		out->limit = LIMIT_CPU;
		out->value = p->limits.value[LIMIT_CPU];
		say(out, "a process of the job used up its CPU time and was ended by RLIMIT_CPU");
	} else if ((signal == SIGSEGV || signal == SIGKILL) && too_large_to_start(p)) {
		of_image(p, out);
	} else if (signal == SIGKILL && killed_from_below(o)) {
		settle(out, REASON_SIGNALED, signal);
		say(out,
		    "the kernel's out-of-memory killer ended the job at the limit of a control group that the job itself made");
	} else if (signal == SIGKILL && killed_from_above(o)) {
		settle(out, REASON_SIGNALED, signal);
		say(out,
		    "the kernel's out-of-memory killer ended the job, not for its own limit: the machine, or a group above, had no memory left");
	} else {
		settle(out, REASON_SIGNALED, signal);
		say(out, "the job was ended by %s (%s), which vkjail did not send", name,
		    sigdescr_np(signal) ? sigdescr_np(signal) : "?");
	}
}

/*
 * What happened on the GPU goes before the program's own end: a lost device whatever the program made of
 * it, and refused memory when it ended badly. Its exit status or signal stay in the outcome.
 */
static void of_gpu(const struct plan *p, const struct observed *o, const struct gpu_said *g,
		   struct outcome *out)
{
	char how[64] = "with exit status 0", asked[32], limit[32] = "none", name[32];
	bool well = out->reason == REASON_EXITED && out->code == 0;
	bool own = out->reason == REASON_EXITED || out->reason == REASON_SIGNALED;
	int code = out->code, signal = out->signal;

	if (!own || (!g->lost && (well || g->refused + g->driver_refused == 0)))
		return;
	if (out->reason == REASON_SIGNALED)
		(void)snprintf(how, sizeof how, "by %s",
			       signal_name(WTERMSIG(o->status), name, sizeof name));
	else if (!well)
		(void)snprintf(how, sizeof how, "with exit status %d", code);
	if (g->lost) {
		settle(out, REASON_DEVICE_LOST, 0);
		say(out,
		    "the Vulkan device was lost (%s returned VK_ERROR_DEVICE_LOST); the program ended %s",
		    g->lost_call && g->lost_call[0] ? g->lost_call : "a call", how);
	} else if (g->refused) {
		uint64_t value = p->limits.value[LIMIT_DEVICE_MEMORY];
		settle(out, REASON_DEVICE_MEMORY, 0);
		if (value < LIMIT_UNSET) {
			out->limit = LIMIT_DEVICE_MEMORY;
			(void)text_print_size(value, limit, sizeof limit);
		}
		/* What it would have held with the least that was refused is not known; the peak is. */
		out->value = g->memory_peak;
		say(out,
		    "%llu allocation%s of device memory (%s together) would have passed the limit of %s and were refused; the program ended %s",
		    (unsigned long long)g->refused, g->refused == 1 ? "" : "s",
		    text_print_size(g->refused_bytes, asked, sizeof asked), limit, how);
	} else {
		settle(out, REASON_DEVICE_MEMORY, 0);
		say(out,
		    "the driver had no device memory left for %llu allocation%s (%s together), no limit of the job's; the program ended %s",
		    (unsigned long long)g->driver_refused, g->driver_refused == 1 ? "" : "s",
		    text_print_size(g->driver_refused_bytes, asked, sizeof asked), how);
	}
	out->code = code;
	out->signal = signal;
}

static void of_exit(const struct plan *p, const struct observed *o, const struct claims *claims,
		    struct outcome *out)
{
	/* That the filter killed it is the kernel's word, and goes before whatever was claimed until then. */
	bool filtered = WIFSIGNALED(o->status) && WTERMSIG(o->status) == SIGSYS;
	if (claims && !filtered && of_claim(p, claims, out))
		return;
	if (WIFSIGNALED(o->status)) {
		of_signal(p, o, WTERMSIG(o->status), out);
		return;
	}
	out->code = WEXITSTATUS(o->status);
	if (claims && claims->how != CLAIM_END_DONE) {
		settle(out, REASON_RUNNER_FAILED, 0);
		say(out, "vkjail-exec ended with status %d without saying why", out->code);
		return;
	}
	settle(out, REASON_EXITED, out->code);
	if (out->code == 0)
		say(out, "the job ended by itself with exit status 0");
	else
		say(out, "the job ended by itself with exit status %d", out->code);
}

void verdict_of_run(const struct plan *plan, const struct observed *o, const struct claims *claims,
		    const struct gpu_said *gpu, struct outcome *ret)
{
	char name[32];

	*ret = (struct outcome){.code = -1, .limit = -1};
	if (o->unkillable) {
		of_unkillable(o, ret);
	} else if (o->step_failed && o->cause != CAUSE_CANCEL) {
		of_step_failure(plan, o, ret);
	} else if (o->cause == CAUSE_LIMIT) {
		of_limit(plan, o, gpu, ret);
	} else if (o->cause == CAUSE_CANCEL) {
		settle(ret, REASON_CANCELLED, o->cancel_signal);
		ret->signal = o->cancel_signal;
		say(ret, "vkjail got %s and ended the job%s",
		    signal_name(o->cancel_signal, name, sizeof name),
		    o->killed_ns ? " by force" : "");
	} else if (o->exited) {
		of_exit(plan, o, claims, ret);
		if (gpu)
			of_gpu(plan, o, gpu, ret);
	} else if (WIFSIGNALED(o->init_status)) {
		ret->signal = WTERMSIG(o->init_status);
		settle(ret, REASON_SIGNALED, ret->signal);
		say(ret,
		    "pid 1 of the sandbox was ended by %s from outside: the kernel's out-of-memory killer, or somebody with the right to",
		    signal_name(ret->signal, name, sizeof name));
	} else {
		settle(ret, REASON_RUNNER_FAILED, 0);
		say(ret, "pid 1 of the sandbox ended without saying how the job did");
	}
}

void verdict_of_error(enum reason reason, const struct err *e, struct outcome *ret)
{
	struct err bare = *e;

	*ret = (struct outcome){.code = -1, .limit = -1};
	settle(ret, reason, 0);
	(void)snprintf(ret->where, sizeof ret->where, "%s", e->object);
	(void)snprintf(ret->hint, sizeof ret->hint, "%s", e->hint);
	bare.object[0] = '\0';
	(void)err_render(&bare, ret->text, sizeof ret->text);
}
