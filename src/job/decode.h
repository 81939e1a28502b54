/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes -> values, by tables. Every message starts with file, line and path of the value it is
 * about. What the values mean together is spec's business.
 */
#pragma once

#include "base/auto.h"
#include "job/doc.h"
#include "job/spec.h"

enum { DECODE_WHERE = 320 };

struct decode {
	struct spec *spec;
	const char *name; /* of the file, for messages */
	struct err *e;
};

/*
 * One key of a map. read gets the address of its member (object + offset) and arg from the row;
 * rows with offset 0 and a reader of their own get the whole object.
 */
struct field {
	const char *key;
	int (*read)(struct decode *d, const struct node *n, void *member, const void *arg);
	size_t offset;
	const void *arg;
};

/* Fails at n. Always -1. */
int decode_bad(const struct decode *d, const struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A copy of where n stands, owned by the spec. */
const char *decode_where(struct decode *d, const struct node *n);

int decode_expect(const struct decode *d, const struct node *n, enum node_kind kind,
		  const char *expected);
int decode_unknown_key(const struct decode *d, const struct node *n, const char *const *known);

/* Reads each key of a map with its row; unknown keys fail and name the nearest known one. */
int decode_map(struct decode *d, const struct node *n, const struct field *fields, size_t count,
	       void *object);

/* The child with that key, or NULL. */
const struct node *decode_find(const struct node *map, const char *key);

bool decode_is_null(const struct node *n);

/* Readers for tables. The member's type and the meaning of arg are said at each. */
int read_text(struct decode *d, const struct node *n, void *member,
	      const void *arg); /* const char *; not empty */
int read_path(struct decode *d, const struct node *n, void *member,
	      const void *arg); /* const char *; as written */
int read_bool(struct decode *d, const struct node *n, void *member, const void *arg); /* bool */
int read_choice(struct decode *d, const struct node *n, void *member,
		const void *arg); /* an enum; arg: its names, NULL-terminated */

/* Text that may be empty; numbers and booleans count as the text they are written as, null does not. */
int decode_any_text(const struct decode *d, const struct node *n, const char **ret);

/* A whole number from min to max. */
int decode_integer(const struct decode *d, const struct node *n, uint64_t min, uint64_t max,
		   uint64_t *ret);

/* A number, true or false; finite, in the range of type unless that is TYPE_NONE. */
int decode_number(const struct decode *d, const struct node *n, enum compute_type type,
		  struct compute_number *ret);
int decode_number_check(const struct decode *d, const struct node *n,
			const struct compute_number *number);

/* The index of s in names, or -1. */
int choice_find(const char *const *names, const char *s);

/* "'none' or 'host'", "'a', 'b' or 'c'" */
const char *choice_list(const char *const *names, char *buf, size_t size);
