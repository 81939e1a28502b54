/* SPDX-License-Identifier: Apache-2.0 */
/* What a group counted. Every file is the kernel's; one that is not there leaves its numbers unknown. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "cgroup/cgroup.h"
#include "cgroup/own.h"

enum { TEXT_MAX = 8192 };

static uint64_t times(uint64_t value, uint64_t unit)
{
	return value == CGROUP_UNKNOWN ? CGROUP_UNKNOWN : value * unit;
}

static void unknown(struct cgroup_stat *s)
{
	memset(s, 0xff, sizeof *s);
}

static uint64_t fd_number(int fd, const char *key)
{
	char text[512];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);

	if (n <= 0)
		return CGROUP_UNKNOWN;
	text[n] = '\0';
	return key ? cgroup_find_key(text, key) : strtoull(text, NULL, 10);
}

static int any_dir(const struct cgroup *g)
{
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		if (g->dir[c] >= 0)
			return g->dir[c];
	return -1;
}

/* Lines of cgroup.procs. One of v1 that stays open goes on showing the list of its first read for a second. */
static uint64_t count_processes(const struct cgroup *g)
{
	UNINITIALIZED char text[TEXT_MAX];
	int dir = any_dir(g);
	AUTO_FD int opened = dir < 0 || g->procs_fd >= 0
				 ? -1
				 : openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	int fd = g->procs_fd >= 0 ? g->procs_fd : opened;
	uint64_t count = 0;
	off_t at = 0;
	ssize_t n;

	/* The kernel gives a page at most; a list that leaves room in it was the whole. */
	while (fd >= 0 && (n = pread(fd, text, sizeof text, at)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			count += text[i] == '\n';
		if ((size_t)n < sizeof text / 4)
			break;
		at += n;
	}
	return count;
}

void cgroup_stat_sample(const struct cgroup *g, struct cgroup_stat *ret)
{
	unknown(ret);
	ret->memory_bytes = fd_number(g->memory_fd, NULL);
	ret->cpu_ns = g->place->version == CGROUP_V2
			  ? times(fd_number(g->cpu_fd, "usage_usec"), 1000)
			  : fd_number(g->cpu_fd, NULL);
	ret->processes = count_processes(g);
	ret->tasks = fd_number(g->tasks_fd, NULL);
	if (ret->tasks == CGROUP_UNKNOWN)
		ret->tasks = ret->processes;
}

void cgroup_stat_oom(const struct cgroup *g, struct cgroup_stat *ret)
{
	char text[512];
	int dir = cgroup_dir(g, CGROUP_MEMORY);

	unknown(ret);
	if (dir < 0)
		return;
	if (g->place->version == CGROUP_V2) {
		/* By the descriptor that is polled: reading it is what makes it quiet again. */
		ssize_t n = g->oom_fd < 0 ? -1 : pread(g->oom_fd, text, sizeof text - 1, 0);
		if (n <= 0)
			return;
		text[n] = '\0';
		ret->oom = cgroup_find_key(text, "oom");
		ret->oom_kill = cgroup_find_key(text, "oom_kill");
		ret->memory_max = cgroup_find_key(text, "max");
		ret->memory_high = cgroup_find_key(text, "high");
		ret->oom_local = ret->oom;
		/* Since Linux 5.2. A group that the job made below may have a lower limit of the job's own. */
		if (ret->oom > 0 && cgroup_read(dir, "memory.events.local", text, sizeof text) > 0)
			ret->oom_local = cgroup_find_key(text, "oom");
		return;
	}
	if (cgroup_read(dir, "memory.oom_control", text, sizeof text) > 0)
		ret->oom_kill = cgroup_find_key(text, "oom_kill");
	/*
	 * v1 does not say whose limit it was, and failcnt stays 0 when memory and swap have the same limit. A
	 * group whose usage has reached its limit (pages are charged by the dozen) was killed for that.
	 */
	uint64_t limit = cgroup_read_number(dir, "memory.limit_in_bytes");
	uint64_t most = cgroup_read_number(dir, "memory.memsw.max_usage_in_bytes");
	if (most == CGROUP_UNKNOWN)
		most = cgroup_read_number(dir, "memory.max_usage_in_bytes");
	bool reached = limit != CGROUP_UNKNOWN && most != CGROUP_UNKNOWN &&
		       most >= limit - limit / 16;
	ret->oom = reached ? ret->oom_kill : 0;
	ret->oom_local = ret->oom;
	ret->memory_max = reached;
}

static void read_memory(const struct cgroup *g, struct cgroup_stat *s)
{
	UNINITIALIZED char text[TEXT_MAX];
	int dir = cgroup_dir(g, CGROUP_MEMORY);
	bool v2 = g->place->version == CGROUP_V2;

	if (dir < 0)
		return;
	s->memory_bytes = cgroup_read_number(dir, v2 ? "memory.current" : "memory.usage_in_bytes");
	s->memory_peak_bytes = cgroup_read_number(dir,
						  v2 ? "memory.peak" : "memory.max_usage_in_bytes");
	if (v2)
		s->swap_peak_bytes = cgroup_read_number(dir, "memory.swap.peak");
	if (cgroup_read(dir, "memory.stat", text, sizeof text) <= 0)
		return;
	uint64_t all = cgroup_find_key(text, "pgfault");
	s->major_faults = cgroup_find_key(text, "pgmajfault");
	s->minor_faults = all == CGROUP_UNKNOWN || s->major_faults == CGROUP_UNKNOWN
			      ? all
			      : all - s->major_faults;
}

static void read_cpu(const struct cgroup *g, struct cgroup_stat *s)
{
	char text[1024];
	int dir = cgroup_dir(g, CGROUP_CPU);

	if (dir >= 0 && cgroup_read(dir, "cpu.stat", text, sizeof text) > 0) {
		if (g->place->version == CGROUP_V2) {
			s->cpu_ns = times(cgroup_find_key(text, "usage_usec"), 1000);
			s->cpu_user_ns = times(cgroup_find_key(text, "user_usec"), 1000);
			s->cpu_system_ns = times(cgroup_find_key(text, "system_usec"), 1000);
			s->throttled_ns = times(cgroup_find_key(text, "throttled_usec"), 1000);
		} else {
			s->throttled_ns = cgroup_find_key(text, "throttled_time");
		}
		s->throttled_periods = cgroup_find_key(text, "nr_throttled");
	}
	if (g->place->version == CGROUP_V1 && g->dir[CGROUP_CPUACCT] >= 0) {
		s->cpu_ns = cgroup_read_number(g->dir[CGROUP_CPUACCT], "cpuacct.usage");
		s->cpu_user_ns = cgroup_read_number(g->dir[CGROUP_CPUACCT], "cpuacct.usage_user");
		s->cpu_system_ns = cgroup_read_number(g->dir[CGROUP_CPUACCT], "cpuacct.usage_sys");
	}
}

uint64_t cgroup_stat_refused(int refused_fd)
{
	return fd_number(refused_fd, "max");
}

static void read_pids(const struct cgroup *g, struct cgroup_stat *s)
{
	int dir = cgroup_dir(g, CGROUP_PIDS);

	if (dir < 0)
		return;
	s->tasks = cgroup_read_number(dir, "pids.current");
	s->tasks_peak = cgroup_read_number(dir, "pids.peak");
	AUTO_FD int refused = cgroup_refused_fd(g);
	s->tasks_refused = cgroup_stat_refused(refused);
}

/* "8:0 Read 1", "8:0 Write 2", ..., lines for each device, and a "Total" of all. */
static void read_io_v1(int dir, struct cgroup_stat *s)
{
	UNINITIALIZED char text[TEXT_MAX];
	char what[16];
	unsigned long long n;

	if (dir < 0 || cgroup_read(dir, "blkio.throttle.io_service_bytes", text, sizeof text) < 0)
		return;
	s->io_read_bytes = s->io_written_bytes = 0;
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%*u:%*u %15s %llu", what, &n) != 2)
			continue;
		if (strcmp(what, "Read") == 0)
			s->io_read_bytes += n;
		else if (strcmp(what, "Write") == 0)
			s->io_written_bytes += n;
	}
}

