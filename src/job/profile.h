/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile files: which system calls a job may make, vkjail-profile(5). Here they are rows of names; what
 * the kernel gets is made of them in src/sandbox.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { PROFILE_ALLOW = 0, PROFILE_KILL = -1 }; /* any other action is an errno */
enum { PROFILE_TESTS = 2 };

/* (argument & mask) == value, of the low 32 bits. */
struct profile_test {
	unsigned arg;
	uint32_t mask, value;
};

struct profile_rule {
	const char *call;
	int action;
	unsigned layer;      /* of one call the rules of the highest layer count */
	unsigned test_count; /* 0: whatever the arguments are */
	struct profile_test tests[PROFILE_TESTS];
	const char *where;
	bool grouped; /* from a group: need not exist on this machine */
};

struct profile {
	const char *file;
	int base; /* the built-in profile beneath, an enum spec_seccomp; -1: none was included */
	bool otherwise_given;
	int otherwise; /* for calls that nothing names */
	struct profile_rule *rules;
	size_t rule_count;
};

struct call_group {
	const char *name, *help, *calls; /* calls separated by spaces */
};

/* Ends with a row whose name is NULL. */
extern const struct call_group call_groups[];

/* Reads a profile file and what it includes. All of it is a's. 0, or -1 with *e. */
int profile_read(struct arena *a, const char *path, struct profile *ret, struct err *e);
