/* SPDX-License-Identifier: Apache-2.0 */
/* What each descriptor means in the loop. Deadlines stand in timers.c, the set of descriptors in loop.c. */
#include "watch/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "watch/timers.h"
#include "watch/usage.h"
#include "sandbox/proto.h"

/* Asked to stop; the job is ended first. */
static const int cancel_signals[] = {SIGINT, SIGTERM, SIGHUP};
/* Meant for the job, which decides what to do with them. */
static const int passed_signals[] = {SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT};

void watch_signals(sigset_t *set)
{
	struct sigaction now;

	sigemptyset(set);
	for (size_t i = 0; i < COUNTOF(cancel_signals); i++)
		/* nohup(1) and background jobs of a shell have them ignored, and mean it. */
		if (sigaction(cancel_signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(set, cancel_signals[i]);
	for (size_t i = 0; i < COUNTOF(passed_signals); i++)
		if (sigaction(passed_signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(set, passed_signals[i]);
	/* Blocked, never delivered: writing to a closed pipe must give EPIPE. */
	sigaddset(set, SIGPIPE);
}

static void send_signal(const struct watch *w, int signal)
{
	(void)syscall(SYS_pidfd_send_signal, w->child->pidfd, signal, NULL, 0);
}

/* pid 1 passes on whatever reaches it from outside, to every process of the job. */
void watch_end_job(struct loop *l, int first_signal)
{
	struct watch *w = l->watch;
	uint64_t now = timers_now();

	if (w->seen->killed_ns)
		return;
	if (first_signal == SIGKILL || w->grace_ns == 0) {
		struct usage u;
		l->left = usage_read(w->child->pid, USAGE_CPU, &l->files, &u) ? u.processes : 0;
		send_signal(w, SIGKILL);
		if (w->group)
			cgroup_kill(w->group);
		w->seen->killed_ns = now;
		timers_clear(l);
		l->deadline[TIMER_GIVE_UP] = now + GIVE_UP_NS;
		return;
	}
	send_signal(w, first_signal);
	/* A stopped process acts on a signal only once it continues. */
	send_signal(w, SIGCONT);
	/* Samples go on: a job that ignores the signal is still held to its memory. */
	uint64_t sample = l->deadline[TIMER_SAMPLE];
	timers_clear(l);
	l->deadline[TIMER_SAMPLE] = sample;
	l->deadline[TIMER_KILL] = w->grace_ns >= LIMIT_UNSET ? 0 : now + w->grace_ns;
}

void watch_limit(struct loop *l, enum limit limit, uint64_t value, int first_signal)
{
	struct observed *o = l->watch->seen;

	/*
	 * First cause wins; a job that has ended by itself is past every limit, and what pid 1 has said
	 * by now happened before the deadline was noticed.
	 */
	watch_drain_control(l);
	/* What came out of the pipes was written before the end, however late it is read. */
	bool before_end = !o->exited || limit == LIMIT_OUTPUT;
	if (o->cause == CAUSE_NONE && before_end && !o->step_failed) {
		o->cause = CAUSE_LIMIT;
		o->limit = limit;
		o->value = value;
		o->cause_ns = timers_now();
	}
	watch_end_job(l, first_signal);
}

void watch_soft(struct loop *l, enum limit limit, uint64_t value)
{
	struct observed *o = l->watch->seen;
	uint64_t soft = l->watch->plan->limits.soft[limit];

	if (soft >= LIMIT_UNSET || value < soft || o->soft_ns[limit] || o->exited)
		return;
	/* By whomever it was noticed: with memory.high in force the job would crawl from now on. */
	if (limit == LIMIT_MEMORY && l->watch->group)
		cgroup_soft_passed(l->watch->group);
	o->soft_ns[limit] = timers_now();
	o->soft_value[limit] = value;
	if (!l->watch->soft_ends || o->cause != CAUSE_NONE)
		return;
	watch_limit(l, limit, value, SIGTERM);
	o->soft = o->cause == CAUSE_LIMIT && o->limit == limit;
}

static bool is_cancel(int signal)
{
	for (size_t i = 0; i < COUNTOF(cancel_signals); i++)
		if (signal == cancel_signals[i])
			return true;
	return false;
}

static void cancel(struct loop *l, int signal)
{
	struct observed *o = l->watch->seen;

	if (o->cause == CAUSE_NONE && !o->exited) {
		o->cause = CAUSE_CANCEL;
		o->cancel_signal = signal;
		o->cause_ns = timers_now();
		watch_end_job(l, signal);
		return;
	}
	/* The job has ended by itself; what it wrote may still wait for a reader. */
	if (o->exited && o->cause == CAUSE_NONE)
		l->late_cancel = signal;
	/* Asked twice, or while the job is being ended anyway: no more grace. */
	watch_end_job(l, SIGKILL);
}

void watch_take_signal(struct loop *l)
{
	struct watch *w = l->watch;
	struct signalfd_siginfo si;

	if (read(w->signal_fd, &si, sizeof si) != sizeof si)
		return;
	int signal = (int)si.ssi_signo;
	if (is_cancel(signal)) {
		cancel(l, signal);
		return;
	}
	if (signal == SIGPIPE)
		return;
	/* The terminal's Ctrl-Z: once the job has stopped, we stop too, so that the shell takes over. */
	l->stop_with_job = signal == SIGTSTP;
	send_signal(w, signal);
}

static void on_stopped(struct loop *l)
{
	/* Only when the user asked for it: a job that stops itself must not stop its limits. */
	if (!l->stop_with_job)
		return;
	l->stop_with_job = false;
	(void)kill(getpid(), SIGSTOP);
	/* While it was stopped it could make no progress; that is not idleness. */
	timers_restart_idle(l);
	/* Continued. SIGCONT is in the signal set as well, but may have come before it was blocked. */
	send_signal(l->watch, SIGCONT);
}

static void on_message(struct loop *l, const struct msg *m, int fd)
{
	struct observed *o = l->watch->seen;

	switch (m->type) {
	case MSG_STEP_FAILED:
		if (m->step >= l->watch->plan->step_count || o->exited)
			break;
		o->step_failed = true;
		o->step = m->step;
		o->step_os = m->os;
		o->step_detail = m->detail;
		break;
	case MSG_STARTED:
		o->started_ns = m->at_ns;
		if (fd >= 0 && l->tmp_fd < 0) {
			l->tmp_fd = fd;
			return;
		}
		break;
	case MSG_LISTENER:
		learn_listen(l, fd);
		return;
	case MSG_STOPPED:
		on_stopped(l);
		break;
	case MSG_EXITED:
		o->exited = true;
		o->status = m->status;
		o->started_ns = m->started_ns;
		o->ended_ns = m->at_ns;
		/* Whatever takes long from here on is not the job's fault: no limit fires any more. */
		timers_clear(l);
		if (!o->killed_ns)
			l->deadline[TIMER_KILL] = timers_now() + GIVE_UP_NS;
		break;
	default:
		break;
	}
	if (fd >= 0)
		(void)close(fd);
}

static void drain_messages(struct loop *l)
{
	for (;;) {
		struct msg m;
		struct iovec iov = {.iov_base = &m, .iov_len = sizeof m};
		union {
			char space[CMSG_SPACE(sizeof(int))];
			struct cmsghdr align;
		} control;
		struct msghdr h = {.msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = control.space,
				   .msg_controllen = sizeof control.space};
		ssize_t n = recvmsg(l->watch->child->control_fd, &h,
				    MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n <= 0) {
			if (n == 0)
				loop_forget(l, l->watch->child->control_fd);
			return;
		}
		int fd = -1;
		struct cmsghdr *cm = CMSG_FIRSTHDR(&h);
		if (cm && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(cm), sizeof fd);
		if (n == (ssize_t)sizeof m)
			on_message(l, &m, fd);
		else if (fd >= 0)
			(void)close(fd);
	}
}

void watch_drain_control(struct loop *l)
{
	const struct last_word *last = l->watch->child->last_word;

	drain_messages(l);
	if (!l->watch->seen->exited && __atomic_load_n(&last->said, __ATOMIC_ACQUIRE))
		on_message(l, &last->msg, -1);
}

static void tell_progress(const struct loop *l)
{
	const struct watch *w = l->watch;
	const struct samples *s = &w->seen->samples;
	struct watch_progress p = {.claim = &w->claims->progress,
				   .memory_limit = w->plan->limits.value[LIMIT_MEMORY]};

	w->claims->progressed = false;
	if (!w->show)
		return;
	if (s->count)
		p.memory_bytes = s->at[s->count - 1].memory_bytes;
	w->show(w->show_arg, &p);
}

static void on_answers(struct loop *l, int most)
{
	static char data[CLAIM_MESSAGE_MAX];
	for (int i = 0; i < most; i++) {
		ssize_t n = recv(l->watch->answers_fd, data, sizeof data, MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0)
			return;
		if (n == 0) {
			loop_forget(l, l->watch->answers_fd);
			return;
		}
		if ((size_t)n > sizeof data)
			l->watch->claims->refused++;
		else
			claims_add(l->watch->claims, data, (size_t)n);
		watch_soft(l, LIMIT_DEVICE_MEMORY, l->watch->claims->progress.device_bytes);
	}
}

enum relay_result watch_take_output(struct loop *l, int which)
{
	struct watch *w = l->watch;
	struct relay *r = &w->relays[which];
	uint64_t limit = w->plan->limits.value[LIMIT_OUTPUT];

	if (r->read_fd < 0)
		return RELAY_END;
	enum relay_result result = relay_pump(r, &w->seen->output_bytes, limit);
	if (result == RELAY_LIMIT) {
		watch_limit(l, LIMIT_OUTPUT, w->seen->output_bytes + 1, SIGTERM);
		result = relay_pump(r, &w->seen->output_bytes, limit);
	}
	switch (result) {
	case RELAY_MORE:
	case RELAY_EMPTY:
		if (l->target_waiting[which])
			loop_wait_target(l, which, false);
		break;
	case RELAY_BLOCKED:
		if (!l->target_waiting[which])
			loop_wait_target(l, which, true);
		break;
	case RELAY_LIMIT:
	case RELAY_END:
		if (l->target_waiting[which])
			loop_wait_target(l, which, false);
		loop_forget(l, r->read_fd);
		relay_done(r);
		break;
	}
	return result;
}

/* pid 1 is gone, and with it every process of its namespace. */
static void on_gone(struct loop *l)
{
	struct watch *w = l->watch;
	struct observed *o = w->seen;
	siginfo_t si = {.si_pid = 0};

	/* waitid(2) of glibc hides the rusage that the system call can give. */
	if (syscall(SYS_waitid, P_PIDFD, w->child->pidfd, &si, WEXITED | WNOHANG, &o->rusage) < 0 ||
	    si.si_pid == 0)
		return;
	o->gone_ns = timers_now();
	o->init_status = si.si_code == CLD_EXITED ? (si.si_status & 0xff) << 8
						  : si.si_status & 0x7f;
	l->running = false;
	o->denied = &w->child->last_word->denied;
	watch_drain_control(l);
	if (w->answers_fd >= 0)
		on_answers(l, 1 << 20);
	layer_end(l);
	watch_group_end(l);
}

static void dispatch(struct loop *l, uint32_t what)
{
	unsigned number = what >> SOURCE_BITS;

	switch ((enum source)(what & ((1u << SOURCE_BITS) - 1))) {
	case SOURCE_LISTENER:
		learn_serve(l);
		break;
	case SOURCE_NVML:
		outside_nvml(l);
		break;
	case SOURCE_LAYER:
		layer_accept(l);
		break;
	case SOURCE_WORD:
		layer_word(l, number);
		break;
	case SOURCE_PROCESS:
		layer_process(l, number);
		break;
	case SOURCE_INIT:
		on_gone(l);
		break;
	case SOURCE_CONTROL:
		watch_drain_control(l);
		break;
	case SOURCE_TIMER:
		timers_fire(l);
		break;
	case SOURCE_SIGNAL:
		watch_take_signal(l);
		break;
	case SOURCE_ANSWERS:
		on_answers(l, 64);
		if (l->watch->claims->progressed)
			tell_progress(l);
		break;
	case SOURCE_SOFT:
	case SOURCE_OOM:
	case SOURCE_PRESSURE:
	case SOURCE_REFUSED:
		watch_group_event(l, (enum source)(what & ((1u << SOURCE_BITS) - 1)));
		break;
	case SOURCE_STDOUT:
	case SOURCE_STDOUT_TARGET:
		(void)watch_take_output(l, 0);
		break;
	case SOURCE_STDERR:
	case SOURCE_STDERR_TARGET:
		(void)watch_take_output(l, 1);
		break;
	}
}

int watch_run(struct watch *w, struct err *e)
{
	struct loop l;
	int result = loop_open(&l, w, e);

	if (result == 0 && layer_start(&l) < 0)
		result = err_os(e, errno, NULL, "cannot watch the job");
	if (result == 0)
		timers_start(&l);
	while (result == 0 && l.running && !w->seen->unkillable) {
		struct epoll_event events[16];
		int n = epoll_wait(l.epoll_fd, events, COUNTOF(events), -1);
		if (n < 0 && errno != EINTR)
			result = err_os(e, errno, NULL, "cannot wait for the job");
		/*
		 * What pid 1 said comes before timers and signals of the same moment: a job that has ended is
		 * not ended once more by its limit.
		 */
		for (int i = 0; i < n; i++)
			if (events[i].data.u32 == SOURCE_CONTROL)
				watch_drain_control(&l);
		for (int i = 0; i < n && l.running; i++)
			if (events[i].data.u32 != SOURCE_CONTROL)
				dispatch(&l, events[i].data.u32);
		timers_arm(&l);
	}
	if (w->show)
		w->show(w->show_arg, NULL);
	if (result < 0) {
		send_signal(w, SIGKILL);
		(void)waitid(P_PIDFD, (id_t)w->child->pidfd, &(siginfo_t){0}, WEXITED);
	} else {
		watch_drain_output(&l);
	}
	outside_end(&l);
	loop_close(&l);
	return result;
}
