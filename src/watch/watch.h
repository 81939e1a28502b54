/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop over descriptors from launch to the end of the last process: limits, signals, output,
 * answers. Nothing is polled; time limits are the earliest moment at which they can be reached.
 */
#pragma once

#include <signal.h>

#include "plan/plan.h"
#include "watch/claims.h"
#include "watch/facts.h"
#include "watch/learn.h"
#include "watch/relay.h"
#include "watch/telemetry.h"
#include "sandbox/launch.h"

/* How far a compute job is, for whoever wants to show it: what it says itself, and what was observed. */
struct watch_progress {
	const struct claim_progress *claim;
	uint64_t memory_bytes; /* of the process tree at the last sample; 0: none yet */
	uint64_t memory_limit; /* LIMIT_UNSET and above: none */
};

struct watch {
	const struct plan *plan;
	struct launched *child;
	uint64_t grace_ns;
	bool soft_ends;             /* passing a soft value ends the job */
	uint64_t sample_ns;         /* LIMIT_NONE: no samples */
	unsigned cpus;              /* that the job can use at a time */
	int signal_fd;              /* signalfd(2) over the signals that watch_signals gave */
	int answers_fd;             /* of vkjail-exec; -1 */
	const struct cgroup *group; /* of the job; NULL: none */
	struct claims *claims;
	struct telemetry *telemetry; /* NULL: none */
	struct learned *learned;     /* NULL: the job is not learned */
	struct relay *relays;  /* two: stdout, stderr; read_fd -1 when not relayed; borrowed */
	struct observed *seen; /* what is found out */
	/* After `progress` claims; with NULL once the job is over. NULL: nobody wants to know. */
	void (*show)(void *show_arg, const struct watch_progress *p);
	void *show_arg;
};

/* The signals that end, stop or inform: to be blocked before launch. Those that the caller had ignored are left out. */
void watch_signals(sigset_t *set);

/* Runs until no process of the job is left, or it is found unkillable. 0, or -1 when the loop itself failed (the job is killed then). */
int watch_run(struct watch *w, struct err *e);
