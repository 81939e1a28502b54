/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn-timer WARM-UPS RUNS [-f FD FILE] COMMAND ARG...
 * Runs the command again and again with /dev/null as stdin, stdout and stderr (and FILE open for reading as FD)
 * and prints, for each run after the warm-ups: wall time in ns, CPU time in us, peak RSS in KiB,
 * exit status. A static program of its own, because a large parent makes every spawn slower.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int64_t now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int run(char **command, posix_spawn_file_actions_t *actions, int print)
{
	struct rusage use = {0};
	int status = 0;
	pid_t pid = 0;
	int64_t from = now_ns();
	if (posix_spawnp(&pid, command[0], actions, NULL, command, environ) != 0)
		return -1;
	if (wait4(pid, &status, 0, &use) != pid)
		return -1;
	int64_t wall = now_ns() - from;
	long cpu = (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 + use.ru_utime.tv_usec + use.ru_stime.tv_usec;
	if (print)
		printf("%lld %ld %ld %d\n", (long long)wall, cpu, use.ru_maxrss,
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	long warm = strtol(argv[1], NULL, 10);
	long runs = strtol(argv[2], NULL, 10);
	char **command = argv + 3;
	posix_spawn_file_actions_t actions;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return 3;
	for (int fd = 0; fd < 3; fd++) {
		if (posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0) != 0)
			return 3;
	}
	if (argc > 6 && strcmp(command[0], "-f") == 0) {
		int fd = (int)strtol(command[1], NULL, 10);
		if (posix_spawn_file_actions_addopen(&actions, fd, command[2], O_RDONLY, 0) != 0)
			return 3;
		command += 3;
	}
	for (long i = 0; i < warm + runs; i++) {
		if (run(command, &actions, i >= warm) != 0) {
			fprintf(stderr, "spawn-timer: cannot run '%s'\n", command[0]);
			return 3;
		}
	}
	return 0;
}
