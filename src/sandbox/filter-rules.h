/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiles' tables as data: the rows of filter-default.def and filter-strict.def. For the
 * compiler of filters (filter-build.c) and its test; everything else uses filter.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job/spec.h"
#include "sandbox/filter.h"

/* The action of a row that lets the call through; any other value is the errno of a refusal. */
enum { FILTER_ALLOW = 0 };

enum filter_match {
	MATCH_ALWAYS, /* the row decides the call alone, whatever its arguments are */
	MATCH_MASKED, /* when (argument & mask) == value in each of the tests */
	MATCH_REST,   /* when no MATCH_MASKED row of the same call does */
};

/*
 * mask is 32 bits wide on purpose: the kernel takes these arguments as int, so whatever a job
 * puts into the upper half of the register must not change the answer.
 */
struct filter_test {
	unsigned arg;
	uint32_t mask, value;
};

enum { FILTER_TESTS = 2 };

/*
 * The name stands in the row: as a pointer each would have to be relocated, in every launch, in tables
 * that only the making of a filter reads. No system call has one as long as this.
 */
enum { FILTER_NAME = 28 };

struct filter_rule {
	char name[FILTER_NAME];
	int action;
	enum filter_match match;
	unsigned test_count; /* all of them must hold */
	struct filter_test tests[FILTER_TESTS];
};

/* Names the row. A name that is too long is no call's, and neither is the empty one that it gets then. */
void filter_rule_name(struct filter_rule *r, const char *name);

struct filter_profile {
	const struct filter_rule *rules;
	size_t count;
	int otherwise; /* errno for the calls that no row names, or FILTER_KILL */
	bool
	    foreign_passes; /* calls of other architectures are let through instead of killed for */
};

enum {
	FILTER_KILL = -1,
	FILTER_TRAP = -3, /* SIGSYS, which a handler can catch */
};

/*
 * With an errno, in a row without conditions: refused by the kernel alone. For what the C library
 * tries all the time, and which is worth neither a line in the report nor the time of asking.
 */
enum { FILTER_QUIET = 0x8000 };

/* NULL for SECCOMP_NONE and SECCOMP_FILE. */
const struct filter_profile *filter_profile(enum spec_seccomp profile);

/* The rows of filter-second.def. */
const struct filter_rule *filter_second_rules(enum filter_second which, size_t *ret_count);

/* The kernel's word for an action: FILTER_ALLOW, FILTER_KILL, FILTER_TRAP or an errno. */
uint32_t filter_action(int action);

/*
 * f is libseccomp's program of the profile's conditional rows; this makes it the program of the
 * whole profile (filter-front.c).
 */
int filter_front(const struct filter_profile *p, struct filter *f, struct err *e);

/* The program of any profile, by libseccomp. Its names that this machine or libseccomp lacks are left out. */
int filter_compile_rules(const struct filter_profile *p, struct filter *ret, struct err *e);
