/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hog SIZE [anonymous|shared|FILE] [MIB-A-SECOND] [hold]
 * Takes and touches memory a MiB at a time, at a rate (0: as fast as it goes): private, shared
 * anonymous, or a file (in a tmpfs) that it maps. Says "allocated" when it has it all; with "hold"
 * it then waits to be killed. A refusal ends it with "refused after N MiB" and status 1.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "helpers/args.h"

enum { STEP = 1 << 20 };

static int refused(uint64_t done)
{
	printf("refused after %llu MiB: %s\n", (unsigned long long)(done / STEP), strerrorname_np(errno));
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		usage("hog SIZE [anonymous|shared|FILE] [MIB-A-SECOND] [hold]");
	uint64_t size = number(argv[1]);
	const char *kind = argc > 2 ? argv[2] : "anonymous";
	uint64_t rate = argc > 3 ? number(argv[3]) : 0;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	int fd = -1;
	if (strcmp(kind, "shared") == 0) {
		flags = MAP_SHARED | MAP_ANONYMOUS;
	} else if (strcmp(kind, "anonymous") != 0) {
		flags = MAP_SHARED;
		fd = open(kind, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return refused(0);
	}
	for (uint64_t done = 0; done < size; done += STEP) {
		/* fallocate, because touching a mapped file on a full tmpfs is SIGBUS */
		if (fd >= 0 && (errno = posix_fallocate(fd, (off_t)done, STEP)) != 0)
			return refused(done);
		char *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE, flags, fd, fd >= 0 ? (off_t)done : 0);
		if (p == MAP_FAILED)
			return refused(done);
		memset(p, 1, STEP);
		struct timespec pause_a_little = {.tv_nsec = rate > 1 ? (long)(1000000000ULL / rate) : 0};
		if (rate > 1)
			(void)nanosleep(&pause_a_little, NULL);
	}
	say("allocated");
	if (argc > 4)
		(void)pause();
	return 0;
}
