/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a job uses, for a profile: every system call is let through and noted. The paths come from the job's
 * memory, which it can change meanwhile: good enough for a suggestion, never for a decision.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LEARN_CALLS = 1024, LEARN_VALUES = 256, LEARN_PATHS = 4096 };

/* A call with one value of the argument that matters. */
struct learned_value {
	uint32_t nr, value;
};

struct learned_path {
	char *path;   /* absolute, as it is inside */
	bool wrote;   /* it was to be changed, or made */
	bool inside;  /* it is there in the sandbox (or, when it is to be made, its directory) */
	bool locked;  /* there, but on a read-only mount */
	bool outside; /* it is there on the host */
};

/* Begins as zeros, but for the descriptor. */
struct learned {
	int listener_fd; /* owned; -1 */
	uint64_t calls;
	uint64_t count[LEARN_CALLS]; /* by number */
	struct learned_value values[LEARN_VALUES];
	unsigned value_count;
	bool values_full;           /* there were more */
	bool made_namespaces;       /* by clone: then no condition could keep them out */
	struct learned_path *paths; /* LEARN_PATHS of them, once there is one; owned */
	unsigned path_count;
	bool paths_full;
};

void learned_done(struct learned *d);

/* Which argument of this call a profile should have a condition on; -1: none. */
int learn_argument(uint32_t nr);

/* learn-path.c: notes the paths of one call, which waits. */
struct seccomp_notif;
void learn_paths(struct learned *d, const struct seccomp_notif *n);
