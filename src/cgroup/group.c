/* SPDX-License-Identifier: Apache-2.0 */
/* Making, filling and removing a group. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "cgroup/cgroup.h"
#include "cgroup/own.h"
#include "cgroup/remove.h"

#define NAME_START "vkjail."
#define LEAF_START "vkjail-leaf."

/* proc_pid_stat(5), field 22: with the pid it names one process since the boot. 0 when there is none. */
static unsigned long long start_time(long pid)
{
	char path[40], text[1024];
	unsigned long long start = 0;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	if (cgroup_read(AT_FDCWD, path, text, sizeof text) < 0)
		return 0;
	const char *after = strrchr(text, ')');
	if (!after ||
	    sscanf(
		after + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu",
		&start) != 1)
		return 0;
	return start;
}

/* Pids mean something in their namespace only. */
static unsigned long pid_namespace(void)
{
	struct stat st;
	return stat("/proc/self/ns/pid", &st) < 0 ? 0 : (unsigned long)st.st_ino;
}

/* A group named like ours whose runner is gone. One of another pid namespace is left alone: nobody can tell. */
static bool is_leftover(const char *name)
{
	unsigned long long start;
	unsigned long space;
	long pid;
	const char *rest = strncmp(name, NAME_START, strlen(NAME_START)) == 0
			       ? name + strlen(NAME_START)
			   : strncmp(name, LEAF_START, strlen(LEAF_START)) == 0
			       ? name + strlen(LEAF_START)
			       : NULL;

	if (!rest || sscanf(rest, "%lu.%ld.%llu", &space, &pid, &start) != 3 || pid <= 0)
		return false;
	return space == pid_namespace() && start_time(pid) != start;
}

/* ---- making ---------------------------------------------------------------------------------- */

static int make(struct cgroup *g, int c, struct err *e)
{
	const char *where = g->place->dir[c];
	AUTO_FD int parent = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0)
		return err_os(e, errno, where, "cannot make a control group there");
	/* What runners left that were killed. Their jobs died with them, so these groups are empty. */
	cgroup_remove_groups(parent, is_leftover);
	/* EEXIST: two controllers of v1 in one hierarchy. */
	if (mkdirat(parent, g->name, 0755) < 0 &&
	    (errno != EEXIST || g->place->version == CGROUP_V2))
		return err_os(e, errno, where, "cannot make a control group there");
	g->dir[c] = openat(parent, g->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return g->dir[c] < 0 ? err_os(e, errno, where, "cannot open the new control group") : 0;
}

