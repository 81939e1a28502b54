/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Landlock will allow: everything in the new root may be read and executed; written only what the plan
 * made for that. The same is said by the mounts; this holds should a mount be wrong, or a way lead past
 * all of them (a directory that was left open).
 */
#include <errno.h>

#include "base/auto.h"
#include "plan/parts.h"

static const uint64_t reading = LL_EXECUTE | LL_READ_FILE | LL_READ_DIR;

/* No device nodes: MAKE_CHAR and MAKE_BLOCK are handled and nowhere allowed. */
static const uint64_t writing = LL_WRITE_FILE | LL_REMOVE_DIR | LL_REMOVE_FILE | LL_MAKE_DIR |
				LL_MAKE_REG | LL_MAKE_SOCK | LL_MAKE_FIFO | LL_MAKE_SYM | LL_REFER |
				LL_TRUNCATE;

static void allow(struct plan *p, const char *path, uint64_t access)
{
	struct landlock_rules *l = &p->landlock;

	l->paths = arena_grow(&p->arena, l->paths, l->path_count, sizeof *l->paths);
	l->paths[l->path_count++] = (struct landlock_path){.path = path,
							   .access = access & l->handled};
}

/* A directory that the plan made for everybody to write in, or for the owner (the home directory). */
static bool is_for_writing(const struct step *s)
{
	return s->op == STEP_TMPFS || (s->op == STEP_BIND && s->flags & STEP_WRITABLE) ||
	       (s->op == STEP_DIRECTORY && s->mode & 0222);
}

static const char *why_not(const struct spec *spec, int abi, int os)
{
	if (spec->landlock == LANDLOCK_NONE)
		return "--landlock none";
	if (os == EOPNOTSUPP)
		return "the kernel was started without it (lsm=landlock,...)";
	if (os == ENOSYS)
		return "the kernel has none (Linux 5.19 or newer with CONFIG_SECURITY_LANDLOCK)";
	if (os)
		return "the call is refused here, by a container's filter for example";
	if (abi < LL_ABI_LEAST)
		return "ABI 1 of Linux 5.13 to 5.18 forbids to move files between directories";
	return NULL;
}

void plan_landlock(struct plan *p, const struct spec *spec)
{
	struct landlock_rules *l = &p->landlock;
	int os = 0, abi = spec->landlock == LANDLOCK_NONE ? 0 : landlock_abi(&os);

	l->why = why_not(spec, abi, os);
	if (l->why)
		return;
	l->abi = abi;
	l->handled = reading | writing | LL_MAKE_CHAR | LL_MAKE_BLOCK | LL_IOCTL_DEV;
	if (abi < LL_ABI_TRUNCATE)
		l->handled &= ~(uint64_t)LL_TRUNCATE;
	if (abi < LL_ABI_IOCTL)
		l->handled &= ~(uint64_t)LL_IOCTL_DEV;
	l->scoped = abi < LL_ABI_SCOPES ? 0 : LL_SCOPE_ABSTRACT | LL_SCOPE_SIGNAL;
	/* REFER belongs to reading: a file is moved out of where it is as well. */
	allow(p, "/", reading | LL_REFER);
	/* Its files say who may write; the drivers name their threads there. */
	allow(p, "/proc", LL_WRITE_FILE | LL_TRUNCATE);
	/* The nodes that were bound are writable binds and have this already, but for device control. */
	allow(p, "/dev", LL_WRITE_FILE | LL_TRUNCATE | LL_IOCTL_DEV);
	for (size_t i = 0; i < p->step_count; i++) {
		const struct step *s = &p->steps[i];
		/* Device nodes stand below /dev. */
		if (is_for_writing(s) && !(s->flags & STEP_DEVICE))
			allow(p, arena_printf(&p->arena, "/%s", s->target), reading | writing);
	}
	(void)plan_step(p, STEP_LANDLOCK);
}
