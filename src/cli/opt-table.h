/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options, between the files that read it and those that print it. */
#pragma once

#include "cli/opt.h"

enum opt_group { GROUP_JOB, GROUP_LIMITS, GROUP_SANDBOX, GROUP_REPORT };
enum { GROUP_COUNT = 4 };

enum {
	IN_RUN = 1 << OPT_RUN,
	IN_PLAN = 1 << OPT_PLAN,
	IN_DOCTOR = 1 << OPT_DOCTOR,
	IN_DEVICES = 1 << OPT_DEVICES,
	IN_LIST = 1 << OPT_LIST,
	IN_NEW = 1 << OPT_NEW,
	IN_JOB = IN_RUN | IN_PLAN,
	IN_ALL = IN_JOB | IN_DOCTOR | IN_DEVICES | IN_LIST | IN_NEW,
};

struct option_row {
	const char *flag; /* with its dashes: "--wall"; also what messages start with */
	char letter;      /* 0: none */
	const char *argument;
	enum opt_group group;
	unsigned commands;
	int (*set)(struct options *o, const struct option_row *row, const char *value,
		   struct err *e);
	int limit; /* which one set_limit sets */
	const char *help;
};

/* Ends with a row whose flag is NULL. */
extern const struct option_row opt_table[];
