/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a few processes in /proc, kept open between two samples: opening costs as much as
 * reading. A descriptor stays bound to its process, so a pid that is used again can't be mistaken.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum proc_file { PROC_STAT, PROC_STATUS, PROC_CHILDREN, PROC_FILES };

enum { PROC_KEPT = 16 };

/* What proc_pid_stat(5) says that changes whenever a process takes or gives back a page. */
struct proc_pages {
	unsigned long long minor_faults, major_faults, virtual_bytes, resident_pages;
};

struct proc_files {
	struct {
		pid_t pid; /* 0: free */
		bool seen; /* since the last sweep */
		int fds[PROC_FILES];
		struct proc_pages pages;
		uint64_t memory_bytes; /* when the pages stood like that */
		unsigned memory_uses;  /* 0: not known */
	} at[PROC_KEPT];
};

void proc_files_init(struct proc_files *p);

/*
 * Reads the file from its start into text, terminated. The length, or -1 when the process is gone.
 * PROC_CHILDREN: those of the first thread. Beyond PROC_KEPT processes the file is opened each time.
 */
ssize_t proc_files_read(struct proc_files *p, pid_t pid, enum proc_file which, char *text,
			size_t size);

/*
 * The memory of the process as proc_files_remember was told when its pages last changed: true when they
 * have not since. Says so only a few times in a row, because what the kernel itself does to a process (huge
 * pages put together, say) is seen nowhere in there.
 */
bool proc_files_recall(struct proc_files *p, pid_t pid, const struct proc_pages *pages,
		       uint64_t *ret_bytes);
void proc_files_remember(struct proc_files *p, pid_t pid, const struct proc_pages *pages,
			 uint64_t bytes);

/* After a sample: closes what was kept for processes that were not read since the last time. */
void proc_files_sweep(struct proc_files *p);
void proc_files_done(struct proc_files *p);
