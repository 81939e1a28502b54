/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups, v2 and v1: where a group can be made, making it, its limits, what it counted, its
 * end. cgroups(7); Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/ of Linux.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

enum cgroup_version { CGROUP_NONE, CGROUP_V1, CGROUP_V2 };

enum cgroup_controller {
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CPU,
	CGROUP_CPUSET,
	CGROUP_IO,
	CGROUP_CPUACCT, /* v1 only; in v2 every group counts its CPU time */
	CGROUP_DEVICES, /* v1 only, with any of the others where it can be had; in v2 a program does it */
	CGROUP_DMEM, /* v2 only: memory of devices */
	CGROUP_CONTROLLERS
};

#define CGROUP_BIT(controller) (1u << (controller))

/* As the kernel writes them ("memory"). */
extern const char *const cgroup_controller_names[CGROUP_CONTROLLERS];

/* Where a group for the job can be made. Strings are the arena's or static. */
struct cgroup_place {
	enum cgroup_version version;
	unsigned controllers; /* CGROUP_BITs that a group made here will have */
	unsigned enable;      /* v2: those that have to be switched on in the parent first */
	bool leaf; /* v2: we stand in the parent ourselves and have to move to a leaf of it first */
	const char *source;                  /* in words: "--cgroup", "vkjail's own group", ... */
	const char *dir[CGROUP_CONTROLLERS]; /* the parent; in v2 the same for all */
	bool
	    by_systemd; /* not in v2 as things are, but systemd runs, and could give a group with all of them */
	const char *why; /* CGROUP_NONE: what was looked at and why it won't do */
	const char *fix; /* CGROUP_NONE: the command that would help; may be NULL */
};

/*
 * Looks for a place where all controllers in need can be had; reads only. wanted: NULL for the
 * caller's own group, then v1; else a directory of a cgroup2 file system. wish: v1: what else is taken where it can
 * be had. 0 with ret->version (CGROUP_NONE when there is none), -1 with *e only when wanted cannot be used.
 */
int cgroup_find(struct arena *a, const char *wanted, unsigned need, unsigned wish,
		struct cgroup_place *ret, struct err *e);

/* What the groups that we are in leave: CGROUP_UNKNOWN where none of them has such a limit. Strings are the arena's. */
struct cgroup_available {
	uint64_t
	    memory_bytes; /* until one of them is full, page cache that can go counted as free */
	uint64_t tasks;   /* processes and threads */
	uint64_t cpu_percent;                            /* 100: one CPU */
	const char *memory_from, *tasks_from, *cpu_from; /* the file that says so */
};
void cgroup_available(struct arena *a, struct cgroup_available *ret);

/* A group of ours. */
struct cgroup {
	const struct cgroup_place *place; /* borrowed */
	char name[80];                    /* of the directory, in each hierarchy */
	int dir[CGROUP_CONTROLLERS];      /* owned; in v2 only dir[0] */
	int oom_fd; /* v1: eventfd(2) of memory.oom_control; v2: memory.events, to be polled for EPOLLPRI; owned; -1 */
	int soft_fd; /* v1: eventfd(2), readable when the soft value of memory is passed; owned; -1 */
	int memory_fd, cpu_fd, tasks_fd, procs_fd; /* what samples read; owned; -1 */
	bool moved;                                /* we moved to the leaf */
};

#define CGROUP_INIT                                               \
	((struct cgroup){.dir = {-1, -1, -1, -1, -1, -1, -1, -1}, \
			 .oom_fd = -1,                            \
			 .soft_fd = -1,                           \
			 .memory_fd = -1,                         \
			 .cpu_fd = -1,                            \
			 .tasks_fd = -1,                          \
			 .procs_fd = -1})

/* Makes an empty group in place, after removing what dead runners left there. Free with cgroup_done. */
int cgroup_open(struct cgroup *g, const struct cgroup_place *place, struct err *e);

/* Writes text to a file of the group ("memory.max"). 0, or -1 with errno; ENODEV without that controller. */
int cgroup_set(const struct cgroup *g, enum cgroup_controller c, const char *file,
	       const char *text);

/*
 * Tells when the group passes that much memory: in v2 by memory.events (memory.high, which also slows the group
 * down: cgroup_soft_passed lifts it), in v1 by soft_fd. 0, or -1 when that cannot be had.
 */
