/* SPDX-License-Identifier: Apache-2.0 */
/* See remove.h. The groups below ours are the job's: their names and permissions are its to choose. */
#include "cgroup/remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "cgroup/own.h"

enum { REMOVE_TRIES = 200, DEPTH_MAX = 16, KILL_ROUNDS = 16, BATCH = 64 };

int cgroup_write(int dir, const char *file, const char *text)
{
	AUTO_FD int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

static DIR *open_list(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		(void)close(fd);
	return list;
}

static bool is_group(const char *name)
{
	return name[0] != '.';
}

/* One of the groups below. Should the job have taken its permissions: it has our user. */
static int open_below(int dir, const char *name)
{
	(void)!fchmodat(dir, name, 0755, 0);
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* ---- killing --------------------------------------------------------------------------------- */

struct members {
	pid_t *pids;
	size_t count, room;
};

static void add_member(struct members *m, pid_t pid)
{
	if (m->count == m->room) {
		size_t room = m->room ? 2 * m->room : BATCH;
		pid_t *pids = reallocarray(m->pids, room, sizeof *pids);
		/* Who is not remembered is there in the next round. */
		if (!pids)
			return;
		m->pids = pids;
		m->room = room;
	}
	m->pids[m->count++] = pid;
}

/* The members of one group, anew: a file of v1 that stays open repeats its first list for a second. */
static void read_members(int dir, struct members *m)
{
	UNINITIALIZED char text[4096 + 1];
	size_t kept = 0;
	ssize_t n;

	m->count = 0;
	AUTO_FD int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, text + kept, sizeof text - 1 - kept)) > 0) {
		char *at = text, *end;
		text[kept + (size_t)n] = '\0';
		for (; (end = strchr(at, '\n')); at = end + 1) {
			/* 0: of a pid namespace that we do not see into. */
			long pid = strtol(at, NULL, 10);
			if (pid > 1 && pid != getpid())
				add_member(m, (pid_t)pid);
		}
		kept = strlen(at);
		memmove(text, at, kept);
	}
}

static bool has_member(const struct members *m, pid_t pid)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->pids[i] == pid)
			return true;
	return false;
}

/*
 * SIGKILL to some that the list had. By then a pid may be that of a new process which has nothing to do
 * with the group, so first the process is held fast (pidfd_open(2)), then the list is asked again: a pid that stands there
 * is that process, or one that came after it, and then the one which is held is gone.
 */
static void signal_some(int dir, const pid_t *pids, size_t count, struct members *again)
{
	int fds[BATCH];
	bool none = true;

	for (size_t i = 0; i < count; i++) {
		fds[i] = (int)syscall(SYS_pidfd_open, pids[i], 0);
		none = none && fds[i] < 0 && errno == ENOSYS;
	}
	read_members(dir, again);
	for (size_t i = 0; i < count; i++) {
		bool still = has_member(again, pids[i]);
		if (still && fds[i] >= 0)
			(void)syscall(SYS_pidfd_send_signal, fds[i], SIGKILL, NULL, 0);
		else if (still && none) /* Linux 5.2 and older */
			(void)kill(pids[i], SIGKILL);
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
}

/* SIGKILL to the members of one group; how many there were. */
static unsigned signal_members(int dir)
{
	struct members first = {0}, again = {0};

	(void)!fchmodat(dir, "cgroup.procs", 0644, 0);
	read_members(dir, &first);
	for (size_t at = 0; at < first.count; at += BATCH) {
		size_t left = first.count - at;
		signal_some(dir, first.pids + at, left < BATCH ? left : BATCH, &again);
	}
	free(first.pids);
	free(again.pids);
	return (unsigned)first.count;
}

static unsigned signal_tree(int dir, unsigned depth)
{
	unsigned found = signal_members(dir);
	DIR *list = depth > DEPTH_MAX ? NULL : open_list(dir);

	for (struct dirent *d; list && (d = readdir(list));) {
		if (d->d_type != DT_DIR || !is_group(d->d_name))
			continue;
		AUTO_FD int below = open_below(dir, d->d_name);
		if (below >= 0)
			found += signal_tree(below, depth + 1);
	}
	if (list)
		(void)closedir(list);
	return found;
}

/*
 * Before Linux 5.14 there is no cgroup.kill. In a frozen group nobody makes new processes while the
 * old ones get their signal, which ends also who is frozen; more than one round is for those that
 * were being made as the group froze.
 */
static void kill_one_by_one(int dir)
{
	const struct timespec moment = {.tv_nsec = 200000};

	(void)cgroup_write(dir, "cgroup.freeze", "1");
	for (int round = 0; round < KILL_ROUNDS && signal_tree(dir, 0) > 0; round++)
		(void)nanosleep(&moment, NULL);
	(void)cgroup_write(dir, "cgroup.freeze", "0");
}

void cgroup_kill_tree(int dir)
{
	if (cgroup_write(dir, "cgroup.kill", "1") < 0)
		kill_one_by_one(dir);
}

/* ---- removing -------------------------------------------------------------------------------- */

static bool remove_one(int parent, const char *name, unsigned depth);

/* Removes the groups in dir that are wanted gone; their files are the kernel's. */
static void remove_groups(int dir, bool (*is_wanted)(const char *name), unsigned depth)
{
	DIR *list = open_list(dir);

	for (struct dirent *d; list && (d = readdir(list));)
		if (d->d_type == DT_DIR && is_wanted(d->d_name))
			(void)remove_one(dir, d->d_name, depth);
	if (list)
		(void)closedir(list);
}

static bool remove_one(int parent, const char *name, unsigned depth)
{
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return true;
	if (depth > DEPTH_MAX)
		return false;
	AUTO_FD int dir = open_below(parent, name);
	if (dir >= 0)
		remove_groups(dir, is_group, depth + 1);
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

void cgroup_remove_groups(int dir, bool (*is_wanted)(const char *name))
{
	remove_groups(dir, is_wanted, 0);
}

/* Processes that were killed leave their group a moment after they were waited for. */
bool cgroup_remove_patiently(int parent, const char *name)
{
	const struct timespec moment = {.tv_nsec = 500000};

	for (int i = 0; i < REMOVE_TRIES; i++) {
		if (remove_one(parent, name, 0))
			return true;
		if (errno != EBUSY && errno != ENOTEMPTY)
			return false;
		(void)nanosleep(&moment, NULL);
	}
	return false;
}
