/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing; entries behind a taken one move up, so nothing is left behind. */
#include "layer/map.h"

#include <stdlib.h>

enum { FIRST_SIZE = 64 };

struct map_slot {
	uint64_t key; /* 0: free */
	void *value;
};

/* Handles are pointers or counters: the low bits alone would collide. */
static size_t home_of(const struct map *m, uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (m->size - 1);
}

static size_t find(const struct map *m, uint64_t key)
{
	size_t at = home_of(m, key);

	while (m->slots[at].key && m->slots[at].key != key)
		at = (at + 1) & (m->size - 1);
	return at;
}

void *map_get(const struct map *m, uint64_t key)
{
	if (!m->count || !key)
		return NULL;
	return m->slots[find(m, key)].value;
}

static int grow(struct map *m)
{
	size_t size = m->size ? m->size * 2 : FIRST_SIZE;
	struct map bigger = {.slots = calloc(size, sizeof *bigger.slots), .size = size};

	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < m->size; i++)
		if (m->slots[i].key)
			bigger.slots[find(&bigger, m->slots[i].key)] = m->slots[i];
	bigger.count = m->count;
	free(m->slots);
	*m = bigger;
	return 0;
}

int map_reserve(struct map *m, size_t more)
{
	while ((m->count + more) * 2 > m->size)
		if (grow(m) < 0)
			return -1;
	return 0;
}

int map_put(struct map *m, uint64_t key, void *value)
{
	if (map_reserve(m, 1) < 0)
		return -1;
	size_t at = find(m, key);
	if (!m->slots[at].key)
		m->count++;
	m->slots[at] = (struct map_slot){.key = key, .value = value};
	return 0;
}

void *map_take(struct map *m, uint64_t key)
{
	if (!m->count || !key)
		return NULL;
	size_t hole = find(m, key), mask = m->size - 1;
	void *value = m->slots[hole].value;

	if (!m->slots[hole].key)
		return NULL;
	m->slots[hole] = (struct map_slot){0};
	m->count--;
	for (size_t at = (hole + 1) & mask; m->slots[at].key; at = (at + 1) & mask) {
		size_t home = home_of(m, m->slots[at].key);
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		m->slots[hole] = m->slots[at];
		m->slots[at] = (struct map_slot){0};
		hole = at;
	}
	return value;
}

void *map_next(const struct map *m, size_t *at)
{
	while (*at < m->size) {
		size_t i = (*at)++;
		if (m->slots[i].key)
			return m->slots[i].value;
	}
	return NULL;
}

void map_done(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}
