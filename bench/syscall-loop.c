/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscall-loop CALLS: makes each kind of call that many times, the refused one a fiftieth of that, and prints
 * "NAME NANOSECONDS" for one of each, in CPU time but for the refused one, which waits for its answer.
 * getppid is decided by its number alone, fcntl too, ioctl and socket by their arguments; mount is refused.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	int ends[2];
	int waiting = 0;

	if (n < 1 || pipe(ends) != 0)
		return 2;
	/* Arguments that make the call as short as it can be; mount fails before it looks at anything. */
	const struct {
		const char *name;
		long nr, args[5];
	} calls[] = {
		{"getppid", SYS_getppid, {0}},
		{"fcntl", SYS_fcntl, {ends[0], F_GETFD}},
		{"ioctl", SYS_ioctl, {ends[0], FIONREAD, (long)(intptr_t)&waiting}},
		{"socket", SYS_socket, {AF_UNIX, -1}},
		{"mount", SYS_mount, {0}},
	};
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		const long *a = calls[i].args;
		bool refused = calls[i].nr == SYS_mount;
		clockid_t clock = refused ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
		long count = refused ? n / 50 + 1 : n;
		int64_t from = now_ns(clock);
		for (long k = 0; k < count; k++)
			(void)syscall(calls[i].nr, a[0], a[1], a[2], a[3], a[4]);
		printf("%s %.1f\n", calls[i].name, (double)(now_ns(clock) - from) / (double)count);
	}
	return fflush(stdout) != 0;
}
