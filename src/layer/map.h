/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From Vulkan handles to what the layer knows about them. Not locked: whoever owns a map guards
 * it. 0 is no key, as VK_NULL_HANDLE is no handle.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct map {
	struct map_slot *slots; /* power of two, NULL while empty */
	size_t size, count;
};

void *map_get(const struct map *m, uint64_t key);
/* Makes room, so that so many new keys find some. 0, or -1 when there is no memory. */
int map_reserve(struct map *m, size_t more);
/* 0, or -1 when there is no memory: then nothing has changed. A key that is there is replaced. */
int map_put(struct map *m, uint64_t key, void *value);
/* What was there, or NULL. */
void *map_take(struct map *m, uint64_t key);
/* The next entry at or after *at, NULL at the end; *at is moved behind it. Start with 0. */
void *map_next(const struct map *m, size_t *at);
void map_done(struct map *m);
