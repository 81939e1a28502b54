/* SPDX-License-Identifier: Apache-2.0 */
/* Files that appear whole or not at all. */
#include "base/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"

enum { TEMP_TRIES = 16 };

static int check_place(const struct atomic_file *f, const char *path, struct err *e)
{
	struct stat st;

	if (fstatat(f->dir_fd, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_os(e, errno, path, "cannot examine");
	if (S_ISREG(st.st_mode))
		return 0;
	if (S_ISLNK(st.st_mode)) {
		(void)err_bad(e, path,
			      "is a symbolic link, which is not followed and not replaced");
		return err_hint(e, "name the file that it points to, or remove the link");
	}
	return err_bad(e, path,
		       S_ISDIR(st.st_mode) ? "is a directory, expected a file"
					   : "is not a regular file");
}

int atomic_prepare(struct atomic_file *f, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char dir[PATH_MAX] = ".";

	*f = ATOMIC_FILE_INIT;
	f->path = path;
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_bad(e, path, "is not the name of a file");
	if (strlen(name) > NAME_MAX - 16 || strlen(path) >= sizeof dir)
		return err_os(e, ENAMETOOLONG, path, "cannot write");
	memcpy(f->name, name, strlen(name) + 1);
	if (slash)
		(void)snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path),
			       path);
	f->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (f->dir_fd < 0)
		return err_os(e, errno, path, "cannot write: its directory cannot be opened");
	if (check_place(f, path, e) < 0) {
		atomic_done(f);
		return -1;
	}
	return 0;
}

static int temp_name(struct atomic_file *f)
{
	unsigned random[2] = {0};
	if (getrandom(random, sizeof random, GRND_NONBLOCK) != sizeof random)
		random[0] = (unsigned)getpid();
	return snprintf(f->temp, sizeof f->temp, ".%.*s.%08x", NAME_MAX - 16, f->name,
			random[0] ^ random[1]);
}

/* What was begun and not committed. */
static void drop(struct atomic_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	if (f->temp[0])
		(void)unlinkat(f->dir_fd, f->temp, 0);
	f->fd = -1;
	f->temp[0] = '\0';
}

/* From /proc/self/fd, because AT_EMPTY_PATH needs a capability (open(2), O_TMPFILE). */
static int give_name(struct atomic_file *f)
{
	char path[32];

	if (f->temp[0])
		return 0;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
	for (int i = 0; i < TEMP_TRIES; i++) {
		(void)temp_name(f);
		if (linkat(AT_FDCWD, path, f->dir_fd, f->temp, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	f->temp[0] = '\0';
	return -1;
}

int atomic_begin(struct atomic_file *f, mode_t mode, struct err *e)
{
	drop(f);
	/*
	 * Should we be killed meanwhile nothing is left of it, and nobody else who may write to the directory finds it.
	 * Not every file system can do that; and it takes ten microseconds longer, so not for every file.
	 */
	if (f->unnamed) {
		f->fd = openat(f->dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
		if (f->fd >= 0)
			return 0;
	}
	for (int i = 0; i < TEMP_TRIES; i++) {
		(void)temp_name(f);
		f->fd = openat(f->dir_fd, f->temp,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (f->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	f->temp[0] = '\0';
	return err_os(e, errno, f->path, "cannot create a file beside it");
}

/*
 * A rename over an existing file makes ext4 write the new one out at once, which costs
 * milliseconds; exchanging the two names and removing the old file is as atomic and does not.
 */
static int put_in_place(struct atomic_file *f)
{
	if (renameat2(f->dir_fd, f->temp, f->dir_fd, f->name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST &&
	    renameat2(f->dir_fd, f->temp, f->dir_fd, f->name, RENAME_EXCHANGE) == 0) {
		/* What stood there now has the temporary name; a directory put there meanwhile gets its own back. */
		if (unlinkat(f->dir_fd, f->temp, 0) == 0 || errno == ENOENT)
			return 0;
		int os = errno;
		(void)renameat2(f->dir_fd, f->temp, f->dir_fd, f->name, RENAME_EXCHANGE);
		errno = os;
		return -1;
	}
	return renameat(f->dir_fd, f->temp, f->dir_fd, f->name);
}

int atomic_commit(struct atomic_file *f, bool durable, struct err *e)
{
	int os = 0;

	if ((durable && fsync(f->fd) < 0) || give_name(f) < 0)
		os = errno;
	if (close(f->fd) < 0 && errno != EINTR && os == 0)
		os = errno;
	f->fd = -1;
	if (os == 0 && put_in_place(f) < 0)
		os = errno;
	if (os != 0) {
		if (f->temp[0])
			(void)unlinkat(f->dir_fd, f->temp, 0);
		f->temp[0] = '\0';
		return err_os(e, os, f->path, "cannot write the file");
	}
	f->temp[0] = '\0';
	if (durable) {
		AUTO_FD int dir = openat(f->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0 || fsync(dir) < 0)
			return err_os(e, errno, f->path, "cannot make the file durable");
	}
	return 0;
}

void atomic_done(struct atomic_file *f)
{
	drop(f);
	if (f->dir_fd >= 0)
		(void)close(f->dir_fd);
	*f = ATOMIC_FILE_INIT;
}
