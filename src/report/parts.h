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

/* A string of any bytes as a JSON string (or null). */
json_t *part_string(const char *s);
