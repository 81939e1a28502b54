/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time and memory of a process tree, read from /proc. */
#pragma once

#include <sys/types.h>

#include "watch/facts.h"
#include "watch/procfiles.h"

/* Processes of a tree that are looked at; what there are more is not counted. */
enum { USAGE_TREE_MAX = 8192 };

enum usage_want { USAGE_CPU, USAGE_MEMORY, USAGE_MEMORY_EXACT };

/*
 * Adds up root and all its descendants. memory_bytes: anonymous and shared memory in RAM
 * (proc_pid_status(5) RssAnon + RssShmem), for USAGE_MEMORY_EXACT their proportional share
 * (smaps_rollup: Pss_Anon + Pss_Shmem), which costs more. Processes that end meanwhile are left
 * out; their CPU time is in their parent's. The memory of root, pid 1 of the sandbox, is not the job's
 * and not counted. files keeps what will be read again next time. Returns false when root is gone.
 */
bool usage_read(pid_t root, enum usage_want want, struct proc_files *files, struct usage *ret);

/* The processes of the tree without root itself, the first max of them; how many there are. */
unsigned usage_pids(pid_t root, struct proc_files *files, pid_t *pids, unsigned max);

/*
 * How much of the tree's memory is files of the file system dev that it has mapped: for whoever
 * counts that file system as well. Their proportional share (smaps: Pss without Anonymous).
 */
uint64_t usage_mapped(pid_t root, dev_t dev, struct proc_files *files);
