/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that runs between clone3(2) and execve(2), and in pid 1 of the sandbox: it allocates
 * nothing, formats nothing and never returns to the supervisor's code. Private to src/sandbox.
 */
#pragma once

#include "plan/plan.h"
#include "sandbox/proto.h"

struct child {
	const struct plan *plan;
	int control_fd; /* to the supervisor */
	struct last_word *last_word;
	bool in_group;              /* made in the job's control group already */
	cpu_set_t cpus;             /* where the supervisor may run (spread.h) */
	int root_fd;                /* the new root, while it is built */
	uint64_t clock_behind_ns;   /* of the host's CLOCK_MONOTONIC, in a time namespace */
	int network_fd, network_os; /* the job's network namespace, or -1 and why there is none */
	int network_tid;            /* of the thread that makes it; 0: there is none */
	uint32_t network_made;      /* 1: network_fd and network_os are there */
	uint32_t network_busy;      /* 0: the thread has ended */
	int mountinfo_fd;           /* with a kernel that has no mount_setattr(2), else -1 */
	/* The filter's listener, or -1 and why there is none: by the job's process as well. */
	volatile int listener_fd, listener_os;
	/* Written by the job's process, which shares this memory until it executes (vfork(2)). */
	volatile int failed_os;
	volatile unsigned failed_step;
	volatile unsigned failed_detail;
	volatile uint64_t
	    started_ns; /* on the host's clock: the command, as near as its own process can tell */
};

/* Runs one step; 0, or -1 with errno. Never called for FORK. */
int child_run_step(struct child *c, const struct step *s);

/* The mount steps (mounts.c). */
int mounts_propagation(struct child *c, const struct step *s);
int mounts_new_root(struct child *c, const struct step *s);
int mounts_directory(struct child *c, const struct step *s);
int mounts_symlink(struct child *c, const struct step *s);
int mounts_file(struct child *c, const struct step *s);
int mounts_bind(struct child *c, const struct step *s);
int mounts_tmpfs(struct child *c, const struct step *s);
int mounts_proc(struct child *c, const struct step *s);
int mounts_read_only(struct child *c, const struct step *s);
int mounts_pivot(struct child *c, const struct step *s);

/*
 * Without mount_setattr(2) (old-kernel.c): begin makes all mounts private; count says how many there
 * are; set adds flags to those that were made since. All: -1 with errno.
 */
int mounts_old_begin(struct child *c);
int mounts_old_count(const struct child *c);
int mounts_old_set(const struct child *c, int from, uint64_t attrs);

/* Without CLOSE_RANGE_CLOEXEC (Linux 5.11): the flag for each open descriptor from first on. */
int descriptors_old(int first);

/* The steps that change what the process is (creds.c). */
int creds_id_map(struct child *c, const struct step *s);
int creds_bounding(struct child *c, const struct step *s);
int creds_capabilities(struct child *c, const struct step *s);
int creds_no_new_privs(struct child *c, const struct step *s);

/* Answers one call that the filter asks about (notify.c). True when it ends the job. */
bool notify_answer(struct child *c);

/* Has a network namespace made beside the steps that follow, and enters it (network.c). */
int network_begin(struct child *c, const struct step *s);
int network_enter(struct child *c, const struct step *s);
/* Waits until what made it is gone, if anything did. */
void network_end(struct child *c);

/* Clocks of its own for what pid 1 starts (clocks.c), and the second wall around it (landlock.c). */
int clocks_step(struct child *c, const struct step *s);
int landlock_step(struct child *c, const struct step *s);

/* pid 1: starts the job's process, reaps, forwards, tells. Never returns. */
_Noreturn void init_run(struct child *c);

/* The whole life of the child. Never returns. */
_Noreturn void child_main(struct child *c);

/* Sends one message; errors are of no use here and ignored. */
void child_send(const struct child *c, struct msg *m);
/* On the host's clock. */
uint64_t child_now_ns(const struct child *c);
