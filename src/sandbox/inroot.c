/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a path below a root whose contents may be hostile. Async-signal-safe. */
#include "sandbox/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"

enum { LINKS_MAX = 40, DEPTH_MAX = 64 };

int inroot_open(int root_fd, const char *path)
{
	struct open_how how = {
	    .flags = O_PATH | O_CLOEXEC,
	    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, root_fd, path[0] ? path : ".", &how, sizeof how);
	/* EPERM too: what some container managers answer for calls that they do not know. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return inroot_open_walk(root_fd, path);
	return fd;
}

/* The directories from the root down to where we are, so that ".." is a pop and never asks the file system. */
struct walk {
	int fds[DEPTH_MAX];
	unsigned depth;
	unsigned links;
	bool at_file; /* the last one is no directory, so nothing may follow, not even a slash */
	char rest[PATH_MAX]; /* what is still to be walked */
};

static void pop_all(struct walk *w)
{
	while (w->depth > 0)
		(void)close(w->fds[--w->depth]);
}

static int here(const struct walk *w, int root_fd)
{
	return w->depth ? w->fds[w->depth - 1] : root_fd;
}

/* Puts the link's contents in front of what is still to be walked. */
static int splice_link(struct walk *w, int link_fd)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link_fd, "", target, sizeof target);

	if (n < 0)
		return -1;
	/* What is left is empty or starts with a slash. */
	size_t rest = strlen(w->rest);
	if ((size_t)n + rest >= sizeof w->rest || ++w->links > LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	memmove(w->rest + n, w->rest, rest + 1);
	memcpy(w->rest, target, (size_t)n);
	if (target[0] == '/')
		pop_all(w);
	return 0;
}

/* Takes one component off the front of rest. NULL at the end. */
static char *next_component(struct walk *w, char *name)
{
	size_t skip = strspn(w->rest, "/");
	size_t n = strcspn(w->rest + skip, "/");
	if (n == 0 || n > NAME_MAX)
		return NULL;
	memcpy(name, w->rest + skip, n);
	name[n] = '\0';
	memmove(w->rest, w->rest + skip + n, strlen(w->rest + skip + n) + 1);
	return name;
}

static int step_into(struct walk *w, int root_fd, const char *name)
{
	struct stat st;

	AUTO_FD int fd = openat(here(w, root_fd), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode))
		return splice_link(w, fd);
	if (w->depth == DEPTH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	w->fds[w->depth++] = TAKE_FD(fd);
	w->at_file = !S_ISDIR(st.st_mode);
	return 0;
}

int inroot_open_walk(int root_fd, const char *path)
{
	struct walk w = {.depth = 0};
	char name[NAME_MAX + 1];
	int result = -1;

	if (strlen(path) >= sizeof w.rest) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(w.rest, path, strlen(path) + 1);
	while (next_component(&w, name)) {
		if (w.at_file) {
			errno = ENOTDIR;
			goto out;
		}
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			if (w.depth > 0)
				(void)close(w.fds[--w.depth]);
			continue;
		}
		if (step_into(&w, root_fd, name) < 0)
			goto out;
	}
	if (w.rest[strspn(w.rest, "/")] != '\0')
		errno = ENAMETOOLONG;
	else if (w.at_file && w.rest[0])
		errno = ENOTDIR;
	else
		result = fcntl(here(&w, root_fd), F_DUPFD_CLOEXEC, 0);
out:;
	int os = errno;
	pop_all(&w);
	errno = os;
	return result;
}
