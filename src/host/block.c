/* SPDX-License-Identifier: Apache-2.0 */
/* See block.h. sysfs(5): /sys/block has whole disks only, /sys/dev/block every device by its number. */
#include "host/block.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "host/host.h"

/* A line such as "8:0"; false when the file is not there. */
static bool read_line(const char *path, char *text, size_t size)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

const char *block_of(struct arena *a, const char *path, const char *where, struct err *e)
{
	char number[32], file[80];
	struct stat st;

	if (path[0] != '/') {
		(void)snprintf(number, sizeof number, "%s", path);
	} else if (stat(path, &st) < 0) {
		(void)err_os(e, errno, where, "cannot tell the device of '%s'", path);
		(void)err_as_bad(e);
		return NULL;
	} else {
		dev_t dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
		(void)snprintf(number, sizeof number, "%u:%u", major(dev), minor(dev));
	}
	(void)snprintf(file, sizeof file, "/sys/dev/block/%s/partition", number);
	if (access(file, F_OK) == 0)
		(void)snprintf(file, sizeof file, "/sys/dev/block/%s/../dev", number);
	else
		(void)snprintf(file, sizeof file, "/sys/dev/block/%s/dev", number);
	if (!read_line(file, number, sizeof number)) {
		(void)err_bad(e, where, "'%s' is not a block device, and not on one", path);
		(void)err_hint(e, "lsblk shows the devices and their numbers");
		return NULL;
	}
	return arena_strdup(a, number);
}

const char **block_list(struct arena *a, size_t *ret_count)
{
	const char **list = NULL;
	char path[320], number[32];
	DIR *dir = opendir("/sys/block");

	*ret_count = 0;
	for (struct dirent *d; dir && (d = readdir(dir));) {
		if (d->d_name[0] == '.')
			continue;
		/* A loop device without a file, a drive without a medium. */
		(void)snprintf(path, sizeof path, "/sys/block/%s/size", d->d_name);
		if (host_read_number(path) <= 0)
			continue;
		(void)snprintf(path, sizeof path, "/sys/block/%s/dev", d->d_name);
		if (!read_line(path, number, sizeof number))
			continue;
		list = arena_grow(a, list, *ret_count, sizeof *list);
		list[(*ret_count)++] = arena_strdup(a, number);
	}
	if (dir)
		(void)closedir(dir);
	return list;
}
