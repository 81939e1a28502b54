/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report: one JSON object, schema/report-v1.schema.json, vkjail-report(5). It is written when
 * the job starts ("running") and again when all is over ("done"), each time whole.
 */
#pragma once

#include "base/atomic.h"
#include "host/host.h"
#include "report/verdict.h"

struct json_t;
struct denied;

enum report_target { REPORT_NONE, REPORT_STDOUT, REPORT_FILE };

struct report {
	enum report_target target;
	struct atomic_file file;
	char path[4096]; /* expanded */
	bool durable;
	/* What stands in both versions, made while the job runs; owned. NULL: not made yet. */
	struct json_t *job, *limits, *sandbox, *host;
};

/* Everything that a report tells about; members may be NULL when things did not get that far. */
struct report_facts {
	const struct spec *spec;
	const struct host *host;
	const struct plan *plan;
	const struct observed *seen;
	const struct claims *claims;
	const struct telemetry *telemetry; /* of a command */
	const struct outcome *outcome;     /* NULL: the job is running */
};

/*
 * Expands %n %j %h %p %% in the spec's report path and checks that the report can be written there.
 */
int report_open(struct report *r, const struct spec *spec, const struct host *host, struct err *e);

/*
 * Writes this state of the report. On failure the text of the report is in *ret_text (malloc'ed, for
 * stderr; else NULL). A running report goes to a file only.
 */
int report_write(struct report *r, const struct report_facts *facts, char **ret_text,
		 struct err *e);
void report_done(struct report *r);

/* The refused calls as one line for people, "mount (3), unshare": the most frequent ones. Returns how many there are. */
struct refused_names {
	char text[400];
};
unsigned denied_names(const struct denied *d, struct refused_names *ret);

/* For `vkjail plan --json`: the parts of a report that a plan alone can tell. A new reference. */
struct json_t *report_of_plan(const struct report_facts *facts);
