/* SPDX-License-Identifier: Apache-2.0 */
/*
 * try-syscall NAME|NUMBER[,ARG...]...
 * Makes each call with the given numbers as arguments (0 where absent) and prints "NAME: ok" or
 * "NAME: ERRNO". Without arguments most calls fail inside the kernel (EFAULT, EBADF, EINVAL), which
 * tells them from those that a filter refuses.
 */
#include <seccomp.h>
#include <unistd.h>

#include "helpers/args.h"

int main(int argc, char **argv)
{
	if (argc < 2)
		usage("try-syscall NAME|NUMBER[,ARG...]...");
	for (int i = 1; i < argc; i++) {
		char *rest = argv[i];
		const char *name = strsep(&rest, ",");
		long args[6] = {0};
		for (size_t n = 0; rest && n < 6; n++)
			args[n] = (long)number(strsep(&rest, ","));
		long nr = seccomp_syscall_resolve_name(name);
		if (nr < 0)
			nr = (long)number(name);
		long r = syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
		printf("%s: %s\n", name, r == -1 ? strerrorname_np(errno) : "ok");
		(void)fflush(stdout);
	}
	return 0;
}
