/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forker N [plain|escape] [leave]
 * Starts N processes that wait for ever; "escape" makes each a daemon (double fork, setsid). Says
 * "ready N", or "refused after K: ERRNO", and then waits, or with "leave" ends and leaves them.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "helpers/args.h"

static void wait_for_ever(void)
{
	for (;;)
		(void)pause();
}

static pid_t start(int escape)
{
	pid_t pid = fork();
	if (pid != 0 && !escape)
		return pid;
	if (pid > 0) {
		int status = 0;
		(void)waitpid(pid, &status, 0);
		errno = EAGAIN;
		return status == 0 ? pid : -1;
	}
	if (pid < 0)
		return -1;
	if (escape) {
		(void)setsid();
		pid = fork();
		if (pid != 0)
			_exit(pid < 0);
	}
	wait_for_ever();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		usage("forker N [plain|escape] [leave]");
	uint64_t n = number(argv[1]);
	int escape = argc > 2 && strcmp(argv[2], "escape") == 0;
	for (uint64_t i = 0; i < n; i++) {
		if (start(escape) < 0) {
			printf("refused after %llu: %s\n", (unsigned long long)i, strerrorname_np(errno));
			return 1;
		}
	}
	printf("ready %llu\n", (unsigned long long)n);
	(void)fflush(stdout);
	if (argc <= 3)
		wait_for_ever();
	return 0;
}
