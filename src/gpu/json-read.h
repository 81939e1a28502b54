/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked access to JSON: each getter names the place when a member is missing, of another type or
 * out of range. The first problem stays; later getters then do nothing, so callers check once.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct json_read {
	struct arena *arena;
	struct err *e;
	bool failed;
};

/* text is about `what`; always returns NULL/0 through the caller. */
void json_read_bad(struct json_read *r, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The object may have these members only (space-separated list). */
void json_read_keys(struct json_read *r, const json_t *object, const char *what, const char *keys);

const char *json_read_string(struct json_read *r, const json_t *object,
			     const char *key); /* must be there */
const char *json_read_string_or(struct json_read *r, const json_t *object, const char *key,
				const char *otherwise);
uint64_t json_read_count(struct json_read *r, const json_t *object, const char *key, uint64_t min,
			 uint64_t max);
uint64_t json_read_count_or(struct json_read *r, const json_t *object, const char *key,
			    uint64_t max, uint64_t otherwise);
bool json_read_bool(struct json_read *r, const json_t *object, const char *key); /* absent: false */
/* An array of at most max entries; NULL (and 0 entries) when absent. */
const json_t *json_read_array(struct json_read *r, const json_t *object, const char *key,
			      size_t max);
