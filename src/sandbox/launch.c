/* SPDX-License-Identifier: Apache-2.0 */
/* clone3(2), and nothing else: what the child does stands in child.c. */
#include "sandbox/launch.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/child.h"

static long sys_clone(uint64_t flags, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof args);
	/* Containers and valgrind answer ENOSYS; all of these flags fit in the old call as well. */
	if (pid < 0 && errno == ENOSYS)
		pid = syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL, NULL);
	return pid;
}

int launch(const struct plan *p, struct launched *ret, struct err *e)
{
	int pair[2];
	int pidfd = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return err_os(e, errno, NULL, "cannot create the control socket");
	AUTO_FD int ours = pair[0];
	AUTO_FD int theirs = pair[1];
	long pid = sys_clone(p->clone_flags, &pidfd);
	if (pid == 0) {
		struct child c = {.plan = p, .control_fd = theirs, .root_fd = -1};
		(void)close(ours);
		child_main(&c);
	}
	if (pid < 0)
		return host_explain_clone(errno, e);
	ret->pid = (pid_t)pid;
	ret->pidfd = pidfd;
	ret->control_fd = TAKE_FD(ours);
	return 0;
}
