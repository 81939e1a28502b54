/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time and memory of a process tree, read from /proc. No allocation: it runs ten times a second. */
#include "watch/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"

enum { TEXT_MAX = 4096 };

/* Reads the start of a proc file. The length, or -1. */
static ssize_t read_text(const char *path, char *text, size_t size)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, text, size - 1);
	if (n < 0)
		return -1;
	text[n] = '\0';
	return n;
}

/* The value of a "Name:   123 kB" line in bytes; 0 when it is missing. */
static uint64_t field_bytes(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	return at ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
	long hertz = sysconf(_SC_CLK_TCK);
	return ticks * (1000000000u / (uint64_t)(hertz > 0 ? hertz : 100));
}

struct tree {
	unsigned count, done;
	pid_t pids[USAGE_TREE_MAX];
};

/* Takes the pids in text; how much of its end belongs to one that is cut. */
static size_t take_pids(struct tree *t, const char *text, size_t size)
{
	const char *at = text, *space;

	/* Every pid is followed by a space; what comes after the last one may be cut. */
	while ((space = strchr(at, ' '))) {
		if (t->count < USAGE_TREE_MAX)
			t->pids[t->count++] = (pid_t)strtol(at, NULL, 10);
		at = space + 1;
	}
	return size - (size_t)(at - text);
}

static void add_children(struct tree *t, const char *path)
{
	UNINITIALIZED char text[TEXT_MAX];
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t kept = 0;

	if (fd < 0)
		return;
	for (;;) {
		ssize_t n = read(fd, text + kept, sizeof text - 1 - kept);
		if (n <= 0)
			return;
		size_t size = kept + (size_t)n;
		text[size] = '\0';
		kept = take_pids(t, text, size);
		memmove(text, text + size - kept, kept);
	}
}

