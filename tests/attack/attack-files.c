/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching files of the host: descriptors, /proc, devices, handles, mounts. */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static _Noreturn void read_it(int dir, const char *path, int flags)
{
	char text[64];
	int fd = openat(dir, path, flags | O_CLOEXEC);

	if (fd < 0)
		nothing("open");
	ssize_t n = flags & O_WRONLY ? 0 : read(fd, text, sizeof text);
	if (n < 0)
		nothing("read");
	got("%s%s", path, flags & O_WRONLY ? ", open for writing" : "");
}

/* read PATH: the plain way, for comparison. */
static void read_path(char **args)
{
	read_it(AT_FDCWD, args[0], O_RDONLY);
}

static void write_path(char **args)
{
	read_it(AT_FDCWD, args[0], O_WRONLY);
}

/* leaked-fd PATH: the caller forgot a directory open; any of them will do. */
static void leaked_fd(char **args)
{
	int os = EBADF;

	for (int fd = 3; fd < 1024; fd++) {
		int file = openat(fd, args[0][0] == '/' ? args[0] + 1 : args[0], O_RDONLY);
		if (file >= 0)
			got("%s through descriptor %d", args[0], fd);
		os = errno == EBADF ? os : errno;
	}
	errno = os;
	nothing("openat");
}

/* up-from-cwd PATH: more ".." than there are directories, by the kernel's own link to the cwd. */
static void up_from_cwd(char **args)
{
	char path[4096];

	(void)snprintf(path, sizeof path, "/proc/self/cwd/%s%s",
		       "../../../../../../../../../../../../../../../..", args[0]);
	read_it(AT_FDCWD, path, O_RDONLY);
}

/* proc-root PATH: through the root of each process that can be seen. */
static void proc_root(char **args)
{
	char path[4096];
	DIR *proc = opendir("/proc");

	if (!proc)
		nothing("opendir /proc");
	for (struct dirent *d; (d = readdir(proc));) {
		if (d->d_name[0] < '0' || d->d_name[0] > '9')
			continue;
		(void)snprintf(path, sizeof path, "/proc/%s/root%s", d->d_name, args[0]);
		if (access(path, R_OK) == 0)
			got("%s through the root of process %s", args[0], d->d_name);
	}
	nothing("access");
}

/* reopen-stdin: the caller's file, which is open for reading, to write into. */
static void reopen_stdin(char **args)
{
	(void)args;
	read_it(AT_FDCWD, "/proc/self/fd/0", O_WRONLY);
}

/* parent-exe: the program of the parent (in the sandbox: pid 1, the runner itself) for a later overwrite. */
static void parent_exe(char **args)
{
	char path[64];

	(void)args;
	(void)snprintf(path, sizeof path, "/proc/%d/exe", getppid() ? getppid() : 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		nothing(path);
	got("%s", path);
}

static void parent_mem(char **args)
{
	char path[64];

	(void)args;
	(void)snprintf(path, sizeof path, "/proc/%d/mem", getppid() ? getppid() : 1);
	if (open(path, O_RDWR | O_CLOEXEC) < 0)
		nothing(path);
	got("the memory of its parent, open for writing");
}

static void parent_cmdline(char **args)
{
	char path[64], text[64];

	(void)args;
	(void)snprintf(path, sizeof path, "/proc/%d/cmdline", getppid() ? getppid() : 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof text) <= 0)
		nothing(path);
	got("what stands in %s", path);
}

/* handle PATH: a file by its handle, past every mount that hides it. */
static void by_handle(char **args)
{
	union {
		struct file_handle h;
		char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = {.h.handle_bytes = MAX_HANDLE_SZ};
	int mount_id;
	const char *any = access(args[0], F_OK) == 0 ? args[0] : "/usr/bin/env";

	if (name_to_handle_at(AT_FDCWD, any, &u.h, &mount_id, 0) < 0) {
		if (errno == EOPNOTSUPP)
			cannot("the file system has no handles");
		nothing("name_to_handle_at");
	}
	int near = open(any, O_RDONLY | O_CLOEXEC);
	if (open_by_handle_at(near, &u.h, O_RDONLY) < 0)
		nothing("open_by_handle_at");
	got("%s by its handle", any);
}

/* device PATH: a node for the kernel's log, made at PATH. */
static void device(char **args)
{
	const char *path = args[0];

	(void)unlink(path);
	if (mknod(path, S_IFCHR | 0600, makedev(1, 11)) < 0)
		nothing("mknod");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int os = errno;
	(void)unlink(path);
	errno = os;
	if (fd < 0)
		nothing("open of the node");
	got("the kernel's log");
}

static void mount_tmpfs(char **args)
{
	if (mount("none", args[0], "tmpfs", 0, NULL) < 0)
		nothing("mount");
	(void)umount(args[0]);
	got("a mount on %s", args[0]);
}

static void mount_new_api(char **args)
{
	(void)args;
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		nothing("open_tree");
	got("a clone of the mount at /");
}

/* A file system made anew, in which nothing is hidden: with the capabilities of a further user namespace. */
static void mount_proc(char **args)
{
	(void)args;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
		nothing("unshare");
	got("namespaces to mount in");
}

static void escape_chroot(char **args)
{
	(void)mkdir(args[0], 0755);
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || chroot(args[0]) < 0)
		nothing("chroot");
	if (fchdir(root) < 0 || chdir("../../../..") < 0)
		nothing("fchdir");
	got("a directory outside of its root");
}

/* setuid-file PATH: a program of this user's for everybody who finds it there. */
static void setuid_file(char **args)
{
	int fd = open(args[0], O_CREAT | O_WRONLY | O_CLOEXEC, 0755);

	if (fd < 0 || fchmod(fd, 04755) < 0)
		nothing("fchmod");
	(void)unlink(args[0]);
	got("a set-user-id file");
}

const struct attack attacks_files[] = {
    {"read", read_path},
    {"write", write_path},
    {"leaked-fd", leaked_fd},
    {"up-from-cwd", up_from_cwd},
    {"proc-root", proc_root},
    {"reopen-stdin", reopen_stdin},
    {"parent-exe", parent_exe},
    {"parent-mem", parent_mem},
    {"parent-cmdline", parent_cmdline},
    {"handle", by_handle},
    {"device", device},
    {"mount", mount_tmpfs},
    {"mount-api", mount_new_api},
    {"mount-proc", mount_proc},
    {"chroot", escape_chroot},
    {"setuid-file", setuid_file},
    {NULL, NULL},
};
