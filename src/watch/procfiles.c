/* SPDX-License-Identifier: Apache-2.0 */
/* Files in /proc kept open between two samples. */
#include "watch/procfiles.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

void proc_files_init(struct proc_files *p)
{
	for (size_t i = 0; i < PROC_KEPT; i++)
		p->at[i].pid = 0;
}

static void drop(struct proc_files *p, size_t i)
{
	for (int f = 0; f < PROC_FILES; f++)
		if (p->at[i].fds[f] >= 0)
			(void)close(p->at[i].fds[f]);
	p->at[i].pid = 0;
}

/* The place of pid, taking a free one if need be; PROC_KEPT when there is none. */
static size_t place(struct proc_files *p, pid_t pid)
{
	size_t unused = PROC_KEPT;

	for (size_t i = 0; i < PROC_KEPT; i++) {
		if (p->at[i].pid == pid)
			return i;
		if (p->at[i].pid == 0 && unused == PROC_KEPT)
			unused = i;
	}
	if (unused < PROC_KEPT) {
		p->at[unused].pid = pid;
		p->at[unused].memory_uses = 0;
		for (int f = 0; f < PROC_FILES; f++)
			p->at[unused].fds[f] = -1;
	}
	return unused;
}

static int open_file(pid_t pid, enum proc_file which)
{
	char path[64];

	if (which == PROC_CHILDREN)
		(void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	else
		(void)snprintf(path, sizeof path, "/proc/%d/%s", pid,
			       which == PROC_STAT ? "stat" : "status");
	return open(path, O_RDONLY | O_CLOEXEC);
}

static ssize_t read_start(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return n;
}

ssize_t proc_files_read(struct proc_files *p, pid_t pid, enum proc_file which, char *text,
			size_t size)
{
	size_t i = place(p, pid);

	if (i == PROC_KEPT) {
		AUTO_FD int fd = open_file(pid, which);
		return fd < 0 ? -1 : read_start(fd, text, size);
	}
	p->at[i].seen = true;
	if (p->at[i].fds[which] >= 0) {
		ssize_t n = read_start(p->at[i].fds[which], text, size);
		if (n >= 0)
			return n;
		/* ESRCH: that process is gone; the pid may be another's by now. */
		drop(p, i);
		i = place(p, pid);
		p->at[i].seen = true;
	}
	p->at[i].fds[which] = open_file(pid, which);
	return p->at[i].fds[which] < 0 ? -1 : read_start(p->at[i].fds[which], text, size);
}

enum { MEMORY_USES = 10 };

bool proc_files_recall(struct proc_files *p, pid_t pid, const struct proc_pages *pages,
		       uint64_t *ret_bytes)
{
	size_t i = place(p, pid);

	if (i == PROC_KEPT || p->at[i].memory_uses == 0 || p->at[i].memory_uses > MEMORY_USES ||
	    memcmp(&p->at[i].pages, pages, sizeof *pages) != 0)
		return false;
	p->at[i].memory_uses++;
	*ret_bytes = p->at[i].memory_bytes;
	return true;
}

void proc_files_remember(struct proc_files *p, pid_t pid, const struct proc_pages *pages,
			 uint64_t bytes)
{
	size_t i = place(p, pid);

	if (i == PROC_KEPT)
		return;
	p->at[i].pages = *pages;
	p->at[i].memory_bytes = bytes;
	p->at[i].memory_uses = 1;
}

void proc_files_sweep(struct proc_files *p)
{
	for (size_t i = 0; i < PROC_KEPT; i++) {
		if (p->at[i].pid != 0 && !p->at[i].seen)
			drop(p, i);
		p->at[i].seen = false;
	}
}

void proc_files_done(struct proc_files *p)
{
	for (size_t i = 0; i < PROC_KEPT; i++)
		if (p->at[i].pid != 0)
			drop(p, i);
}
