/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options: one table for reading them, for --help and for completion. Prints only what it is
 * asked to; errors are returned.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "job/spec.h"

enum opt_command { OPT_RUN, OPT_PLAN, OPT_DOCTOR, OPT_DEVICES, OPT_LIST, OPT_NEW };
enum { OPT_COMMANDS = 6 };

struct options {
	enum opt_command command; /* set by the caller before opt_parse */
	struct spec
	    spec; /* from the job file, then from flags; spec_finish is left to the caller */
	const char *job_file;  /* NULL, a path or "-" */
	const char *operand;   /* of 'vkjail list': what to list; of 'vkjail new': the kind; NULL */
	const char *directory; /* of 'vkjail new'; NULL */
	bool json;
	bool help; /* asked for: nothing else has been looked at */
};

/*
 * Reads "[options] [JOB.yaml] [-- CMD ARG...]", the arguments after the subcommand, and the job
 * file among them. o is zeroed but for command; opt_done is due whatever the result. argv is borrowed.
 */
int opt_parse(struct options *o, int argc, char **argv, struct err *e);
void opt_done(struct options *o);

/* Which subcommand a word is; -1: none. names is NULL-terminated, in the order of opt_command. */
int opt_command_find(const char *word);
extern const char *const opt_command_names[];

/* Help for one subcommand; NULL: for vkjail as a whole. */
void opt_print_help(FILE *f, const char *command);

/* A completion script for "bash" or "zsh". False: no such shell. */
bool opt_print_completion(FILE *f, const char *shell);
