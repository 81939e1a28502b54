/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attack NAME [ARG...]: tries it. Exit status 0: it got something, in a line on stdout; 1: nothing;
 * 2: it cannot be tried here. Killed by a signal counts as nothing as well.
 */
#include "attack.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void got(const char *what, ...)
{
	va_list ap;

	(void)printf("got ");
	va_start(ap, what);
	(void)vprintf(what, ap);
	va_end(ap);
	(void)printf("\n");
	exit(0);
}

_Noreturn void nothing(const char *call)
{
	(void)printf("nothing: %s: %s\n", call, errno ? strerrorname_np(errno) : "no effect");
	exit(1);
}

_Noreturn void cannot(const char *why)
{
	(void)printf("cannot be tried: %s\n", why);
	exit(2);
}

static void attempt(const struct attack *table, char **argv)
{
	for (const struct attack *a = table; a->name; a++)
		if (strcmp(a->name, argv[1]) == 0)
			a->attempt(argv + 2);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		(void)setvbuf(stdout, NULL, _IOLBF, 0);
		errno = 0;
		attempt(attacks_files, argv);
		attempt(attacks_kernel, argv);
		attempt(attacks_others, argv);
	}
	(void)fprintf(stderr, "usage: attack NAME [ARG...]\n");
	return 3;
}
