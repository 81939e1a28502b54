/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the child that walks a plan; from here on the job can be watched. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"
#include "sandbox/proto.h"

struct launched {
	pid_t pid;                   /* of pid 1 of the sandbox, as seen from here */
	int pidfd;                   /* pidfd_open(2); owned */
	int control_fd;              /* struct msg datagrams from it; owned */
	struct last_word *last_word; /* shared with it; owned */
};

#define LAUNCHED_INIT ((struct launched){.pidfd = -1, .control_fd = -1})

/*
 * clone3(2) with the plan's namespaces. Every signal must be blocked and SIGCHLD not be ignored. Returns at once; the child's failures
 * come as MSG_STEP_FAILED. It starts the job only after launched_go. 0, or -1 when no child could be made.
 */
int launch(const struct plan *p, struct launched *ret, struct err *e);

/* What has to be there before the job runs is there (its first report, say). Costs no system call unless the child waits. */
void launched_go(struct launched *l);

/* Releases what launch gave; the child must be gone. */
void launched_done(struct launched *l);
