/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacks that tests/t/62*.t run: each is a small program that tries to get something, outside
 * (where it must succeed, so that the try is known to be a good one) and in the sandbox.
 */
#pragma once

#include <stddef.h>

/* Ends the program: what it got, that it got nothing (with errno's name), or why it cannot be tried here. */
_Noreturn void got(const char *what, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void nothing(const char *call);
_Noreturn void cannot(const char *why);

struct attack {
	const char *name;
	void (*attempt)(char **args); /* never returns well: got, nothing or cannot */
};

/* attack-files.c, attack-kernel.c, attack-others.c; each ends in a row without a name. */
extern const struct attack attacks_files[], attacks_kernel[], attacks_others[];
