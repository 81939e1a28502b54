/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One owner for many small pieces that live equally long (a spec, a plan). Out of memory ends the
 * program with one line: vkjail is short-lived and has not started a job while it uses arenas.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *head;
};

/* size zeroed bytes, aligned for any type. Never NULL. Freed by arena_done. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull, malloc));
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

/* Grows an array of count items to hold one more; returns the (possibly moved) array. */
void *arena_grow(struct arena *a, void *items, size_t count, size_t item_size)
    __attribute__((returns_nonnull));

/* Frees everything; the arena can be used again. */
void arena_done(struct arena *a);