/* "+memory +pids" into the parent; we step aside first where we stand in it ourselves. */
static int enable(struct cgroup *g, struct err *e)
{
	const struct cgroup_place *p = g->place;
	AUTO_FD int parent = open(p->dir[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char leaf[100], text[128] = "", file[160];

	if (parent < 0)
		return err_os(e, errno, p->dir[0], "cannot make a control group there");
	if (p->leaf) {
		(void)snprintf(leaf, sizeof leaf, LEAF_START "%s", g->name + strlen(NAME_START));
		(void)snprintf(file, sizeof file, "%s/cgroup.procs", leaf);
		if ((mkdirat(parent, leaf, 0755) < 0 && errno != EEXIST) ||
		    cgroup_write(parent, file, "0") < 0)
			return err_os(e, errno, p->dir[0], "cannot move vkjail to a group below");
		g->moved = true;
	}
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		if (p->enable & CGROUP_BIT(c))
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "+%s ",
				       cgroup_controller_names[c]);
	if (text[0] && cgroup_write(parent, "cgroup.subtree_control", text) < 0)
		return err_os(e, errno, p->dir[0], "cannot switch on the controllers '%s'", text);
	return 0;
}

/* What is looked at while the job runs. */
static void open_files(struct cgroup *g)
{
	if (g->place->controllers & CGROUP_BIT(CGROUP_PIDS))
		g->tasks_fd = openat(cgroup_dir(g, CGROUP_PIDS), "pids.current",
				     O_RDONLY | O_CLOEXEC);
	if (g->place->version == CGROUP_V2) {
		g->procs_fd = openat(g->dir[0], "cgroup.procs", O_RDONLY | O_CLOEXEC);
		g->oom_fd = openat(g->dir[0], "memory.events", O_RDONLY | O_CLOEXEC);
		g->memory_fd = openat(g->dir[0], "memory.current", O_RDONLY | O_CLOEXEC);
		g->cpu_fd = openat(g->dir[0], "cpu.stat", O_RDONLY | O_CLOEXEC);
		return;
	}
	if (g->dir[CGROUP_MEMORY] >= 0) {
		char text[48];
		AUTO_FD int control = openat(g->dir[CGROUP_MEMORY], "memory.oom_control",
					     O_RDONLY | O_CLOEXEC);
		g->oom_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		(void)snprintf(text, sizeof text, "%d %d", g->oom_fd, control);
		if (g->oom_fd >= 0 &&
		    cgroup_write(g->dir[CGROUP_MEMORY], "cgroup.event_control", text) < 0) {
			(void)close(g->oom_fd);
			g->oom_fd = -1;
		}
		g->memory_fd = openat(g->dir[CGROUP_MEMORY], "memory.usage_in_bytes",
				      O_RDONLY | O_CLOEXEC);
	}
	if (g->dir[CGROUP_CPUACCT] >= 0)
		g->cpu_fd = openat(g->dir[CGROUP_CPUACCT], "cpuacct.usage", O_RDONLY | O_CLOEXEC);
}

int cgroup_soft_memory(struct cgroup *g, uint64_t bytes)
{
	char text[64];

	if (!(g->place->controllers & CGROUP_BIT(CGROUP_MEMORY)))
		return -1;
	if (g->place->version == CGROUP_V2) {
		(void)snprintf(text, sizeof text, "%llu", (unsigned long long)bytes);
		return cgroup_write(g->dir[0], "memory.high", text);
	}
	g->soft_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)snprintf(text, sizeof text, "%d %d %llu", g->soft_fd, g->memory_fd,
		       (unsigned long long)bytes);
	return cgroup_write(g->dir[CGROUP_MEMORY], "cgroup.event_control", text);
}

void cgroup_soft_passed(const struct cgroup *g)
{
	if (g->place->version == CGROUP_V2)
		(void)cgroup_write(g->dir[0], "memory.high", "max");
}

int cgroup_pressure_fd(const struct cgroup *g)
{
	/* A tenth of half a second; without CAP_SYS_RESOURCE the window must be a multiple of two. Each with its zero. */
	static const char quick[] = "some 50000 500000", slow[] = "some 200000 2000000";
	char text[48];

	if (g->place->version == CGROUP_V2) {
		AUTO_FD int fd = openat(g->dir[0], "memory.pressure",
					O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 ||
		    (write(fd, quick, sizeof quick) < 0 && write(fd, slow, sizeof slow) < 0))
			return -1;
		return TAKE_FD(fd);
	}
	if (g->dir[CGROUP_MEMORY] < 0)
		return -1;
	AUTO_FD int level = openat(g->dir[CGROUP_MEMORY], "memory.pressure_level",
				   O_RDONLY | O_CLOEXEC);
	AUTO_FD int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)snprintf(text, sizeof text, "%d %d medium", event, level);
	if (level < 0 || event < 0 ||
	    cgroup_write(g->dir[CGROUP_MEMORY], "cgroup.event_control", text) < 0)
		return -1;
	return TAKE_FD(event);
}

int cgroup_refused_fd(const struct cgroup *g)
{
	int dir = cgroup_dir(g, CGROUP_PIDS);

	return dir < 0 ? -1 : openat(dir, "pids.events", O_RDONLY | O_CLOEXEC);
}

/* A cpuset of v1 takes nobody before it has CPUs and memory nodes. */
static void inherit_cpuset(const struct cgroup *g)
{
	static const char *const files[] = {"cpuset.mems", "cpuset.cpus"};
	char text[512], above[32];

	for (size_t i = 0; i < COUNTOF(files); i++) {
		(void)snprintf(above, sizeof above, "../%s", files[i]);
		if (cgroup_read(g->dir[CGROUP_CPUSET], above, text, sizeof text) > 0)
			(void)cgroup_write(g->dir[CGROUP_CPUSET], files[i], text);
	}
}

