/* SPDX-License-Identifier: Apache-2.0 */
/* See series.h. The readings are claims: any member may be missing, and time may run backwards. */
#include "watch/series.h"

#include <string.h>

static bool is_sample(const json_t *reading)
{
	const char *at = json_string_value(json_object_get(reading, "at"));
	return at && strcmp(at, "sample") == 0;
}

static json_int_t time_of(const json_t *reading)
{
	return json_integer_value(json_object_get(reading, "t_ns"));
}

/* to[key] becomes the higher (or lower) of the two; a member that only one has stays out of it. */
static void keep(json_t *to, const json_t *from, const char *key, bool highest)
{
	const json_t *a = json_object_get(to, key), *b = json_object_get(from, key);

	if (a && b && (json_integer_value(b) > json_integer_value(a)) == highest)
		(void)json_object_set_new(to, key, json_integer(json_integer_value(b)));
}

/* What `from` had that `into`, which comes later, has not. */
static void merge(json_t *into, const json_t *from)
{
	const json_t *old = json_object_get(from, "heaps");
	json_t *heaps = json_object_get(into, "heaps");

	keep(into, from, "allocated", true);
	for (size_t i = 0; i < json_array_size(heaps) && i < json_array_size(old); i++) {
		keep(json_array_get(heaps, i), json_array_get(old, i), "usage", true);
		keep(json_array_get(heaps, i), json_array_get(old, i), "budget", false);
	}
}

static void halve(json_t *list, uint64_t *interval_ns)
{
	for (size_t i = 0; i + 1 < json_array_size(list); i++) {
		const json_t *first = json_array_get(list, i);
		if (!is_sample(first) || !is_sample(json_array_get(list, i + 1)))
			continue;
		merge(json_array_get(list, i + 1), first);
		(void)json_array_remove(list, i);
	}
	size_t left = json_array_size(list);
	json_int_t span = time_of(json_array_get(list, left - 1)) -
			  time_of(json_array_get(list, 0));
	*interval_ns = span > 0 ? (uint64_t)span / left : 0;
}

bool series_add(json_t *list, json_t *reading, uint64_t *interval_ns)
{
	size_t count = json_array_size(list);
	const json_t *last = count ? json_array_get(list, count - 1) : NULL;

	/* A quarter less: samples come late rather than early, so every second one would be lost. */
	if (is_sample(reading) && is_sample(last)) {
		json_int_t since = time_of(reading) - time_of(last);
		if (since >= 0 && (uint64_t)since < *interval_ns - *interval_ns / 4) {
			/* Its own time would move the last one on and on; only the peaks are taken. */
			json_t *kept = json_array_get(list, count - 1);
			merge(kept, reading);
			json_decref(reading);
			return true;
		}
	}
	if (count >= SERIES_MAX)
		halve(list, interval_ns);
	if (json_array_size(list) < SERIES_MAX)
		return json_array_append_new(list, reading) == 0;
	json_decref(reading);
	return false;
}
