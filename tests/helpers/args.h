/* SPDX-License-Identifier: Apache-2.0 */
/* What the helper programs share: numbers from the command line, a line on stdout at once. */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline _Noreturn void usage(const char *text)
{
	fprintf(stderr, "usage: %s\n", text);
	exit(2);
}

/* A number with an optional K, M or G (powers of 1024). */
static inline uint64_t number(const char *text)
{
	char *end = NULL;
	errno = 0;
	uint64_t n = strtoull(text, &end, 0);
	unsigned shift = 0;
	if (*end == 'K')
		shift = 10;
	else if (*end == 'M')
		shift = 20;
	else if (*end == 'G')
		shift = 30;
	end += shift != 0;
	if (errno || end == text || *end) {
		fprintf(stderr, "not a number: '%s'\n", text);
		exit(2);
	}
	return n << shift;
}

/* Tests wait for such a line, so it must not stay in a buffer. */
static inline void say(const char *text)
{
	puts(text);
	if (fflush(stdout) != 0)
		exit(3);
}
