/* SPDX-License-Identifier: Apache-2.0 */
/* See nvml.h: the helper's life. What it says is read in nvml-read.c. */
#include "watch/nvml.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"

/* kernel: include/linux/proc_ns.h, PROC_PID_INIT_INO: the same on every machine. */
#define INITIAL_PID_NAMESPACE 0xeffffffcu

enum { END_WAIT_MS = 200 };

void nvml_done(struct nvml *n)
{
	if (n->fd >= 0)
		(void)close(n->fd);
	free(n->devices);
	n->fd = -1;
	n->devices = NULL;
	n->count = 0;
}

void nvml_want(struct nvml *n, unsigned index, const char *pci, const char *node)
{
	if (!n->devices)
		n->devices = calloc(NVML_DEVICES, sizeof *n->devices);
	if (!n->devices || n->count == NVML_DEVICES)
		return;
	struct nvml_device *d = &n->devices[n->count++];
	d->index = index;
	if (pci)
		(void)snprintf(d->name, sizeof d->name, "pci:%s", pci);
	else
		(void)snprintf(d->name, sizeof d->name, "minor:%s",
			       node + strcspn(node, "0123456789"));
}

/* A session of its own: what the terminal sends is not for it. Signals as for a new program, none of our variables. */
static int spawn(struct nvml *n, int to)
{
	char interval[24], *argv[NVML_DEVICES + 3] = {n->program, interval}, *env[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t how;
	sigset_t none, all;

	(void)snprintf(interval, sizeof interval, "%llu",
		       (unsigned long long)(n->interval_ns / 1000000));
	for (unsigned i = 0; i < n->count; i++)
		argv[2 + i] = n->devices[i].name;
	sigemptyset(&none);
	sigfillset(&all);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	(void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	(void)posix_spawnattr_init(&how);
	(void)posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						 POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawnattr_setsigmask(&how, &none);
	(void)posix_spawnattr_setsigdefault(&how, &all);
	int os = posix_spawn(&n->pid, n->program, &actions, &how, argv, env);
	(void)posix_spawnattr_destroy(&how);
	(void)posix_spawn_file_actions_destroy(&actions);
	return os;
}

bool nvml_start(struct nvml *n)
{
	struct stat st;
	int fds[2];

	n->started = true;
	n->host_pids = stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == INITIAL_PID_NAMESPACE;
	if (access(n->program, X_OK) < 0) {
		(void)snprintf(n->why, sizeof n->why, "'%.200s' is not installed", n->program);
		return false;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		(void)snprintf(n->why, sizeof n->why, "%s", strerrordesc_np(errno));
		return false;
	}
	AUTO_FD int from = fds[0];
	AUTO_FD int to = fds[1];
	int os = spawn(n, to);
	if (os != 0) {
		n->pid = 0;
		(void)snprintf(n->why, sizeof n->why, "vkjail-nvml: %s", strerrordesc_np(os));
		return false;
	}
	n->fd = TAKE_FD(from);
	return true;
}

/* False: it is still there. */
static bool reap(struct nvml *n, bool was_killed)
{
	int status;
	pid_t got = waitpid(n->pid, &status, WNOHANG);

	if (got == 0)
		return false;
	n->pid = 0;
	if (got < 0 || was_killed || n->why[0])
		return true;
	if (WIFSIGNALED(status))
		(void)snprintf(n->why, sizeof n->why, "vkjail-nvml was ended by SIG%s",
			       sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status))
							      : "?");
	else
		(void)snprintf(n->why, sizeof n->why, "vkjail-nvml ended with status %d",
			       WEXITSTATUS(status));
	return true;
}

/* Its end is near or here, but a process in the middle of a driver's call cannot be waited for. */
static void reap_soon(struct nvml *n, bool was_killed)
{
	AUTO_FD int pidfd = n->pid > 0 ? (int)syscall(SYS_pidfd_open, n->pid, 0) : -1;
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		return;
	(void)poll(&p, 1, END_WAIT_MS);
	(void)reap(n, was_killed);
}

enum nvml_heard nvml_receive(struct nvml *n, const struct nvml_job *job)
{
	static char data[NVML_MESSAGE_MAX];
	ssize_t size = recv(n->fd, data, sizeof data, MSG_DONTWAIT | MSG_TRUNC);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return NVML_EMPTY;
	if (size <= 0) {
		(void)close(TAKE_FD(n->fd));
		reap_soon(n, false);
		return NVML_END;
	}
	if ((size_t)size > sizeof data)
		return NVML_MORE;
	return nvml_take(n, data, (size_t)size, job) ? NVML_READING : NVML_MORE;
}

/* A reading says nothing about now once several should have followed. */
static uint64_t stale_after(const struct nvml *n)
{
	return 2000000000u + 5 * n->interval_ns;
}

uint64_t nvml_memory(const struct nvml *n, uint64_t now_ns)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n->count; i++) {
		const struct nvml_device *d = &n->devices[i];
		if (!d->has_memory || d->read_ns + stale_after(n) < now_ns)
			continue;
		if (__builtin_add_overflow(sum, d->memory_bytes, &sum) || sum > INT64_MAX)
			return INT64_MAX;
	}
	return sum;
}

void nvml_stop(struct nvml *n, uint64_t now_ns)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < n->count; i++)
		last = n->devices[i].read_ns > last ? n->devices[i].read_ns : last;
	if (n->pid > 0 && !n->why[0] && n->readings == 0)
		(void)snprintf(n->why, sizeof n->why,
			       "vkjail-nvml had not answered when the job ended");
	else if (n->pid > 0 && !n->why[0] && last + stale_after(n) < now_ns)
		(void)snprintf(n->why, sizeof n->why, "vkjail-nvml stopped answering");
	if (n->pid > 0 && kill(n->pid, SIGKILL) == 0)
		reap_soon(n, true);
	if (n->fd >= 0)
		(void)close(TAKE_FD(n->fd));
}
