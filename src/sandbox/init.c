/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pid 1 of the sandbox: starts the job's process, reaps what is left to it, passes on the signals
 * that come from outside, and tells the supervisor how the main process ended. When it exits the
 * kernel kills whatever is left in the pid namespace (pid_namespaces(7)). It holds no privilege, is
 * not dumpable, and blocks every signal, so the job can neither look into it nor disturb it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/child.h"
#include "sandbox/spread.h"

/* Room for the job's process until it executes; the sanitizers' frames are larger. */
enum { JOB_STACK = 64 << 10 };

/* In the job's process, sharing pid 1's memory until exec: only failures, the listener and the time are written to it. */
static int job_main(void *arg)
{
	struct child *c = arg;
	const struct plan *p = c->plan;

	for (size_t i = p->fork_step + 1; i < p->step_count; i++) {
		/* Not by pid 1, which may come to run long after the command; before the filter, whose profile may be anyone's. */
		if (!c->started_ns &&
		    (p->steps[i].op == STEP_FILTER || p->steps[i].op == STEP_EXEC))
			c->started_ns = child_now_ns(c);
		if (child_run_step(c, &p->steps[i]) == 0)
			continue;
		c->failed_os = errno;
		c->failed_step = (unsigned)i;
		break;
	}
	_exit(125);
}

/* Ends pid 1 with a failure of the given step. */
static _Noreturn void fail(struct child *c, unsigned step, int os)
{
	struct msg m = {
	    .type = MSG_STEP_FAILED, .step = step, .os = os, .detail = c->failed_detail};
	child_send(c, &m);
	_exit(125);
}

/* Sent only when the supervisor has a use for the descriptor: each message wakes it. */
static void tell_with(const struct child *c, struct msg m, int fd)
{
	struct iovec iov = {.iov_base = &m, .iov_len = sizeof m};
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.space = {0}};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.space,
			   .msg_controllen = sizeof control.space};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&h);

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &fd, sizeof(int));
	(void)!sendmsg(c->control_fd, &h, MSG_NOSIGNAL);
}

static void tell_stopped(struct child *c, int signal)
{
	struct msg m = {.type = MSG_STOPPED, .status = signal};
	child_send(c, &m);
}

/*
 * The kernel would kill what is left at the end of pid 1, and count it nowhere: what it used is in our rusage only when it
 * was waited for. A process whose parent has SIGKILL pending makes no other, so once is enough.
 */
static void end_others(void)
{
	int status;

	(void)kill(-1, SIGKILL);
	while (waitpid(-1, &status, __WALL) > 0 || errno == EINTR)
		;
}

/* The main process has ended: its status, and the end of pid 1. */
static _Noreturn void finish(const struct child *c, int status)
{
	struct msg m = {.type = MSG_EXITED,
			.status = status,
			.started_ns = c->started_ns,
			.at_ns = child_now_ns(c)};
	int other;

	c->last_word->msg = m;
	__atomic_store_n(&c->last_word->said, 1, __ATOMIC_RELEASE);
	/* Killing the others may take long, in a driver even for ever: then the supervisor has to know now. */
	if (waitpid(-1, &other, WNOHANG | __WALL) >= 0) {
		child_send(c, &m);
		end_others();
	}
	_exit(0);
}

/* Reaps everything there is. Returns when only running children are left; ends pid 1 with the main process. */
static void reap(struct child *c, pid_t main_pid)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL);
		if (pid <= 0)
			return;
		if (pid != main_pid)
			continue;
		if (WIFSTOPPED(status)) {
			tell_stopped(c, WSTOPSIG(status));
			continue;
		}
		finish(c, status);
	}
}

/* Signals from outside reach every process of the job, as a terminal's would reach the foreground group. */
static void forward(int signal, int code, pid_t sender)
{
	/*
	 * A sender in the job has a pid here and is not obeyed; one outside has none. The code guards
	 * against sigqueue(3), whose sender can write into si_pid what it likes.
	 */
	if (code != SI_USER || sender != 0)
		return;
	(void)kill(-1, signal);
}

/* Blocked since before the fork: a SIGCHLD that came already waits there. */
static _Noreturn void wait_for_signals(struct child *c, pid_t main_pid)
{
	sigset_t all;

	sigfillset(&all);
	for (;;) {
		siginfo_t si;
		if (sigwaitinfo(&all, &si) < 0)
			continue;
		if (si.si_signo == SIGCHLD)
			reap(c, main_pid);
		else
			forward(si.si_signo, si.si_code, si.si_pid);
	}
}