/* A child belongs to the thread that made it: proc_pid_task_children(5). */
static void add_descendants(struct tree *t, pid_t pid, unsigned threads, struct proc_files *files)
{
	char path[64];

	if (threads <= 1) {
		UNINITIALIZED char text[TEXT_MAX];
		ssize_t n = proc_files_read(files, pid, PROC_CHILDREN, text, sizeof text);
		if (n <= 0)
			return;
		/* A read that leaves room was the whole. */
		if (n < (ssize_t)sizeof text / 2) {
			(void)take_pids(t, text, (size_t)n);
			return;
		}
		(void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
		add_children(t, path);
		return;
	}
	(void)snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *dir = opendir(path);
	for (struct dirent *d; dir && (d = readdir(dir));) {
		if (d->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "/proc/%d/task/%.12s/children", pid, d->d_name);
		add_children(t, path);
	}
	if (dir)
		(void)closedir(dir);
}

static void add_memory(pid_t pid, enum usage_want want, const struct proc_pages *pages,
		       struct proc_files *files, struct usage *u)
{
	char path[64];
	uint64_t bytes = 0;
	UNINITIALIZED char text[TEXT_MAX];

	if (want == USAGE_MEMORY_EXACT) {
		(void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
		if (read_text(path, text, sizeof text) > 0) {
			u->memory_bytes += field_bytes(text, "\nPss_Anon:") +
					   field_bytes(text, "\nPss_Shmem:");
			return;
		}
		u->memory_exact = false;
	}
	/* The kernel takes as long over this file as over all the others, and most processes sleep. */
	if (!proc_files_recall(files, pid, pages, &bytes) &&
	    proc_files_read(files, pid, PROC_STATUS, text, sizeof text) > 0) {
		bytes = field_bytes(text, "\nRssAnon:") + field_bytes(text, "\nRssShmem:");
		proc_files_remember(files, pid, pages, bytes);
	}
	u->memory_bytes += bytes;
}

/* Fields of proc_pid_stat(5), by the numbers that they have there. */
enum {
	STAT_FIRST = 3, /* after the name */
	STAT_MINFLT = 10,
	STAT_MAJFLT = 12,
	STAT_UTIME = 14,
	STAT_STIME,
	STAT_CUTIME,
	STAT_CSTIME,
	STAT_NUM_THREADS = 20,
	STAT_VSIZE = 23,
	STAT_RSS,
	STAT_END
};

/*
 * The numbers of a stat file, 0 where a field is none (the state). False when some are missing. Not by sscanf(3), whose
 * code is large, and cold each time that the supervisor wakes up.
 */
static bool stat_fields(const char *text, uint64_t *ret_fields)
{
	/* The name in parentheses may contain anything, so count from the last one. */
	const char *at = strrchr(text, ')');

	for (int i = STAT_FIRST; i < STAT_END; i++) {
		at = at ? strchr(at, ' ') : NULL;
		if (!at)
			return false;
		ret_fields[i] = strtoull(++at, NULL, 10);
	}
	return true;
}

/* Adds one process; the number of its threads, or 0 when it is gone. */
static unsigned add_process(pid_t pid, enum usage_want want, struct proc_files *files,
			    struct usage *u)
{
	UNINITIALIZED char text[1024];
	uint64_t f[STAT_END];

	if (proc_files_read(files, pid, PROC_STAT, text, sizeof text) <= 0 || !stat_fields(text, f))
		return 0;
	const struct proc_pages pages = {.minor_faults = f[STAT_MINFLT],
					 .major_faults = f[STAT_MAJFLT],
					 .virtual_bytes = f[STAT_VSIZE],
					 .resident_pages = f[STAT_RSS]};
	unsigned threads = (unsigned)f[STAT_NUM_THREADS];
	u->cpu_ns += ticks_to_ns(f[STAT_UTIME] + f[STAT_STIME] + f[STAT_CUTIME] + f[STAT_CSTIME]);
	u->processes++;
	u->threads += threads;
	if (want != USAGE_CPU)
		add_memory(pid, want, &pages, files, u);
	return threads > 0 ? threads : 1;
}

bool usage_read(pid_t root, enum usage_want want, struct proc_files *files, struct usage *ret)
{
	UNINITIALIZED struct tree t;
	struct timespec now;
	struct usage u = {.memory_exact = want == USAGE_MEMORY_EXACT};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	u.at_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	t.count = 1;
	t.pids[0] = root;
	for (t.done = 0; t.done < t.count; t.done++) {
		/* pid 1 of the sandbox is our own: its few pages are the supervisor's, shared by fork(2). */
		unsigned threads = add_process(t.pids[t.done], t.done ? want : USAGE_CPU, files,
					       &u);
		if (threads)
			add_descendants(&t, t.pids[t.done], threads, files);
	}
	proc_files_sweep(files);
	*ret = u;
	return u.processes > 0;
}

/*
 * proc_pid_smaps(5): for each mapping one line with its device, then "Name: value" lines. The name of
 * a mapped file is the job's to choose, so what does not fit into one piece is skipped, not parsed.
 */
static uint64_t mapped_of_process(pid_t pid, dev_t dev)
{
	char path[64], line[256];
	uint64_t sum = 0, share = 0;
	bool ours = false, whole = true;

	(void)snprintf(path, sizeof path, "/proc/%d/smaps", pid);
	AUTO_FILE FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f)) {
		bool starts = whole;
		unsigned major_id, minor_id;
		whole = strchr(line, '\n') != NULL;
		if (!starts)
			continue;
		if (sscanf(line, "%*x-%*x %*s %*x %x:%x", &major_id, &minor_id) == 2) {
			ours = makedev(major_id, minor_id) == dev;
		} else if (ours && strncmp(line, "Pss:", 4) == 0) {
			share = field_bytes(line, "Pss:");
		} else if (ours && strncmp(line, "Anonymous:", 10) == 0) {
			uint64_t private = field_bytes(line, "Anonymous:");
			sum += share > private ? share - private : 0;
		}
	}
	return sum;
}

unsigned usage_pids(pid_t root, struct proc_files *files, pid_t *pids, unsigned max)
{
	UNINITIALIZED struct tree t;
	struct usage unused = {.at_ns = 0};
	unsigned count = 0;

	t.count = 1;
	t.pids[0] = root;
	for (t.done = 0; t.done < t.count && count < max; t.done++) {
		unsigned threads = add_process(t.pids[t.done], USAGE_CPU, files, &unused);
		if (threads && t.done > 0)
			pids[count++] = t.pids[t.done];
		if (threads)
			add_descendants(&t, t.pids[t.done], threads, files);
	}
	return count;
}

uint64_t usage_mapped(pid_t root, dev_t dev, struct proc_files *files)
{
	UNINITIALIZED struct tree t;
	struct usage unused = {.at_ns = 0};
	uint64_t sum = 0;

	t.count = 1;
	t.pids[0] = root;
	for (t.done = 0; t.done < t.count; t.done++) {
		unsigned threads = add_process(t.pids[t.done], USAGE_CPU, files, &unused);
		sum += mapped_of_process(t.pids[t.done], dev);
		if (threads)
			add_descendants(&t, t.pids[t.done], threads, files);
	}
	return sum;
}
