/* SPDX-License-Identifier: Apache-2.0 */
/* The members of the report; private to src/report. Every function returns a new reference. */
#pragma once

#include <jansson.h>

#include "report/report.h"

/* kept: where the parts are kept that do not change; NULL makes all of them anew. */
json_t *report_build(const struct report_facts *f, struct report *kept);
json_t *part_limits(const struct plan *plan);
json_t *part_sandbox(const struct report_facts *f);
/* One refused call: name, number, arch, args. */
json_t *part_call(const struct denied_row *row);
json_t *part_denied(const struct denied *d);
json_t *part_gpu(const struct report_facts *f);
/* Which GPUs the job was given, and why those. */
json_t *part_gpu_choice(const struct report_facts *f);
/* What the Vulkan layer says, into the member "gpu". */
void part_layer(json_t *o, const struct report_facts *f);
/* The highest of the readings, each number for itself. */
json_t *part_peak(const json_t *budgets);
/* What drivers told from outside of the job, into the member "gpu"; and their errors, into a list of events. */
void part_observed(json_t *to, const struct observed *seen);
void part_gpu_errors(const struct observed *seen, json_t *list);
/* The times in a list of claims, from the system's clock to the time since the launch. */
json_t *part_since_launch(json_t *list, uint64_t launch_ns);

/* A string of any bytes as a JSON string (or null). */
json_t *part_string(const char *s);
