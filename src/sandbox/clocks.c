/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time namespace for what pid 1 starts: how long the machine is up is nothing that a job has to know.
 * pid 1 is in it too, because up to Linux 6.1 no process that shares its memory, as the job's does until it
 * executes, can be started into another one. It tells the supervisor the host's times. time_namespaces(7).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/child.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* "NAME -SECONDS 0\n", without stdio. */
static size_t put_offset(char *at, const char *name, uint64_t seconds)
{
	char digits[20];
	size_t n = strlen(name), count = 0;

	memcpy(at, name, n);
	at[n++] = ' ';
	at[n++] = '-';
	do {
		digits[count++] = (char)('0' + seconds % 10);
		seconds /= 10;
	} while (seconds);
	while (count)
		at[n++] = digits[--count];
	memcpy(at + n, " 0\n", 3);
	return n + 3;
}

int clocks_step(struct child *c, const struct step *s)
{
	char text[128];
	struct timespec monotonic, boottime;

	(void)s;
	/* Before the id map, after which this process is not dumpable and the file is root's. */
	if (prctl(PR_SET_DUMPABLE, 1) < 0 || clock_gettime(CLOCK_MONOTONIC, &monotonic) < 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &boottime) < 0 || unshare(CLONE_NEWTIME) < 0)
		return -1;
	size_t n = put_offset(text, "monotonic", (uint64_t)monotonic.tv_sec);
	n += put_offset(text + n, "boottime", (uint64_t)boottime.tv_sec);
	AUTO_FD int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (write(fd, text, n) != (ssize_t)n)
		return -1;
	AUTO_FD int space = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (space < 0 || setns(space, CLONE_NEWTIME) < 0)
		return -1;
	c->clock_behind_ns = (uint64_t)monotonic.tv_sec * 1000000000u;
	return 0;
}
