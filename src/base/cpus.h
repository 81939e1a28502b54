/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of CPUs as the kernel and people write them: "0-3,8" (cpuset(7), FORMATS, List). */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

/* False when text is no such list, is empty, or names a CPU from CPU_SETSIZE on. */
bool cpus_parse(const char *text, cpu_set_t *ret);

/* The shortest list; what does not fit is cut. Returns buf. */
const char *cpus_print(const cpu_set_t *set, char *buf, size_t size);

/* count CPUs of from, the first one not before `start` and then upwards, round the end; all of them when there are fewer. */
void cpus_pick(const cpu_set_t *from, unsigned count, unsigned start, cpu_set_t *ret);
