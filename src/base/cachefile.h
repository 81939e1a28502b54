/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry of the cache: a header with what it is and for which key, data, and a hash over all, so
 * that what is torn, damaged or of another version counts as not there.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum cache_kind { CACHE_SPIRV, CACHE_PIPELINES, CACHE_KINDS };

enum {
	CACHE_KEY_BYTES = 32,
	CACHE_DATA_MAX = 32 << 20,
	CACHE_FILE_MAX = CACHE_DATA_MAX + 128, /* with the header */
};

struct cache_id {
	enum cache_kind kind;
	uint8_t key[CACHE_KEY_BYTES];
};

/* Writes the entry at the descriptor's start. 0, or -1 with errno set. */
int cachefile_put(int fd, const struct cache_id *id, const void *data, size_t size);
/* The data, malloc'ed, or NULL when there is no whole entry of this kind and key. */
void *cachefile_get(int fd, const struct cache_id *id, size_t *ret_size);
