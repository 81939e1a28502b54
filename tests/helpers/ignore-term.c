/* SPDX-License-Identifier: Apache-2.0 */
/* ignore-term [CHILDREN]: ignores TERM, INT and HUP in itself and in children, says "ready" and waits to be killed. */
#include <signal.h>
#include <unistd.h>

#include "helpers/args.h"

int main(int argc, char **argv)
{
	uint64_t children = argc > 1 ? number(argv[1]) : 0;
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	pid_t pid = 1;
	for (uint64_t i = 0; i < children && pid > 0; i++)
		pid = fork();
	if (pid < 0)
		return 3;
	if (pid > 0)
		say("ready");
	for (;;)
		(void)pause();
}
