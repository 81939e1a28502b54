/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigreceive [N [STATUS]]
 * Says "ready", then the name of each signal it gets, one a line; ends after N of them (0: after
 * the first SIGTERM) with STATUS (0).
 */
#include <signal.h>

#include "helpers/args.h"

int main(int argc, char **argv)
{
	uint64_t want = argc > 1 ? number(argv[1]) : 0;
	int status = argc > 2 ? (int)number(argv[2]) : 0;
	sigset_t all;
	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGSEGV);
	if (sigprocmask(SIG_BLOCK, &all, NULL) != 0)
		return 3;
	say("ready");
	for (uint64_t got = 1;; got++) {
		int sig = sigwaitinfo(&all, NULL);
		if (sig < 0)
			return 3;
		const char *name = sigabbrev_np(sig);
		printf("SIG%s\n", name ? name : "?");
		(void)fflush(stdout);
		if (want ? got == want : sig == SIGTERM)
			return status;
	}
}
