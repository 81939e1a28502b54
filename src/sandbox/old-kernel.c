/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For kernels before 5.12, which lack calls that the sandbox is made with. Runs in the child: no
 * allocation, errno tells.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/child.h"

/*
 * Mounts without mount_setattr(2): a tree is attached first, and then each mount in it is remounted
 * with its new flags. Nobody else is in this mount namespace, so nobody sees it in between. Which
 * mounts are new: until Linux 6.8 a namespace keeps its mounts in a list, and a tree that is attached
 * goes to its end, which is what /proc/self/mountinfo shows. The file is opened early: where /proc was,
 * the new root will be.
 */

/* What is needed of a line of proc_pid_mountinfo(5). */
struct line {
	char path[PATH_MAX];
	char options[256];
	bool cut;
};

struct reader {
	int fd;
	size_t at, used;
	char buf[2048];
};

static int next_char(struct reader *r)
{
	if (r->at == r->used) {
		ssize_t n = read(r->fd, r->buf, sizeof r->buf);
		if (n <= 0)
			return n < 0 ? -2 : -1;
		r->at = 0;
		r->used = (size_t)n;
	}
	return (unsigned char)r->buf[r->at++];
}

/* "\040" and its like. */
static void unescape(char *s)
{
	char *to = s;

	for (const char *p = s; *p; to++) {
		if (p[0] == '\\' && p[1] && p[2] && p[3]) {
			*to = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
}

/* 1, 0 at the end, or -1. */
static int next_line(struct reader *r, struct line *l)
{
	enum { FIELD_PATH = 4, FIELD_OPTIONS = 5 };
	size_t path = 0, options = 0;
	int field = 0;

	l->cut = false;
	for (;;) {
		int c = next_char(r);
		if (c < 0)
			return c == -1 ? 0 : -1;
		if (c == '\n')
			break;
		if (c == ' ')
			field++;
		else if (field == FIELD_PATH && path < sizeof l->path - 1)
			l->path[path++] = (char)c;
		else if (field == FIELD_OPTIONS && options < sizeof l->options - 1)
			l->options[options++] = (char)c;
		else if (field == FIELD_PATH || field == FIELD_OPTIONS)
			l->cut = true;
	}
	l->path[path] = '\0';
	l->options[options] = '\0';
	unescape(l->path);
	return 1;
}

static bool has_option(const char *options, const char *name)
{
	size_t length = strlen(name);

	for (const char *p = options; (p = strstr(p, name)); p += length)
		if ((p == options || p[-1] == ',') && (p[length] == ',' || p[length] == '\0'))
			return true;
	return false;
}

/* What a mount has it keeps: in a user namespace it may not be given up. */
static unsigned long kept_flags(const char *options)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} known[] = {
	    {"ro", MS_RDONLY},         {"nosuid", MS_NOSUID},   {"nodev", MS_NODEV},
	    {"noexec", MS_NOEXEC},     {"noatime", MS_NOATIME}, {"nodiratime", MS_NODIRATIME},
	    {"relatime", MS_RELATIME},
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < COUNTOF(known); i++)
		if (has_option(options, known[i].name))
			flags |= known[i].flag;
	return flags;
}

int mounts_old_count(const struct child *c)
{
	UNINITIALIZED struct line l;
	struct reader r = {.fd = c->mountinfo_fd};
	int count = 0, got;

	if (lseek(r.fd, 0, SEEK_SET) < 0)
		return -1;
	while ((got = next_line(&r, &l)) > 0)
		count++;
	return got < 0 ? -1 : count;
}

int mounts_old_set(const struct child *c, int from, uint64_t attrs)
{
	UNINITIALIZED struct line l;
	struct reader r = {.fd = c->mountinfo_fd};
	unsigned long add = 0;
	int at = 0, got;

	add |= attrs & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0;
	add |= attrs & MOUNT_ATTR_NOSUID ? MS_NOSUID : 0;
	add |= attrs & MOUNT_ATTR_NODEV ? MS_NODEV : 0;
	add |= attrs & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0;
	if (lseek(r.fd, 0, SEEK_SET) < 0)
		return -1;
	for (; (got = next_line(&r, &l)) > 0; at++) {
		if (at < from)
			continue;
		if (l.cut) {
			errno = ENAMETOOLONG;
			return -1;
		}
		/* A mount below another one of the same tree cannot be reached, by the job neither. */
		if (syscall(SYS_mount, NULL, l.path, NULL,
			    MS_REMOUNT | MS_BIND | add | kept_flags(l.options), NULL) < 0 &&
		    (at == from || (errno != EINVAL && errno != ENOENT)))
			return -1;
	}
	if (got == 0 && at <= from) {
		errno = ENOENT;
		return -1;
	}
	return got;
}

int mounts_old_begin(struct child *c)
{
	if (syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	c->mountinfo_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	return c->mountinfo_fd < 0 ? -1 : 0;
}

/* getdents64(2) by hand: readdir(3) allocates. The names are the numbers. */
int descriptors_old(int first)
{
	_Alignas(struct dirent64) char buf[2048];
	AUTO_FD int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -1;
	for (;;) {
		long got = syscall(SYS_getdents64, dir, buf, sizeof buf);
		if (got <= 0)
			return (int)got;
		for (long at = 0; at < got;) {
			const struct dirent64 *d = (const void *)(buf + at);
			int fd = 0;
			for (const char *p = d->d_name; *p >= '0' && *p <= '9'; p++)
				fd = fd * 10 + (*p - '0');
			if (fd >= first && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
				return -1;
			at += d->d_reclen;
		}
	}
}
