/* SPDX-License-Identifier: Apache-2.0 */
/* What the user has in the new root: the working directory, binds, tmpfs mounts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "job/names.h"
#include "plan/parts.h"

/* Directories that are private in the sandbox: a host directory can't be shown at exactly these. */
static const char *const private_paths[] = {"/",     "/tmp", "/run", "/dev", "/dev/shm",
					    "/proc", "/sys", "/etc", "/var"};

/* Absolute, relative to the caller's; "" when that one is unknown. */
static const char *working_directory(const struct tree *t, const struct spec *spec)
{
	struct arena *a = &t->plan->arena;

	if (!spec->workdir)
		return t->host->cwd;
	if (spec->workdir[0] == '/')
		return path_normal(a, spec->workdir);
	return t->host->cwd[0]
		   ? path_normal(a, arena_printf(a, "%s/%s", t->host->cwd, spec->workdir))
		   : "";
}

/* In something that the user mounts. */
static bool is_mounted(const struct spec *spec, const char *dir)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (path_is_below(dir, spec->mounts[i].target))
			return true;
	return false;
}

/*
 * The working directory. Shown read-only unless --writable; one that is itself private in the
 * sandbox, or the home directory, is not shown, because that would undo the hiding.
 */
static int add_workdir(struct tree *t, const struct spec *spec, const char *dir, struct err *e)
{
	struct plan *p = t->plan;
	const struct host *h = t->host;

	if (dir[0] == '\0') {
		(void)err_os(e, h->cwd_errno, NULL, "cannot tell the working directory");
		return err_hint(e, "change to an existing directory, or give one with --workdir");
	}
	p->workdir = arena_strdup(&p->arena, dir);
	struct stat st;
	if (stat(dir, &st) < 0) {
		/* What only the sandbox has need not exist on the host. */
		int os = errno;
		if (spec->workdir && (tree_has(t, dir) || is_mounted(spec, dir)))
			return 0;
		(void)err_os(e, os, dir, "cannot use the working directory");
		return spec->workdir ? err_as_bad(e) : -1;
	}
	if (!S_ISDIR(st.st_mode))
		return err_bad(e, dir, "the working directory is not a directory");
	bool hidden = t->home[0] && path_is_below(t->home, dir);
	for (size_t i = 0; i < COUNTOF(private_paths) && !hidden; i++)
		hidden = strcmp(dir, private_paths[i]) == 0;
	if (hidden) {
		plan_warn(
		    p,
		    "the working directory '%s' is private in the sandbox, so its files are not there; "
		    "start from a directory below it, or name what the job needs with --ro-bind or --bind",
		    dir);
		if (!tree_has(t, dir))
			tree_directory(t, p->workdir, 0555);
		return 0;
	}
	/* proc is the sandbox's own, never the host's. */
	if (tree_is_foreign(t, dir) && (!spec->writable || path_is_below(dir, "/proc")))
		return 0;
	if (tree_target(t, dir, true, "working directory", e) < 0)
		return -1;
	tree_bind(t, dir, dir, spec->writable ? STEP_WRITABLE : 0);
	return 0;
}

static int add_user_mount(struct tree *t, const struct spec_mount *um, struct err *e)
{
	struct plan *p = t->plan;
	const char *target = tree_follow(t, um->target);
	struct stat st;

	if (strcmp(target, "/") == 0 || path_is_below(target, "/proc") ||
	    path_is_below("/dev", target))
		return err_bad(e, um->where, "'%s' cannot be a mount target", um->target);
	if (um->kind == MOUNT_TMPFS) {
		if (tree_target(t, target, true, um->where, e) < 0)
			return -1;
		struct step *s = plan_step(p, STEP_TMPFS);
		s->target = arena_strdup(&p->arena, target + 1);
		tree_note(t, arena_strdup(&p->arena, target), MADE_TMPFS);
		return 0;
	}
	AUTO_FREE char *source = realpath(um->source, NULL);
	if (!source || stat(source, &st) < 0) {
		(void)err_os(e, errno, um->where, "cannot bind '%s'", um->source);
		return err_as_bad(e);
	}
	if (path_is_below(source, "/proc") || strcmp(source, "/") == 0)
		return err_bad(e, um->where, "'%s' cannot be bound: it would give the host away",
			       um->source);
	if (tree_target(t, target, S_ISDIR(st.st_mode), um->where, e) < 0)
		return -1;
	tree_bind(t, source, target, um->kind == MOUNT_BIND ? STEP_WRITABLE : 0);
	/* Like /proc/sys: the owner may write there whatever its capabilities. */
	if (um->kind == MOUNT_BIND && t->host->uid == 0 && path_is_below(source, "/sys"))
		plan_warn(
		    p,
		    "%s: the job may change the kernel's settings in '%s', because it has the same owner as vkjail, root; "
		    "bind it read-only, or start vkjail as another user",
		    um->where, um->source);
	return 0;
}

/* Those around the working directory, or all the others. */
static int add_user_mounts(struct tree *t, const struct spec *spec, const char *dir, bool around,
			   struct err *e)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const char *target = spec->mounts[i].target;
		if ((path_is_below(dir, target) && strcmp(dir, target) != 0) == around &&
		    add_user_mount(t, &spec->mounts[i], e) < 0)
			return -1;
	}
	return 0;
}

int plan_user_mounts(struct tree *t, const struct spec *spec, struct err *e)
{
	const char *dir = working_directory(t, spec);

	/* What is mounted around the working directory comes first, or it would hide it. */
	if (add_user_mounts(t, spec, dir, true, e) < 0 || add_workdir(t, spec, dir, e) < 0)
		return -1;
	return add_user_mounts(t, spec, dir, false, e);
}
