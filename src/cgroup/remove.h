/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a group: its processes killed, its directories removed. Private to src/cgroup. */
#pragma once

#include <stdbool.h>

/* Writes text to a file below dir that is there. 0, or -1 with errno. */
int cgroup_write(int dir, const char *file, const char *text);

/* Kills every process in the group dir and in those below. */
void cgroup_kill_tree(int dir);

/* Removes the groups in dir that are wanted gone, with all that are below them. */
void cgroup_remove_groups(int dir, bool (*is_wanted)(const char *name));

/* Removes a group whose processes were killed just now. False with errno when something of it is left. */
bool cgroup_remove_patiently(int parent, const char *name);