int cgroup_soft_memory(struct cgroup *g, uint64_t bytes);
void cgroup_soft_passed(const struct cgroup *g);

/*
 * A descriptor that tells when processes of the group wait for memory, to be polled for EPOLLPRI (v2: a trigger
 * of pressure stall information, Documentation/accounting/psi.rst) or EPOLLIN (v1: memory.pressure_level). The
 * caller closes it; -1 when that cannot be had. In v2 it costs milliseconds to close.
 */
int cgroup_pressure_fd(const struct cgroup *g);

/* A descriptor to be polled for EPOLLPRI, when forks may have failed at the limit; -1. The caller closes it. */
int cgroup_refused_fd(const struct cgroup *g);
/* How often that was, by that descriptor: reading it is what makes it quiet again. */
uint64_t cgroup_stat_refused(int refused_fd);

/* The directory for CLONE_INTO_CGROUP (v2), or -1. */
int cgroup_clone_fd(const struct cgroup *g);

/*
 * Descriptors of the files that a process with a single thread writes "0" to in order to join. At most
 * CGROUP_CONTROLLERS; *ret_count says how many. The caller closes them.
 */
int cgroup_join_fds(const struct cgroup *g, int fds[static CGROUP_CONTROLLERS], size_t *ret_count,
		    struct err *e);

/* Kills every process of the group and below (v2: cgroup.kill; frozen ones too). Nothing when that cannot be done. */
void cgroup_kill(const struct cgroup *g);

/* Removes the group and what the job made below it, and moves us back. False when it is still there. */
bool cgroup_remove(struct cgroup *g);
void cgroup_done(struct cgroup *g);

/* ---- what it counted (stat.c) --------------------------------------------------------------- */

#define CGROUP_UNKNOWN UINT64_MAX

/* CGROUP_UNKNOWN where the kernel does not say. Times in ns, sizes in bytes. */
struct cgroup_stat {
	uint64_t cpu_ns, cpu_user_ns, cpu_system_ns;
	uint64_t throttled_ns, throttled_periods;
	uint64_t memory_bytes, memory_peak_bytes, swap_peak_bytes;
	uint64_t processes;         /* in samples only */
	uint64_t tasks, tasks_peak; /* processes and threads, pid 1 of the sandbox among them */
	uint64_t oom,
	    oom_kill; /* its own limit was reached with nothing left to reclaim; processes killed */
	uint64_t oom_local; /* v2: of oom, without what happened in groups below */
	uint64_t memory_max,
	    memory_high; /* how often usage was held at the limit, at the soft one; v1: 1 when the limit was reached */
	uint64_t tasks_refused; /* forks that failed at the limit */
	uint64_t minor_faults, major_faults;
	uint64_t io_read_bytes, io_written_bytes;
	uint64_t stalled_cpu_ns, stalled_memory_ns, stalled_io_ns; /* PSI, "some" */
};

/* Everything. */
void cgroup_stat_read(const struct cgroup *g, struct cgroup_stat *ret);
/* CPU time, memory, processes and tasks alone, one read(2) each: for samples. */
void cgroup_stat_sample(const struct cgroup *g, struct cgroup_stat *ret);
/* oom and oom_kill alone. */
void cgroup_stat_oom(const struct cgroup *g, struct cgroup_stat *ret);

/* ---- memory of devices (dmem.c) --------------------------------------------------------------- */

struct cgroup_region {
	char name[96];  /* "drm/0000:03:00.0/vram0" */
	uint64_t bytes; /* CGROUP_UNKNOWN: "max", or no number */
};

/* The next line of a dmem file; *at goes behind it. False at the end. Lines that are none are left out. */
bool cgroup_region_next(const char **at, struct cgroup_region *ret);

/* Whether it is a GPU's own memory, of the GPU with that PCI address; NULL: of any. */
bool cgroup_region_is_of(const struct cgroup_region *r, const char *pci);

/* The kernel's list of regions, as lines; NULL when it has none. The text is the arena's. */
const char *cgroup_regions(struct arena *a);

/* What the group holds of GPUs' own memory, or CGROUP_UNKNOWN. */
uint64_t cgroup_device_memory(const struct cgroup *g);
