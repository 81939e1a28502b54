/* SPDX-License-Identifier: Apache-2.0 */
/* spin [CHILDREN [MS]]: says "ready", then burns CPU in itself and in children, for ever or for MS of CPU time each. */
#include <time.h>
#include <unistd.h>

#include "helpers/args.h"

static uint64_t cpu_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	uint64_t children = argc > 1 ? number(argv[1]) : 0;
	uint64_t end_ms = argc > 2 ? number(argv[2]) : UINT64_MAX;
	say("ready");
	for (uint64_t i = 0; i < children; i++) {
		pid_t pid = fork();
		if (pid < 0)
			return 3;
		if (pid == 0)
			break;
	}
	while (cpu_ms() < end_ms) {
		for (volatile unsigned i = 0; i < 100000; i++)
			;
	}
	return 0;
}
