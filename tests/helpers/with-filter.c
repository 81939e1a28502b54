/* SPDX-License-Identifier: Apache-2.0 */
/*
 * with-filter default|strict COMMAND...: the command under that seccomp profile and nothing else.
 * with-filter listener COMMAND...: under a filter that allows everything, whose listener stays open.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox/filter.h"

static int load_listener(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct filter f = {.asking = &allow, .len = 1};
	int fd = filter_load_asking(&f);

	return fd < 0 ? -1 : fcntl(fd, F_SETFD, 0);
}

int main(int argc, char **argv)
{
	struct filter f;
	struct err e = ERR_INIT;
	char line[1024];

	if (argc < 3) {
		fprintf(stderr, "usage: with-filter default|strict|listener COMMAND...\n");
		return 2;
	}
	if (filter_get(strcmp(argv[1], "strict") == 0 ? SECCOMP_STRICT : SECCOMP_DEFAULT, &f, &e)) {
		fprintf(stderr, "with-filter: %s\n", err_render(&e, line, sizeof line));
		return 125;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    (strcmp(argv[1], "listener") == 0 ? load_listener() : filter_load(&f))) {
		perror("with-filter: cannot load the filter");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
