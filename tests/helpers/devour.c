/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devour KIND [N]
 * Takes as much of one thing as it gets, as fast as it can, and then waits for ever:
 *   memfd        pages of files in memory that nobody has mapped
 *   page-tables  page tables, by reading one byte of each 2 MiB of a large empty mapping
 *   pipes        pages that lie in pipes; sockets: messages that nobody receives; both also in children,
 *                where the number of descriptors of one process is used up
 *   processes    children that do the same; sessions: each in a session of its own, its parent gone
 *   threads      threads with a small stack
 *   children     N children, one after the other, that end at once; says "N" and ends
 * Where the kernel refuses something it just goes on asking.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helpers/args.h"

enum { CHUNK = 1 << 20, TABLE_SPAN = 2 << 20, STACK = 64 << 10 };
static char chunk[CHUNK];

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		(void)pause();
}

static void memfd(void)
{
	int fd = memfd_create("devour", MFD_CLOEXEC);
	while (fd >= 0 && write(fd, chunk, sizeof chunk) > 0)
		continue;
}

static void page_tables(void)
{
	size_t size = (size_t)64 << 30;
	volatile char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return;
	/* The huge zero page would need no table. */
	(void)madvise((void *)(uintptr_t)p, size, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < size; at += TABLE_SPAN)
		(void)p[at];
}

static bool fill_pipe(void)
{
	int ends[2];
	if (pipe2(ends, O_NONBLOCK) < 0)
		return false;
	(void)fcntl(ends[1], F_SETPIPE_SZ, CHUNK);
	while (write(ends[1], chunk, sizeof chunk) > 0)
		continue;
	return true;
}

static bool fill_socket(void)
{
	int ends[2];
	int size = CHUNK;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		return false;
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	while (write(ends[0], chunk, 64 << 10) > 0)
		continue;
	return true;
}

/* In this process until it has no descriptor left, then in a child. */
static void fill(bool (*one)(void))
{
	do
		while (one())
			continue;
	while (fork() == 0 && close_range(3, ~0U, 0) == 0);
}

static void sessions(void)
{
	/* The first process stays: its end would be the job's. */
	if (fork() != 0)
		return;
	for (;;) {
		pid_t pid = fork();
		if (pid > 0)
			_exit(0);
		if (pid == 0) {
			(void)setsid();
			(void)fork();
		}
	}
}

static void *thread(void *unused)
{
	(void)unused;
	wait_for_ever();
}

static void threads(void)
{
	pthread_attr_t attr;
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK);
	for (;;) {
		pthread_t t;
		if (pthread_create(&t, &attr, thread, NULL) != 0)
			(void)usleep(1000);
	}
}

static int children(uint64_t n)
{
	uint64_t done = 0;
	for (uint64_t i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		done += pid > 0 && waitpid(pid, NULL, 0) == pid;
	}
	printf("%llu\n", (unsigned long long)done);
	return 0;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";

	memset(chunk, 1, sizeof chunk);
	if (strcmp(kind, "children") == 0)
		return children(argc > 2 ? number(argv[2]) : 0);
	if (strcmp(kind, "memfd") == 0)
		memfd();
	else if (strcmp(kind, "page-tables") == 0)
		page_tables();
	else if (strcmp(kind, "pipes") == 0)
		fill(fill_pipe);
	else if (strcmp(kind, "sockets") == 0)
		fill(fill_socket);
	else if (strcmp(kind, "processes") == 0)
		for (;;)
			(void)fork();
	else if (strcmp(kind, "sessions") == 0)
		sessions();
	else if (strcmp(kind, "threads") == 0)
		threads();
	else
		usage("devour memfd|page-tables|pipes|sockets|processes|sessions|threads|children [N]");
	wait_for_ever();
}