int cgroup_open(struct cgroup *g, const struct cgroup_place *place, struct err *e)
{
	*g = CGROUP_INIT;
	g->place = place;
	(void)snprintf(g->name, sizeof g->name, NAME_START "%lu.%ld.%llu", pid_namespace(),
		       (long)getpid(), start_time(getpid()));
	if (place->version == CGROUP_V2) {
		if (((place->enable || place->leaf) && enable(g, e) < 0) || make(g, 0, e) < 0)
			return -1;
	} else {
		for (int c = 0; c < CGROUP_CONTROLLERS; c++)
			if (place->controllers & CGROUP_BIT(c) && make(g, c, e) < 0)
				return -1;
		if (g->dir[CGROUP_CPUSET] >= 0)
			inherit_cpuset(g);
	}
	open_files(g);
	return 0;
}

int cgroup_set(const struct cgroup *g, enum cgroup_controller c, const char *file, const char *text)
{
	int dir = cgroup_dir(g, c);

	if (dir < 0 || !(g->place->controllers & CGROUP_BIT(c))) {
		errno = ENODEV;
		return -1;
	}
	return cgroup_write(dir, file, text);
}

int cgroup_clone_fd(const struct cgroup *g)
{
	return g->place && g->place->version == CGROUP_V2 ? g->dir[0] : -1;
}

int cgroup_join_fds(const struct cgroup *g, int fds[static CGROUP_CONTROLLERS], size_t *ret_count,
		    struct err *e)
{
	/*
	 * The one thread of a new process is the whole process. "0" in the v1 file 'tasks' moves it, since Linux 5.5 without
	 * stopping every fork and exit of the machine, for which cgroup.procs waits some ten milliseconds for all CPUs, with
	 * the lock held that each mkdir(2) of a group needs (cgroup_procs_write_start() of Linux).
	 */
	const char *file = g->place->version == CGROUP_V1 ? "tasks" : "cgroup.procs";

	*ret_count = 0;
	for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
		if (g->dir[c] < 0)
			continue;
		int fd = openat(g->dir[c], file, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return err_os(e, errno, g->place->dir[c],
				      "cannot move the job to its control group");
		fds[(*ret_count)++] = fd;
	}
	return 0;
}

void cgroup_kill(const struct cgroup *g)
{
	if (g->place && g->place->version == CGROUP_V2 && g->dir[0] >= 0)
		cgroup_kill_tree(g->dir[0]);
}

static void step_back(struct cgroup *g)
{
	const struct cgroup_place *p = g->place;
	AUTO_FD int parent = open(p->dir[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char leaf[100], text[128] = "";

	if (parent < 0)
		return;
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		if (p->enable & CGROUP_BIT(c))
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "-%s ",
				       cgroup_controller_names[c]);
	/* Fails when another runner has a job there: then its leaf and ours stay for the next sweep. */
	if (text[0])
		(void)cgroup_write(parent, "cgroup.subtree_control", text);
	(void)snprintf(leaf, sizeof leaf, LEAF_START "%s", g->name + strlen(NAME_START));
	if (cgroup_write(parent, "cgroup.procs", "0") == 0)
		(void)unlinkat(parent, leaf, AT_REMOVEDIR);
	g->moved = false;
}

bool cgroup_remove(struct cgroup *g)
{
	bool gone = true;

	if (!g->place)
		return true;
	for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
		if (g->dir[c] < 0)
			continue;
		(void)close(g->dir[c]);
		g->dir[c] = -1;
		AUTO_FD int parent = open(g->place->dir[c], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		gone = parent >= 0 && cgroup_remove_patiently(parent, g->name) && gone;
	}
	if (g->moved)
		step_back(g);
	return gone;
}

void cgroup_done(struct cgroup *g)
{
	(void)cgroup_remove(g);
	const int fds[] = {g->oom_fd, g->soft_fd,  g->memory_fd,
			   g->cpu_fd, g->tasks_fd, g->procs_fd};
	for (size_t i = 0; i < COUNTOF(fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	*g = CGROUP_INIT;
}
