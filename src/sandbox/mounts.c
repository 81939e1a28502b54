/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount steps. The new mount API (open_tree(2), mount_setattr(2), move_mount(2)) is used
 * because a bind becomes read-only, submounts included, before anybody can see it. Everything
 * here runs in the child: no allocation, errno tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/child.h"
#include "sandbox/inroot.h"

static int sys_mount_setattr(int fd, unsigned flags, uint64_t set)
{
	struct mount_attr attr = {.attr_set = set};
	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, &attr, sizeof attr);
}

static int sys_move_mount(int from_fd, int to_fd)
{
	return (int)syscall(SYS_move_mount, from_fd, "", to_fd, "",
			    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* fsopen + options + fsmount. options are pairs of key and value, NULL-terminated. Returns a detached mount. */
static int new_mount(const char *type, const char *const *options, unsigned attrs)
{
	AUTO_FD int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return -1;
	for (; options && options[0]; options += 2)
		if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, options[0], options[1], 0) < 0)
			return -1;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs);
}

/* Attaches a detached mount at target of the new root. */
static int attach(const struct child *c, int mount_fd, const char *target)
{
	AUTO_FD int at = inroot_open(c->root_fd, target);
	if (at < 0)
		return -1;
	return sys_move_mount(mount_fd, at);
}

int mounts_propagation(struct child *c, const struct step *s)
{
	(void)s;
	struct mount_attr attr = {.propagation = MS_PRIVATE};
	int rc = (int)syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof attr);
	return rc < 0 && errno == ENOSYS ? mounts_old_begin(c) : rc;
}

int mounts_new_root(struct child *c, const struct step *s)
{
	const char *options[] = {
	    "size", c->plan->tmp_size, "nr_inodes", c->plan->tmp_inodes, "mode", "0555", NULL,
	    NULL};
	(void)s;
	AUTO_FD int root = new_mount("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (root < 0)
		return -1;
	/*
	 * It has to stand somewhere of the old root while it is built. /proc is the one directory that
	 * exists everywhere and that no bind may come from, so nothing that is needed gets hidden.
	 */
	if (syscall(SYS_move_mount, root, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -1;
	c->root_fd = TAKE_FD(root);
	return 0;
}

/*
 * Where something is to be made: *ret_name in the returned directory. Below a bound tree or a link of
 * the new root the way is walked inside it: while the old root is still there, a link taken as it is
 * would lead into the host. *ret_walked is to be closed.
 */
static int place(const struct child *c, const struct step *s, int *ret_walked,
		 const char **ret_name)
{
	const char *slash = s->flags & STEP_OWN ? NULL : strrchr(s->target, '/');
	UNINITIALIZED char dir[PATH_MAX];

	*ret_name = slash ? slash + 1 : s->target;
	if (!slash)
		return c->root_fd;
	if ((size_t)(slash - s->target) >= sizeof dir) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(dir, s->target, (size_t)(slash - s->target));
	dir[slash - s->target] = '\0';
	*ret_walked = inroot_open(c->root_fd, dir);
	return *ret_walked;
}

int mounts_directory(struct child *c, const struct step *s)
{
	const char *name;
	AUTO_FD int walked = -1;
	int at = place(c, s, &walked, &name);
	return at < 0 ? -1 : mkdirat(at, name, s->mode);
}

int mounts_symlink(struct child *c, const struct step *s)
{
	const char *name;
	AUTO_FD int walked = -1;
	int at = place(c, s, &walked, &name);
	return at < 0 ? -1 : symlinkat(s->source, at, name);
}

int mounts_file(struct child *c, const struct step *s)
{
	const char *name;
	AUTO_FD int walked = -1;
	int at = place(c, s, &walked, &name);
	if (at < 0)
		return -1;
	AUTO_FD int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				s->mode);
	if (fd < 0)
		return -1;
	for (const char *p = s->source; p && *p;) {
		ssize_t n = write(fd, p, strlen(p));
		if (n < 0)
			return -1;
		p += n;
	}
	return 0;
}

/* Attaches a cloned tree with these attributes; by its path where the way to it is ours or the kernel's. */
static int place_tree(const struct child *c, const struct step *s, int tree, unsigned flags,
		      uint64_t attrs)
{
	int before = c->mountinfo_fd >= 0 ? mounts_old_count(c) : 0;

	if (before < 0 || (c->mountinfo_fd < 0 && sys_mount_setattr(tree, flags, attrs) < 0))
		return -1;
	if (s->flags & STEP_OWN || flags == 0) {
		if (syscall(SYS_move_mount, tree, "", c->root_fd, s->target,
			    MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return -1;
	} else if (attach(c, tree, s->target) < 0) {
		return -1;
	}
	return c->mountinfo_fd >= 0 ? mounts_old_set(c, before, attrs) : 0;
}

int mounts_bind(struct child *c, const struct step *s)
{
	uint64_t attrs = MOUNT_ATTR_NOSUID;

	if (!(s->flags & STEP_WRITABLE))
		attrs |= MOUNT_ATTR_RDONLY;
	if (!(s->flags & STEP_DEVICE))
		attrs |= MOUNT_ATTR_NODEV;
	if (s->flags & STEP_NOEXEC)
		attrs |= MOUNT_ATTR_NOEXEC;
	AUTO_FD int tree = (int)syscall(SYS_open_tree, AT_FDCWD, s->source,
					OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0)
		return -1;
	return place_tree(c, s, tree, AT_RECURSIVE, attrs);
}

int mounts_tmpfs(struct child *c, const struct step *s)
{
	const char *options[] = {
	    "size", c->plan->tmp_size, "nr_inodes", c->plan->tmp_inodes, "mode", "0755", NULL,
	    NULL};
	AUTO_FD int fs = new_mount("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (fs < 0)
		return -1;
	return attach(c, fs, s->target);
}

int mounts_proc(struct child *c, const struct step *s)
{
	/*
	 * pid 1 carries the command line of vkjail, and is not the job's to look at: hidden, because it is not
	 * dumpable (proc(5), ptraceable). Before the old root is detached: the kernel grants a new proc only where one is
	 * visible already.
	 */
	const char *options[] = {"hidepid", "4", s->flags & STEP_PROCESSES ? "subset" : NULL, "pid",
				 NULL};
	AUTO_FD int fs = new_mount("proc", options,
				   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (fs < 0)
		return -1;
	return attach(c, fs, s->target);
}

int mounts_read_only(struct child *c, const struct step *s)
{
	AUTO_FD int tree = (int)syscall(SYS_open_tree, c->root_fd, s->target,
					OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return errno == ENOENT ? 0 : -1;
	/* Nobody but the kernel makes names in a new proc: the path can be used as it is. */
	return place_tree(c, s, tree, 0,
			  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			      MOUNT_ATTR_NOEXEC);
}

int mounts_pivot(struct child *c, const struct step *s)
{
	(void)s;
	if (fchdir(c->root_fd) < 0)
		return -1;
	/* pivot_root(2), "pivot_root(".", ".")": the old root ends up on top of the new one and is detached from there. */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return -1;
	if (syscall(SYS_umount2, ".", 2 /* MNT_DETACH */) < 0)
		return -1;
	return chdir("/");
}
