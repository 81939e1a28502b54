/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: bounded whole-file reads, whole writes. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"

int fd_read_all(int fd, const char *name, size_t max, char **ret_data, size_t *ret_size,
		struct err *e)
{
	size_t cap = 4096, used = 0;
	AUTO_FREE char *data = malloc(cap + 1);

	if (!data)
		return err_os(e, ENOMEM, name, "cannot read");
	for (;;) {
		if (used == cap) {
			cap *= 2;
			char *more = realloc(data, cap + 1);
			if (!more)
				return err_os(e, ENOMEM, name, "cannot read");
			data = more;
		}
		ssize_t n = read(fd, data + used, cap - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(e, errno, name, "cannot read");
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max)
			return err_bad(
			    e, name, "larger than %zu bytes, which is the most that is read", max);
	}
	data[used] = '\0';
	*ret_data = TAKE_PTR(data);
	*ret_size = used;
	return 0;
}

int fd_open_regular(int dirfd, const char *path, struct err *e)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer; it changes nothing for regular files. */
	AUTO_FD int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return err_os(e, errno, path, "cannot open");
	if (fstat(fd, &st) < 0)
		return err_os(e, errno, path, "cannot examine");
	if (S_ISDIR(st.st_mode))
		return err_bad(e, path, "is a directory, expected a regular file");
	if (!S_ISREG(st.st_mode))
		return err_bad(e, path, "is not a regular file");
	return TAKE_FD(fd);
}

int fd_read_file(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_size,
		 struct err *e)
{
	AUTO_FD int fd = fd_open_regular(dirfd, path, e);
	if (fd < 0)
		return -1;
	return fd_read_all(fd, path, max, ret_data, ret_size, e);
}

int fd_write_all(int fd, const void *data, size_t size)
{
	const char *p = data;
	while (size > 0) {
		ssize_t n = write(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			/* Whoever shares the open file (a job on our stdout) may have made it non-blocking. */
			struct pollfd room = {.fd = fd, .events = POLLOUT};
			(void)poll(&room, 1, -1);
			continue;
		}
		if (n < 0)
			return -1;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}
