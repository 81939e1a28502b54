/* SPDX-License-Identifier: Apache-2.0 */
/* See spread.h. */
#include "sandbox/spread.h"

#include <errno.h>
#include <string.h>

void spread_read(cpu_set_t *ret_allowed)
{
	if (sched_getaffinity(0, sizeof *ret_allowed, ret_allowed) < 0)
		CPU_ZERO(ret_allowed);
}

int spread_off(pid_t tid, const cpu_set_t *allowed)
{
	cpu_set_t others = *allowed;
	int here = sched_getcpu();

	if (here < 0)
		return -1;
	CPU_CLR(here, &others);
	if (CPU_COUNT(&others) == 0) {
		errno = ENODEV;
		return -1;
	}
	return sched_setaffinity(tid, sizeof others, &others);
}

/*
 * A set once given stays with a process when its cpuset grows (Linux 6.2), and whether the caller of vkjail had one of its own
 * cannot be asked. But it shows: with all CPUs asked for, the kernel gives what the cpuset has, and if that is more
 * than there was, there was such a set.
 */
int spread_undo(const cpu_set_t *allowed)
{
	cpu_set_t now;

	memset(&now, 0xff, sizeof now);
	if (sched_setaffinity(0, sizeof now, &now) < 0 ||
	    sched_getaffinity(0, sizeof now, &now) < 0)
		return -1;
	CPU_OR(&now, &now, allowed);
	return CPU_EQUAL(&now, allowed) ? 0 : sched_setaffinity(0, sizeof *allowed, allowed);
}
