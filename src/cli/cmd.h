/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands: each returns the exit status of vkjail. */
#pragma once

#include "cli/opt.h"
#include "host/host.h"

enum { EXIT_VKJAIL = 125 }; /* wrong usage and our own failures, as env(1) and timeout(1) do */

int cmd_run(struct options *o, const struct host *host);
/* Tells about a run that *why prevents before it was planned, on stderr and in the report. */
int cmd_run_refused(struct options *o, const struct host *host, const struct err *why);
int cmd_plan(struct options *o, const struct host *host);
int cmd_doctor(struct options *o, const struct host *host);
int cmd_devices(struct options *o, const struct host *host);
int cmd_new(struct options *o, const struct host *host);
int cmd_list(struct options *o, const struct host *host);

struct json_t;
/*
 * Runs vkjail-probe in a sandbox with a deadline of its own. Returns its JSON (a new reference), or
 * NULL with *e.
 */
struct json_t *probe_devices(const struct host *host, const char *driver, struct err *e);
