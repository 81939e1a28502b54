/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What will be done to start one job, decided before anything is started: the ordered steps, the
 * argument and environment vectors, the descriptors, the filter's bytes, and for every limit who
 * will enforce it. `vkjail plan` prints it; the child only walks it.
 */
#pragma once

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "cgroup/cgroup.h"
#include "cgroup/devices.h"
#include "host/gpu.h"
#include "host/host.h"
#include "job/spec.h"
#include "sandbox/filter.h"
#include "sandbox/landlock.h"

enum step_op {
#define STEP(id, name, help) STEP_##id,
#include "plan/step.def"
#undef STEP
};

enum {
#define STEP(id, name, help) +1
	STEP_COUNT = 0
#include "plan/step.def"
#undef STEP
};

struct step_info {
	const char *name, *help;
};

extern const struct step_info step_table[STEP_COUNT];

enum {
	STEP_WRITABLE = 1 << 0, /* BIND: without the read-only attribute */
	STEP_DEVICE = 1 << 1,   /* BIND: device nodes may be opened */
	STEP_NOEXEC = 1 << 2,   /* BIND: nothing in it can be executed */
	STEP_OWN =
	    1
	    << 3, /* BIND, DIRECTORY, SYMLINK, FILE: every directory above the target is the new root's own */
	STEP_PROCESSES = 1 << 4, /* PROC: nothing in it but the processes */
};

/* Paths in the new root are relative to it ("usr/lib"); "" is the root itself. */
struct step {
	enum step_op op;
	unsigned flags;
	const char *
	    source; /* BIND: path on the host; SYMLINK: what it points to; FILE: contents; HOSTNAME */
	const char *target; /* path in the new root */
	mode_t mode;        /* DIRECTORY, FILE */
	int resource;       /* RLIMIT */
	struct rlimit rlimit;
};

struct plan_fd {
	int from, to;
};

/* Who enforces and who measures one limit; unavailable says why nobody does. All static strings or the arena's. */
struct coverage {
	const char *enforced_by;
	const char *measured_by;
	const char *unavailable;
};

/* One file of the control group. must: without it a limit does not hold. */
struct cgroup_setting {
	enum cgroup_controller controller;
	const char *file, *value;
	bool must;
};

struct plan;

/* The kernel did not take that setting of dmem.max: the limit holds without it, or is not there. */
void plan_dmem_lost(struct plan *p, const struct cgroup_setting *s, int os);

struct plan {
	bool helper; /* the command is one of our own helper programs */
	struct arena arena;
	uint64_t namespaces; /* CLONE_NEW* (namespaces(7)) */

	struct step *steps;
	size_t step_count;
	size_t fork_step; /* index of the FORK step: those after it belong to the job's process */

	const char **argv, **envp;
	const char **
	    argv_shell; /* "/bin/sh FILE ARGS..." for a script without #!; [1] is set by the child */
	const char **exec_paths; /* candidates in the order of PATH, NULL-terminated */
	const char *workdir;

	int stdio[3];        /* what becomes 0, 1 and 2 of the job; borrowed */
	struct plan_fd *fds; /* further descriptors; from >= every to; borrowed */
	size_t fd_count;

	/* As the caller had them; given back to the job. */
	sigset_t mask;
	mode_t umask;
	bool sigchld_ignored;

	bool learn;        /* the supervisor gets the filter's listener */
	bool want_started; /* pid 1 tells when the command was executed, and hands over the tmpfs */

	enum spec_seccomp seccomp; /* the profile in force */
	const char *seccomp_name;  /* what it is called; of a file: its path */
	struct filter filter;
	/* What vkjail-exec puts on itself when its device is open, by enum filter_second; len 0: nothing. */
	struct filter second[FILTER_SECONDS];
	struct landlock_rules landlock;
	struct filter judge; /* learning: what the profile would have said; the filter only asks */
	cap_t no_caps;
	int last_cap;
	char id_maps[2][64];               /* lines for uid_map and gid_map */
	const char *tmp_size, *tmp_inodes; /* tmpfs options of the new root */

	struct limits limits; /* what is in force, defaults filled in */
	const char *limit_from
	    [LIMIT_COUNT]; /* where a number comes from that depends on this machine; NULL */
	cpu_set_t cpus;    /* limits.cpus, when it is set */
	uint64_t
	    image_bytes; /* with limits.address-space: what the program itself takes of it; 0: not known */
	uint64_t sample_ns; /* between two readings of usage; LIMIT_NONE: none */
	struct coverage coverage[LIMIT_COUNT];

	struct cgroup_place group; /* CGROUP_NONE: no group; why says why when one was wanted */
	const char
	    *dmem; /* the regions in which the group holds device-memory, in words; NULL: none */
	struct cgroup_setting *settings;
	size_t setting_count;
	/* Filled in when the group has been made: for CLONE_INTO_CGROUP (-1: none), and its cgroup.procs. Borrowed. */
	int group_fd;
	int join_fds[CGROUP_CONTROLLERS];
	size_t join_count;

	/* What the job's processes may open of devices, by whatever path: those that the new root shows, and its stdio. */
	struct cgroup_device *devices;
	size_t device_count;
	const char *devices_by;  /* what holds that; NULL: nothing does ... */
	const char *devices_why; /* ... because of this */
	int device_program;      /* with a group of v2; owned; 0: none */

	const char **warnings;
	size_t warning_count;
	bool telemetry; /* the Vulkan layer is in the sandbox, and the socket it asks at */
	const char *telemetry_why; /* else: why not */
	/* Filled in before the launch: an unbound SOCK_SEQPACKET socket, which the child binds. Borrowed. */
	int telemetry_fd;

	struct host_gpu *gpus; /* those that the job is given */
	size_t gpu_count;
	const char **gpu_because; /* "CUDA_VISIBLE_DEVICES=1": what left fewer of them */
	size_t gpu_because_count;
	const char **gpu_env; /* variables that count GPUs, as they are inside */
	size_t gpu_env_count;
	const char **gpu_nodes; /* device nodes the job may open */
	size_t gpu_node_count;
	const char **drivers; /* manifests of the Vulkan drivers for gpus */
	size_t driver_count;
	bool drivers_only; /* no other driver is to be seen inside */
};

/*
 * Decides everything. spec and host must outlive the plan. On failure *e says what cannot be done
 * and nothing has been changed. Free with plan_done in either case.
 */
int plan_make(struct plan *p, const struct spec *spec, const struct host *host, struct err *e);
void plan_done(struct plan *p);

/* For the rooms of the plan itself. */
struct step *plan_step(struct plan *p, enum step_op op);
void plan_warn(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
