/* SPDX-License-Identifier: Apache-2.0 */
/* The job's control group, as the plan wants it. */
#pragma once

#include "cgroup/cgroup.h"
#include "plan/plan.h"

/*
 * Makes the group that was planned, if one was, and writes limits and devices into it; p gets the descriptors to
 * join it, and what does not hold. Free with cgroup_done in either case. 0, or -1 with *e.
 */
int group_open(struct cgroup *g, struct plan *p, struct err *e);
