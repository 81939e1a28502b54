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
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/child.h"

/* In the job's process, sharing pid 1's memory until exec: only failures write to it. */
static _Noreturn void job_main(struct child *c)
{
	const struct plan *p = c->plan;

	for (size_t i = p->fork_step + 1; i < p->step_count; i++) {
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

/*
 * MSG_STARTED, with a descriptor of the private tmpfs, so that the supervisor can count what is
 * stored there. Sent only when the supervisor has a use for it: each message wakes it.
 */
static void tell_started(struct child *c, uint64_t at_ns)
{
	struct msg m = {.type = MSG_STARTED, .at_ns = at_ns};
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
	memcpy(CMSG_DATA(cm), &c->root_fd, sizeof(int));
	(void)!sendmsg(c->control_fd, &h, MSG_NOSIGNAL);
}

static void tell_stopped(struct child *c, int signal)
{
	struct msg m = {.type = MSG_STOPPED, .status = signal};
	child_send(c, &m);
}

/* The main process has ended: its status, and the end of pid 1, at which the kernel kills what is left. */
static _Noreturn void finish(const struct child *c, int status, uint64_t started_ns)
{
	struct msg m = {.type = MSG_EXITED,
			.status = status,
			.started_ns = started_ns,
			.at_ns = child_now_ns()};
	int other;

	c->last_word->msg = m;
	__atomic_store_n(&c->last_word->said, 1, __ATOMIC_RELEASE);
	/* Killing the others may take long, in a driver even for ever: then the supervisor has to know now. */
	if (waitpid(-1, &other, WNOHANG | __WALL) >= 0)
		child_send(c, &m);
	_exit(0);
}

/* Reaps everything there is. Returns when only running children are left; ends pid 1 with the main process. */
static void reap(struct child *c, pid_t main_pid, uint64_t started_ns)
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
		finish(c, status, started_ns);
	}
}

/* Signals from outside reach every process of the job, as a terminal's would reach the foreground group. */
static void forward(const siginfo_t *si)
{
	/*
	 * A sender in the job has a pid here and is not obeyed; one outside has none. si_code guards
	 * against sigqueue(3), whose sender can write into si_pid what it likes.
	 */
	if (si->si_code != SI_USER || si->si_pid != 0)
		return;
	(void)kill(-1, si->si_signo);
}

_Noreturn void init_run(struct child *c)
{
	sigset_t all;

	sigfillset(&all);
	c->failed_os = 0;
	/*
	 * vfork(2): the child's failure comes back through shared memory, and pid 1 goes on only when the
	 * child has executed. The child calls nothing that allocates or locks.
	 */
	pid_t main_pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
	if (main_pid == 0)
		job_main(c); /* NOLINT(clang-analyzer-unix.Vfork) */
	if (main_pid < 0)
		fail(c, (unsigned)c->plan->fork_step, errno);
	if (c->failed_os != 0)
		fail(c, c->failed_step, c->failed_os);
	uint64_t started_ns = child_now_ns();
	if (c->plan->want_started)
		tell_started(c, started_ns);
	/* Nothing of the caller's stays open here: a pipe must reach its end when the job closes it. */
	if (c->control_fd != 0)
		(void)dup2(c->control_fd, 0);
	c->control_fd = 0;
	(void)syscall(SYS_close_range, 1u, ~0u, 0);
	/* Blocked since before the fork: a SIGCHLD that came already waits here. */
	for (;;) {
		siginfo_t si;
		if (sigwaitinfo(&all, &si) < 0)
			continue;
		if (si.si_signo == SIGCHLD)
			reap(c, main_pid, started_ns);
		else
			forward(&si);
	}
}
