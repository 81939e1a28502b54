/* SPDX-License-Identifier: Apache-2.0 */
/* See json-read.h. Strings are copied into the arena so that the JSON tree can go at once. */
#include "gpu/json-read.h"

#include <stdarg.h>
#include <string.h>

enum { STRING_MAX = 4096 };

void json_read_bad(struct json_read *r, const char *what, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	(void)err_bad(r->e, "request", "%s: %s", what, text);
}

static bool is_listed(const char *keys, const char *key)
{
	size_t n = strlen(key);

	for (const char *at = keys; *at; at += strcspn(at, " "), at += *at == ' ')
		if (strcspn(at, " ") == n && memcmp(at, key, n) == 0)
			return true;
	return false;
}

void json_read_keys(struct json_read *r, const json_t *object, const char *what, const char *keys)
{
	if (!json_is_object(object)) {
		json_read_bad(r, what, "expected an object");
		return;
	}
	for (void *i = json_object_iter((json_t *)(uintptr_t)object); i;
	     i = json_object_iter_next((json_t *)(uintptr_t)object, i))
		if (!is_listed(keys, json_object_iter_key(i)))
			json_read_bad(r, what, "unknown member '%.60s'", json_object_iter_key(i));
}

const char *json_read_string_or(struct json_read *r, const json_t *object, const char *key,
				const char *otherwise)
{
	const json_t *v = json_object_get(object, key);

	if (!v)
		return otherwise;
	if (!json_is_string(v) || json_string_length(v) > STRING_MAX ||
	    strlen(json_string_value(v)) != json_string_length(v)) {
		json_read_bad(r, key, "expected a string of at most %d bytes without zeros",
			      STRING_MAX);
		return otherwise;
	}
	return arena_strdup(r->arena, json_string_value(v));
}

const char *json_read_string(struct json_read *r, const json_t *object, const char *key)
{
	const char *s = json_read_string_or(r, object, key, NULL);

	if (!s || s[0] == '\0')
		json_read_bad(r, key, "expected a string");
	return s && s[0] ? s : "?";
}

static uint64_t count(struct json_read *r, const json_t *v, const char *key, uint64_t min,
		      uint64_t max)
{
	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		uint64_t n = (uint64_t)json_integer_value(v);
		if (n >= min && n <= max)
			return n;
	}
	json_read_bad(r, key, "expected an integer from %llu to %llu", (unsigned long long)min,
		      (unsigned long long)max);
	return min;
}

uint64_t json_read_count(struct json_read *r, const json_t *object, const char *key, uint64_t min,
			 uint64_t max)
{
	return count(r, json_object_get(object, key), key, min, max);
}

uint64_t json_read_count_or(struct json_read *r, const json_t *object, const char *key,
			    uint64_t max, uint64_t otherwise)
{
	const json_t *v = json_object_get(object, key);
	return v ? count(r, v, key, 0, max) : otherwise;
}

bool json_read_bool(struct json_read *r, const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (v && !json_is_boolean(v))
		json_read_bad(r, key, "expected true or false");
	return json_is_true(v);
}

const json_t *json_read_array(struct json_read *r, const json_t *object, const char *key,
			      size_t max)
{
	const json_t *v = json_object_get(object, key);

	if (!v)
		return NULL;
	if (!json_is_array(v) || json_array_size(v) > max) {
		json_read_bad(r, key, "expected an array of at most %zu entries", max);
		return NULL;
	}
	return v;
}
