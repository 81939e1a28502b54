/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a learned job looks for, whether it found them, and whether the host has them. */
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/auto.h"
#include "watch/learn.h"

enum use { USE_READ, USE_WRITE, USE_FLAGS };

static const struct {
	long nr;
	int dir, path;
	enum use use;
} calls[] = {
#define PATH(call, dir, path, use) {SYS_##call, dir, path, USE_##use},
#include "watch/learn-path.def"
#undef PATH
};

/* Up to the end of each page, because the next one may not be there. */
static bool read_string(pid_t pid, uint64_t from, char *buf, size_t size)
{
	const size_t page = 4096;

	for (size_t used = 0; used < size;) {
		size_t n = page - (from + used) % page;
		if (n > size - used)
			n = size - used;
		struct iovec local = {.iov_base = buf + used, .iov_len = n};
		struct iovec remote = {.iov_base = (void *)(uintptr_t)(from + used), .iov_len = n};
		ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
		if (got <= 0)
			return false;
		if (memchr(buf + used, '\0', (size_t)got))
			return true;
		used += (size_t)got;
	}
	return false;
}

/* dir's path, '/', and path; false when it is too long or has no place. */
static bool make_absolute(pid_t pid, int dir_fd, char *path, size_t size)
{
	char link[64], base[PATH_MAX];

	if (path[0] == '/')
		return true;
	if (dir_fd == AT_FDCWD)
		(void)snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
	else
		(void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, dir_fd);
	ssize_t n = readlink(link, base, sizeof base - 1);
	if (n <= 0 || base[0] != '/')
		return false;
	base[n] = '\0';
	char *joined = NULL;
	if (asprintf(&joined, "%s/%s", n == 1 ? "" : base, path) < 0)
		return false;
	bool fits = strlen(joined) < size;
	if (fits)
		(void)snprintf(path, size, "%s", joined);
	free(joined);
	return fits;
}

/* Its place in the sandbox, by the job's own root. */
static int open_inside(pid_t pid, const char *path)
{
	char link[64];
	struct open_how how = {.flags = O_PATH | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

	(void)snprintf(link, sizeof link, "/proc/%d/root", (int)pid);
	AUTO_FD int root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

static void look(struct learned_path *p, pid_t pid)
{
	char parent[PATH_MAX];
	struct statvfs fs;

	(void)snprintf(parent, sizeof parent, "%s", p->path);
	char *slash = strrchr(parent, '/');
	slash[slash == parent] = '\0';
	AUTO_FD int fd = open_inside(pid, p->path);
	p->outside = faccessat(AT_FDCWD, p->path, F_OK, 0) == 0;
	if (fd < 0 && p->wrote) {
		fd = open_inside(pid, parent);
		p->outside |= faccessat(AT_FDCWD, parent, F_OK, 0) == 0;
	}
	p->inside = fd >= 0;
	p->locked = fd >= 0 && fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY;
}

static void note_path(struct learned *d, pid_t pid, const char *path, bool wrote)
{
	for (unsigned i = 0; i < d->path_count; i++) {
		struct learned_path *p = &d->paths[i];
		if (strcmp(p->path, path) != 0)
			continue;
		if (wrote && !p->wrote) {
			p->wrote = true;
			look(p, pid);
		}
		return;
	}
	if (!d->paths)
		d->paths = calloc(LEARN_PATHS, sizeof *d->paths);
	if (!d->paths || d->path_count == LEARN_PATHS) {
		d->paths_full = true;
		return;
	}
	struct learned_path p = {.path = strdup(path), .wrote = wrote};
	if (!p.path)
		return;
	look(&p, pid);
	d->paths[d->path_count++] = p;
}

/* Views of the kernel, which have their own rules. */
static bool is_private(const char *path)
{
	static const char *const tops[] = {"/proc", "/sys", "/dev"};

	for (size_t i = 0; i < COUNTOF(tops); i++) {
		size_t n = strlen(tops[i]);
		if (strncmp(path, tops[i], n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return true;
	}
	return false;
}

/* False when the process is gone, and its number perhaps another one's, which was looked at instead. */
static bool still_waits(const struct learned *d, uint64_t id)
{
	return ioctl(d->listener_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void learn_paths(struct learned *d, const struct seccomp_notif *n)
{
	UNINITIALIZED char path[PATH_MAX];
	const struct seccomp_data *call = &n->data;
	pid_t pid = (pid_t)n->pid;

	for (size_t i = 0; i < COUNTOF(calls); i++) {
		if (calls[i].nr != call->nr)
			continue;
		uint64_t flags = calls[i].use == USE_FLAGS ? call->args[calls[i].path + 1] : 0;
		bool wrote = calls[i].use == USE_WRITE || (flags & O_ACCMODE) != O_RDONLY ||
			     flags & (O_CREAT | O_TRUNC);
		int dir = calls[i].dir < 0 ? AT_FDCWD : (int)call->args[calls[i].dir];
		if (!read_string(pid, call->args[calls[i].path], path, sizeof path) || !path[0] ||
		    !make_absolute(pid, dir, path, sizeof path) || is_private(path) ||
		    !still_waits(d, n->id))
			return;
		note_path(d, pid, path, wrote);
		return;
	}
}
