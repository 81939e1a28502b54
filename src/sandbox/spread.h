/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a launch does at the same time is spread over the CPUs. A new task may be put behind the one that made
 * it although another CPU is idle (a kernel may gather tasks on few virtual CPUs), and then the two take turns.
 * Private to src/sandbox.
 */
#pragma once

#include <sched.h>
#include <sys/types.h>

/* Where the caller may run (sched_getaffinity(2)); none when that cannot be told, and then nothing is spread. */
void spread_read(cpu_set_t *ret_allowed);

/* Keeps a task (thread id) on those of the CPUs that the caller is not on. 0, or -1 with errno; ENODEV: there is no other. */
int spread_off(pid_t tid, const cpu_set_t *allowed);

/*
 * The caller, which spread_off was done to, may run again where it could before, and where its cpuset will let it
 * later: nothing is asked of the kernel that was not asked of it before. 0, or -1 with errno.
 */
int spread_undo(const cpu_set_t *allowed);
