/* SPDX-License-Identifier: Apache-2.0 */
/* The new root while it is planned: what stands in it already. Paths are absolute, without "..". Private to src/plan. */
#pragma once

#include "plan/plan.h"

enum made_kind { MADE_DIRECTORY, MADE_FILE, MADE_LINK, MADE_BIND, MADE_TMPFS };

struct tree {
	struct plan *plan;
	const struct host *host;
	const char *
	    home; /* the home directory without '..' and links of the new root; "" when there is none */
	off_t copy_max; /* a file up to this size is copied rather than bound; bytes */
	/* What already stands in the new root, so that nothing is made twice. */
	struct {
		const char *path;
		enum made_kind kind;
	} * made;
	size_t made_count;
};

/* path is dir or lies somewhere below it. */
bool path_is_below(const char *path, const char *dir);

/* Something was made at exactly this path. */
bool tree_has(const struct tree *t, const char *path);
void tree_note(struct tree *t, const char *path, enum made_kind kind);

/* Lies in a bound tree of the host, where nothing can be made. */
bool tree_is_foreign(const struct tree *t, const char *path);

/* STEP_OWN when the child can use the path as it is, else 0. */
unsigned tree_own_flag(const struct tree *t, const char *path);

/* A directory of the new root's own, unless it is there; its parents must be. */
void tree_directory(struct tree *t, const char *path, mode_t mode);

/* The missing directories above target. */
void tree_parents(struct tree *t, const char *target);

/* Makes what is missing to mount on target, a directory or a file. where names the place that asks for it, for messages. */
int tree_target(struct tree *t, const char *target, bool directory, const char *where,
		struct err *e);
void tree_bind(struct tree *t, const char *source, const char *target, unsigned flags);

/* Through the links that the new root has, such as /bin: what lies behind them is planned by its own name. */
const char *tree_follow(const struct tree *t, const char *target);
