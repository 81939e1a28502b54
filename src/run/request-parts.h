/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that write the request; nobody else needs it. */
#pragma once

#include <jansson.h>

#include "run/request.h"

void request_set_string(json_t *o, const char *key, const char *s);
json_t *request_number(const struct compute_number *n);
/* A buffer, or a file that is read like one; appended to the list. */
int request_add_buffer(struct request *r, json_t *list, const struct compute_buffer *b,
		       struct err *e);
/* count steps, nested as they are in groups; request-steps.c. */
int request_add_steps(struct request *r, json_t *list, const struct compute_step *steps,
		      size_t count, struct err *e);
