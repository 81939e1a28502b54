/* SPDX-License-Identifier: Apache-2.0 */
/* The small things that the layer's frame and its timing both need. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include <vulkan/vulkan_core.h>

/* CLOCK_MONOTONIC */
static inline uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The larger one stays. */
static inline void word_max(_Atomic uint64_t *word, uint64_t value)
{
	uint64_t old = atomic_load_explicit(word, memory_order_relaxed);

	while (value > old && !atomic_compare_exchange_weak_explicit(
				  word, &old, value, memory_order_relaxed, memory_order_relaxed))
		;
}

/* The smaller one stays; 0 is none. */
static inline void word_min(_Atomic uint64_t *word, uint64_t value)
{
	uint64_t old = atomic_load_explicit(word, memory_order_relaxed);

	while ((old == 0 || value < old) &&
	       !atomic_compare_exchange_weak_explicit(word, &old, value, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

/* The structure of that type in a pNext chain, or NULL. */
static inline const void *chain_find(const void *next, VkStructureType type)
{
	for (const VkBaseInStructure *s = next; s; s = s->pNext)
		if (s->sType == type)
			return s;
	return NULL;
}

/* FNV-1a, for the tables of function names. */
static inline uint32_t name_hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h;
}
