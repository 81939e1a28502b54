/* SPDX-License-Identifier: Apache-2.0 */
/* {"key": "64 hex digits", "spirv": {"in": 7, "out": 8}, "pipelines": {"out": 9}} */
#include <string.h>

#include "gpu/request-parts.h"

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void read_key(struct json_read *r, const json_t *o, uint8_t key[static CACHE_KEY_BYTES])
{
	const char *text = json_read_string(r, o, "key");
	bool good = strlen(text) == 2 * CACHE_KEY_BYTES;

	for (size_t i = 0; good && i < CACHE_KEY_BYTES; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
		good = high >= 0 && low >= 0;
		key[i] = (uint8_t)(good ? high * 16 + low : 0);
	}
	if (!good)
		json_read_bad(r, "cache", "expected a key of %d hexadecimal digits",
			      2 * CACHE_KEY_BYTES);
}

static int read_fd(struct json_read *r, const json_t *o, const char *key)
{
	return json_object_get(o, key)
		   ? (int)json_read_count(r, o, key, REQUEST_FD_FIRST, REQUEST_FD_LAST)
		   : -1;
}

void request_read_cache(struct json_read *r, const json_t *root, struct request_cache *ret)
{
	static const char *const kinds[] = {
	    [CACHE_SPIRV] = "spirv", [CACHE_PIPELINES] = "pipelines"};
	const json_t *o = json_object_get(root, "cache");

	for (int i = 0; i < CACHE_KINDS; i++)
		ret->in[i] = ret->out[i] = -1;
	if (!o)
		return;
	json_read_keys(r, o, "cache", "key spirv pipelines");
	if (r->failed)
		return;
	read_key(r, o, ret->key);
	for (int i = 0; i < CACHE_KINDS && !r->failed; i++) {
		const json_t *part = json_object_get(o, kinds[i]);
		if (!part)
			continue;
		json_read_keys(r, part, kinds[i], "in out");
		ret->in[i] = read_fd(r, part, "in");
		ret->out[i] = read_fd(r, part, "out");
	}
	ret->on = !r->failed;
}