/* One signal, if there is one. */
static void take_signal(struct child *c, int signal_fd, pid_t main_pid)
{
	struct signalfd_siginfo si;

	if (read(signal_fd, &si, sizeof si) != sizeof si)
		return;
	if (si.ssi_signo == SIGCHLD)
		reap(c, main_pid);
	else
		forward((int)si.ssi_signo, si.ssi_code, (pid_t)si.ssi_pid);
}

/*
 * The same while the filter asks. Signals come first, whatever the job does: a flood of refused calls delays
 * its end by one answer.
 */
static void serve(struct child *c, pid_t main_pid)
{
	sigset_t all;

	sigfillset(&all);
	int signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	struct pollfd fds[] = {{.fd = signal_fd, .events = POLLIN},
			       {.fd = c->listener_fd, .events = POLLIN}};
	while (signal_fd >= 0) {
		/* EINVAL: the job has taken pid 1's limit of descriptors away (prlimit(2)), which its filter may allow. */
		if (poll(fds, COUNTOF(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			c->last_word->denied.asked = 0;
			c->last_word->denied.os = errno;
			break;
		}
		if (fds[0].revents)
			take_signal(c, signal_fd, main_pid);
		/* As the kernel's own kill would look, for the whole job. */
		if (fds[1].revents & POLLIN && notify_answer(c)) {
			/* First, or the end of the listener would give the waiting caller a moment to live. */
			(void)kill(-1, SIGKILL);
			finish(c, SIGSYS);
		}
		/* No process has the filter any more. */
		if (fds[1].revents & ~POLLIN)
			break;
	}
	/* Without it the kernel refuses the calls itself (ENOSYS) instead of letting them wait. */
	(void)close(c->listener_fd);
}

/*
 * Shares memory like vfork(2): the job's failure comes back through it, and pid 1 goes on only when the job has
 * executed; it calls nothing that allocates or locks. Shares the descriptors too, until the exec gives the
 * job a table of its own: so pid 1 has the filter's listener without a call that the filter would have
 * to allow.
 */
static pid_t start_job(struct child *c)
{
	/* Not on pid 1's own stack, of which the kernel would make every page. */
	static char stack[JOB_STACK] __attribute__((aligned(16)));

	return clone(job_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD,
		     c);
}

/* Out of the way of what the job's process puts in place. */
static int keep_descriptor(const struct child *c, int *fd)
{
	int first = 3 + (int)c->plan->fd_count;

	if (*fd < 0 || *fd >= first)
		return 0;
	int moved = fcntl(*fd, F_DUPFD_CLOEXEC, first);
	if (moved < 0)
		return -1;
	*fd = moved;
	return 0;
}

_Noreturn void init_run(struct child *c)
{
	const struct plan *p = c->plan;

	c->failed_os = 0;
	pid_t main_pid = -1;
	if ((!c->last_word->spread || spread_undo(&c->cpus) == 0) &&
	    keep_descriptor(c, &c->control_fd) == 0 && keep_descriptor(c, &c->root_fd) == 0)
		main_pid = start_job(c);
	if (main_pid < 0)
		fail(c, (unsigned)p->fork_step, errno);
	if (c->failed_os != 0)
		fail(c, c->failed_step, c->failed_os);
	if (p->want_started)
		/* The private tmpfs, so that what is stored there can be counted. */
		tell_with(c, (struct msg){.type = MSG_STARTED, .at_ns = c->started_ns}, c->root_fd);
	if (p->learn && c->listener_fd >= 0) {
		tell_with(c, (struct msg){.type = MSG_LISTENER}, c->listener_fd);
		c->listener_fd = -1;
	}
	c->last_word->denied.asked = c->listener_fd >= 0;
	c->last_word->denied.os = c->listener_os;
	/* Nothing of the caller's stays open here: a pipe must reach its end when the job closes it. */
	if (c->control_fd != 0)
		(void)dup2(c->control_fd, 0);
	c->control_fd = 0;
	if (c->listener_fd >= 0)
		c->listener_fd = dup2(c->listener_fd, 1);
	(void)syscall(SYS_close_range, c->listener_fd < 0 ? 1u : 2u, ~0u, 0);
	if (c->listener_fd >= 0)
		serve(c, main_pid);
	wait_for_signals(c, main_pid);
}
