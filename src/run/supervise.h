/* SPDX-License-Identifier: Apache-2.0 */
/* One job from spec to report: the whole story, called by the commands. Prints nothing. */
#pragma once

#include "report/report.h"
#include "watch/watch.h"

struct run_result {
	struct outcome outcome;
	struct err err;         /* what prevented the run; kind ERR_NONE when it took place */
	char report_path[4096]; /* where the report is; "" when it is not in a file */
	struct err report_err;  /* the report could not be written; ERR_NONE otherwise */
	char *report_text;      /* then: its text, for stderr; owned */
	const char *
	    refused; /* the system calls that the filter refused, in one line; NULL: none. Of the arena */
	const char **warnings; /* of the plan; owned by the arena */
	size_t warning_count;
	struct arena arena;
};

/* For a helper program: what it writes to stdout, instead of to ours. */
struct capture {
	int fd; /* a memfd; owned by the caller */
};

/* Who wants to see how far a compute job is; p is NULL once it is over. Must not block. */
struct progress_hook {
	void (*show)(void *show_arg, const struct watch_progress *p);
	void *show_arg;
};

/*
 * Runs the job and waits for its end. Always fills *ret (free with run_result_done); the exit status
 * is ret->outcome.exit_status. capture and hook may be NULL.
 */
void supervise(const struct spec *spec, const struct host *host, const struct capture *capture,
	       const struct progress_hook *hook, struct run_result *ret);

/*
 * The report of a job that is refused for what is written in its file or on the command line. *why
 * says what is wrong.
 */
void supervise_refused(struct spec *spec, const struct host *host, const struct err *why,
		       struct run_result *ret);
void run_result_done(struct run_result *r);
