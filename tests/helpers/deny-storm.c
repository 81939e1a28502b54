/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deny-storm CALLS [THREADS]: that many refused calls in each thread, with arguments and numbers that
 * change, as fast as they go. Prints how many failed with EPERM, ENOSYS or EAFNOSUPPORT.
 */
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helpers/args.h"

static long calls;

static void *storm(void *arg)
{
	long refused = 0;

	(void)arg;
	for (long i = 0; i < calls; i++) {
		long r;
		if (i % 3 == 0)
			r = syscall(SYS_mount, 0, 0, 0, i, 0);
		else if (i % 3 == 1)
			r = syscall(SYS_socket, 40 + i % 1000, i, i);
		else
			r = syscall(1000 + i % 5000);
		refused += r == -1 && (errno == EPERM || errno == ENOSYS || errno == EAFNOSUPPORT);
	}
	return (void *)(intptr_t)refused;
}

int main(int argc, char **argv)
{
	enum { THREADS_MAX = 64 };
	pthread_t threads[THREADS_MAX];
	long sum = 0, count = 1;

	if (argc < 2)
		usage("deny-storm CALLS [THREADS]");
	calls = (long)number(argv[1]);
	if (argc > 2)
		count = (long)number(argv[2]);
	if (count < 1 || count > THREADS_MAX)
		usage("deny-storm CALLS [THREADS]");
	for (long i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, storm, NULL) != 0)
			return 1;
	for (long i = 0; i < count; i++) {
		void *refused;
		(void)pthread_join(threads[i], &refused);
		sum += (long)(intptr_t)refused;
	}
	printf("%ld\n", sum);
	return 0;
}