/* "8:0 rbytes=1 wbytes=2 ...", a line a device. */
static void read_io(const struct cgroup *g, struct cgroup_stat *s)
{
	UNINITIALIZED char text[TEXT_MAX];
	static const char read_key[] = " rbytes=", write_key[] = " wbytes=";
	int dir = cgroup_dir(g, CGROUP_IO);

	if (g->place->version == CGROUP_V1) {
		read_io_v1(dir, s);
		return;
	}
	if (dir < 0 || cgroup_read(dir, "io.stat", text, sizeof text) < 0)
		return;
	s->io_read_bytes = s->io_written_bytes = 0;
	for (const char *at = text; (at = strstr(at, read_key)); at++)
		s->io_read_bytes += strtoull(at + strlen(read_key), NULL, 10);
	for (const char *at = text; (at = strstr(at, write_key)); at++)
		s->io_written_bytes += strtoull(at + strlen(write_key), NULL, 10);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345", in microseconds. */
static uint64_t read_stall(const struct cgroup *g, const char *file)
{
	char text[512];

	if (g->place->version != CGROUP_V2 ||
	    cgroup_read(g->dir[0], file, text, sizeof text) <= 0 || strncmp(text, "some", 4) != 0)
		return CGROUP_UNKNOWN;
	const char *total = strstr(text, "total=");
	return total ? times(strtoull(total + 6, NULL, 10), 1000) : CGROUP_UNKNOWN;
}

void cgroup_stat_read(const struct cgroup *g, struct cgroup_stat *ret)
{
	cgroup_stat_oom(g, ret);
	read_memory(g, ret);
	read_cpu(g, ret);
	read_pids(g, ret);
	read_io(g, ret);
	ret->stalled_cpu_ns = read_stall(g, "cpu.pressure");
	ret->stalled_memory_ns = read_stall(g, "memory.pressure");
	ret->stalled_io_ns = read_stall(g, "io.pressure");
}
