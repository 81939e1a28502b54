/* SPDX-License-Identifier: Apache-2.0 */
/* See own.h. proc_pid_cgroup(5), proc_pid_mountinfo(5). */
#include "cgroup/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/fd.h"
#include "cgroup/cgroup.h"

enum { MOUNTS_MAX = 8 << 20 };

ssize_t cgroup_read(int dir, const char *file, char *text, size_t size)
{
	AUTO_FD int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t used = 0;
	for (;;) {
		ssize_t n = read(fd, text + used, size - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		used += (size_t)n;
		if (n == 0 || used == size - 1)
			break;
	}
	text[used] = '\0';
	return (ssize_t)used;
}

uint64_t cgroup_read_number(int dir, const char *file)
{
	char text[64], *end;

	if (dir < 0 || cgroup_read(dir, file, text, sizeof text) <= 0)
		return CGROUP_UNKNOWN;
	unsigned long long n = strtoull(text, &end, 10);
	return end == text ? CGROUP_UNKNOWN : n;
}

uint64_t cgroup_find_key(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return strtoull(line + n + 1, NULL, 10);
	}
	return CGROUP_UNKNOWN;
}

/*
 * In pieces, because a system with containers has hundreds of mounts. The kernel lets a mount namespace have 100,000
 * (sysctl fs.mount-max); that many would only delay the launch.
 */
static int read_whole(const char *path, char **ret, struct err *e)
{
	size_t size;
	return fd_read_file(AT_FDCWD, path, MOUNTS_MAX, ret, &size, e);
}

int own_load(struct mounts *m, struct err *e)
{
	*m = (struct mounts){.text = NULL};
	return read_whole("/proc/self/mountinfo", &m->text, e) == 0 &&
		       read_whole("/proc/self/cgroup", &m->own, e) == 0
		   ? 0
		   : -1;
}

void own_unload(struct mounts *m)
{
	free(m->text);
	free(m->own);
}

bool own_path(const struct mounts *m, const char *controller, char *buf, size_t size)
{
	for (const char *line = m->own; *line;) {
		const char *end = strchrnul(line, '\n');
		const char *names = memchr(line, ':', (size_t)(end - line));
		const char *path = names ? memchr(names + 1, ':', (size_t)(end - names - 1)) : NULL;
		if (path) {
			char list[256];
			(void)snprintf(list, sizeof list, ",%.*s,", (int)(path - names - 1),
				       names + 1);
			char want[64];
			(void)snprintf(want, sizeof want, ",%s,", controller);
			if (strstr(list, want)) {
				(void)snprintf(buf, size, "%.*s", (int)(end - path - 1), path + 1);
				return true;
			}
		}
		line = *end ? end + 1 : end;
	}
	return false;
}

const char *own_directory(struct arena *a, const struct mounts *m, const char *controller)
{
	UNINITIALIZED char path[4096];

	if (!own_path(m, controller, path, sizeof path))
		return NULL;
	for (const char *line = m->text; *line;) {
		const char *end = strchrnul(line, '\n');
		/* proc_pid_mountinfo(5): id parent major:minor ROOT MOUNTPOINT options ... - TYPE source SUPER-OPTIONS */
		UNINITIALIZED char one[4096];
		char root[1024], point[1024], type[32], super[512];
		(void)snprintf(one, sizeof one, "%.*s", (int)(end - line), line);
		const char *dash = strstr(one, " - ");
		line = *end ? end + 1 : end;
		if (!dash || sscanf(one, "%*s %*s %*s %1023s %1023s", root, point) != 2 ||
		    sscanf(dash, " - %31s %*s %511s", type, super) != 2)
			continue;
		bool fits = controller[0] ? strcmp(type, "cgroup") == 0
					  : strcmp(type, "cgroup2") == 0;
		if (fits && controller[0]) {
			char list[520], want[64];
			(void)snprintf(list, sizeof list, ",%s,", super);
			(void)snprintf(want, sizeof want, ",%s,", controller);
			fits = strstr(list, want) != NULL;
		}
		size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);
		/* Octal escapes (a space) are not undone: such a mount is not used. */
		if (!fits || strchr(point, '\\') || strncmp(path, root, n) != 0)
			continue;
		return arena_printf(a, "%s%s", point, strcmp(path + n, "/") == 0 ? "" : path + n);
	}
	return NULL;
}
