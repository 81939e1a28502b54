/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job file as a tree: text -> nodes that know their line and their path. YAML, and JSON as the
 * part of it that it is. What a key means is decode's and spec's business, not this room's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool plain;       /* a scalar without quotes: only these can be numbers, booleans or null */
	unsigned line;    /* of the key for a value in a map */
	unsigned index;   /* in the parent */
	const char *key;  /* in a map; else NULL */
	const char *text; /* of a scalar: valid UTF-8, no NUL inside */
	const struct node *parent;
	struct node *first, *last, *next; /* children; next sibling */
	size_t count;                     /* of children */
};

#define NODE_EACH(child, parent_node) \
	for (const struct node *child = (parent_node)->first; child; child = child->next)

/*
 * Parses the one document in data. name is for messages. Refuses what is not text, more than
 * one document, aliases, tags, duplicate keys, keys that are no text, and everything above
 * bounds.def. Nodes live in a; *ret_root is NULL for a file in which there is nothing.
 */
int doc_parse(struct arena *a, const char *name, const char *data, size_t size,
	      const struct node **ret_root, struct err *e);

/* "jobs/blur.yaml:12: compute.steps[0].bind": where n stands. Returns buf. */
const char *doc_where(const char *name, const struct node *n, char *buf, size_t size);
