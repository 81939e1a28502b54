/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new root while it is planned: what stands in it already, what may be made where, and what is
 * found behind a path. Each thing made is a step.
 */
#include "plan/tree.h"

#include <string.h>
#include <sys/stat.h>

#include "job/names.h"

bool path_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 &&
	       (path[n] == '/' || path[n] == '\0' || (n == 1 && dir[0] == '/'));
}

bool tree_has(const struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->made_count; i++)
		if (strcmp(t->made[i].path, path) == 0)
			return true;
	return false;
}

void tree_note(struct tree *t, const char *path, enum made_kind kind)
{
	t->made = arena_grow(&t->plan->arena, t->made, t->made_count, sizeof *t->made);
	t->made[t->made_count].path = path;
	t->made[t->made_count++].kind = kind;
}

/* Lies in a bound tree of the host, where nothing can be made. The mount planned last decides. */
bool tree_is_foreign(const struct tree *t, const char *path)
{
	for (size_t i = t->made_count; i-- > 0;)
		if ((t->made[i].kind == MADE_BIND || t->made[i].kind == MADE_TMPFS) &&
		    path_is_below(path, t->made[i].path))
			return t->made[i].kind == MADE_BIND;
	return false;
}

/*
 * Every directory above it was made by us, none is a link or part of a bound tree: the child can use
 * the path as it is, nobody can have put a symbolic link in its way.
 */
unsigned tree_own_flag(const struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->made_count; i++)
		if (t->made[i].kind != MADE_DIRECTORY && path_is_below(path, t->made[i].path) &&
		    strcmp(path, t->made[i].path) != 0)
			return 0;
	return STEP_OWN;
}

void tree_directory(struct tree *t, const char *path, mode_t mode)
{
	if (tree_has(t, path) || strcmp(path, "/") == 0)
		return;
	struct step *s = plan_step(t->plan, STEP_DIRECTORY);
	s->target = path + 1;
	s->mode = mode;
	s->flags = tree_own_flag(t, path);
	tree_note(t, path, MADE_DIRECTORY);
}

void tree_parents(struct tree *t, const char *target)
{
	for (const char *slash = strchr(target + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		const char *parent = arena_strndup(&t->plan->arena, target,
						   (size_t)(slash - target));
		if (!tree_is_foreign(t, parent))
			tree_directory(t, parent, 0555);
	}
}

enum { KIND_NOTHING, KIND_FILE, KIND_DIRECTORY, KIND_LINK };

/* Where on the host the path of a bound tree lies. */
static const char *behind(const struct tree *t, const char *path)
{
	const struct plan *p = t->plan;

	for (size_t i = p->step_count; i-- > 0;) {
		const struct step *s = &p->steps[i];
		if (s->op == STEP_BIND && path_is_below(path + 1, s->target))
			return arena_printf(&t->plan->arena, "%s%s", s->source,
					    path + 1 + strlen(s->target));
	}
	return path;
}

/* What stands at target by now; -1 when there is nothing and nothing can be made there. */
static int kind_of(const struct tree *t, const char *target)
{
	struct stat st;

	if (tree_is_foreign(t, target)) {
		/* Inside a bound tree nothing can be made; what is mounted on must be there. */
		if (stat(behind(t, target), &st) < 0)
			return -1;
		return S_ISDIR(st.st_mode) ? KIND_DIRECTORY : KIND_FILE;
	}
	for (size_t i = 0; i < t->made_count; i++)
		if (strcmp(t->made[i].path, target) == 0)
			return t->made[i].kind == MADE_LINK   ? KIND_LINK
			       : t->made[i].kind == MADE_FILE ? KIND_FILE
							      : KIND_DIRECTORY;
	return KIND_NOTHING;
}

int tree_target(struct tree *t, const char *target, bool directory, const char *where,
		struct err *e)
{
	struct arena *a = &t->plan->arena;

	tree_parents(t, target);
	int there = kind_of(t, target);
	if (there < 0) {
		(void)err_bad(e, where,
			      "the target '%s' does not exist and lies in a read-only directory",
			      target);
		return err_hint(e,
				"mount on an existing path, or outside of the bound directories");
	}
	if (there == (directory ? KIND_FILE : KIND_DIRECTORY))
		return err_bad(
		    e, where,
		    directory
			? "the target '%s' is a file, but what is to be mounted there is a directory"
			: "the target '%s' is a directory, but what is to be mounted there is a file",
		    target);
	if (there != KIND_NOTHING)
		return 0;
	if (directory) {
		tree_directory(t, arena_strdup(a, target), 0555);
	} else {
		struct step *s = plan_step(t->plan, STEP_FILE);
		s->target = arena_strdup(a, target + 1);
		s->mode = 0444;
		s->flags = tree_own_flag(t, target);
		tree_note(t, arena_strdup(a, target), MADE_FILE);
	}
	return 0;
}

void tree_bind(struct tree *t, const char *source, const char *target, unsigned flags)
{
	struct step *s = plan_step(t->plan, STEP_BIND);
	s->source = arena_strdup(&t->plan->arena, source);
	s->target = arena_strdup(&t->plan->arena, target + 1);
	s->flags = flags | tree_own_flag(t, target);
	tree_note(t, arena_strdup(&t->plan->arena, target), MADE_BIND);
}

/* Through the links that the new root has, such as /bin: what lies behind them is planned by its own name. */
const char *tree_follow(const struct tree *t, const char *target)
{
	struct arena *a = &t->plan->arena;

	for (size_t i = 0; i < t->plan->step_count; i++) {
		const struct step *s = &t->plan->steps[i];
		const char *link = s->op == STEP_SYMLINK ? arena_printf(a, "/%s", s->target) : NULL;
		if (!link || !path_is_below(target, link))
			continue;
		const char *rest = target + strlen(link);
		const char *to = s->source[0] == '/' ? s->source
						     : arena_printf(a, "%s/../%s", link, s->source);
		return path_normal(a, arena_printf(a, "%s%s", to, rest));
	}
	return target;
}
