/* SPDX-License-Identifier: Apache-2.0 */
/* clone3(2), and nothing else: what the child does stands in child.c. */
#include "sandbox/launch.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/child.h"
#include "sandbox/spread.h"

/* Into the control group at once, where the kernel can (Linux 5.7). *ret_in_group says whether; -1 and errno. */
static long sys_clone_grouped(uint64_t flags, int group_fd, int *ret_pidfd, bool *ret_in_group)
{
	struct clone_args args = {
	    .flags = flags | CLONE_PIDFD | CLONE_INTO_CGROUP,
	    .pidfd = (uint64_t)(uintptr_t)ret_pidfd,
	    .exit_signal = SIGCHLD,
	    .cgroup = (uint64_t)group_fd,
	};

	/* Before the call: the child has its own copy. */
	*ret_in_group = true;
	long pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0)
		*ret_in_group = false;
	return pid;
}

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
		pid = syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL,
			      NULL);
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
	struct last_word *last_word = mmap(NULL, sizeof *last_word, PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (last_word == MAP_FAILED)
		return err_os(e, errno, NULL, "cannot share a page with the sandbox");
	/* The network namespace is made by a step (network.c). */
	const uint64_t flags = p->namespaces & ~(uint64_t)CLONE_NEWNET;
	bool in_group = false;
	long pid = -1;
	cpu_set_t cpus;
	spread_read(&cpus);
	if (p->group_fd >= 0)
		pid = sys_clone_grouped(flags, p->group_fd, &pidfd, &in_group);
	/* Whatever was wrong with that: joining by the step tells it apart from what is wrong with the namespaces. */
	if (pid < 0)
		pid = sys_clone(flags, &pidfd);
	if (pid == 0) {
		struct child c = {.plan = p,
				  .control_fd = theirs,
				  .last_word = last_word,
				  .in_group = in_group,
				  .cpus = cpus,
				  .root_fd = -1,
				  .listener_fd = -1,
				  .mountinfo_fd = -1};
		(void)close(ours);
		child_main(&c);
	}
	if (pid < 0) {
		int os = errno;
		(void)munmap(last_word, sizeof *last_word);
		return host_explain_clone(os, e);
	}
	/* It has much to do before it needs anything from here, and this process has a report to write. */
	last_word->spread = spread_off((pid_t)pid, &cpus) == 0;
	ret->last_word = last_word;
	ret->pid = (pid_t)pid;
	ret->pidfd = pidfd;
	ret->control_fd = TAKE_FD(ours);
	return 0;
}

void launched_go(struct launched *l)
{
	if (__atomic_exchange_n(&l->last_word->go, GO_NOW, __ATOMIC_ACQ_REL) == GO_AWAITED)
		(void)syscall(SYS_futex, &l->last_word->go, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void launched_done(struct launched *l)
{
	if (l->pidfd >= 0)
		(void)close(l->pidfd);
	if (l->control_fd >= 0)
		(void)close(l->control_fd);
	if (l->last_word)
		(void)munmap(l->last_word, sizeof *l->last_word);
	*l = LAUNCHED_INIT;
}
