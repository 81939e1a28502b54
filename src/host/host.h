/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine and this caller are: read once, changed never. */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <signal.h>
#include <sys/types.h>

#include "base/err.h"

struct host {
	uid_t uid;
	gid_t gid;
	mode_t umask;
	char cwd[4096]; /* "" when it cannot be read: cwd_errno tells why */
	int cwd_errno;
	char home[4096];    /* $HOME when it is an absolute path, else "" */
	char libexec[4096]; /* where the helper programs are; "" until host_find_helpers */
	cpu_set_t cpu_set;  /* that we may run on, sched_getaffinity(2) */
	unsigned cpus;      /* how many these are */
	unsigned cpu;       /* the one that we are on */
	char kernel[65];    /* uname release */
	char node[65];      /* host name */
	sigset_t mask;      /* the signal mask we were started with */
	bool sigchld_ignored;
};

/* Fills *h; never fails (what cannot be known stays empty). Must run before signals are blocked. */
void host_read(struct host *h);

/* Fills h->libexec, for those who need a helper: looking costs a command job as much as a mount. */
void host_find_helpers(struct host *h);

/*
 * Says in *e why user namespaces do not work here and how to allow them. os is the errno of the
 * clone3(2) that failed. Returns -1.
 */
int host_explain_clone(int os, struct err *e);

/* MemAvailable of proc_meminfo(5) in bytes; UINT64_MAX when it cannot be read. */
uint64_t host_memory_available(void);

/* Whether memory can be swapped out here: proc_swaps, without its head line. */
bool host_has_swap(void);

/* Whether a sandbox can say that there is no user namespace below it: where /proc/sys is read-only it cannot. */
bool host_can_forbid_nesting(void);

/* Contents of a one-line file such as /proc/sys/user/max_user_namespaces, or -1 when it cannot be read. */
int64_t host_read_number(const char *path);
