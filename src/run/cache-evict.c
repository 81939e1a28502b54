/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the cache directory small. Another vkjail may do the same meanwhile, so nothing here fails. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "run/cache.h"

enum { LISTED_MAX = 65536, TEMP_SECONDS = 3600 };

struct entry {
	const char *name;
	struct timespec used;
	uint64_t bytes;
};

/* Ours are the hash and what it is, with a dot before and more behind while it is being written. */
static bool is_ours(const char *name, bool *ret_temp)
{
	*ret_temp = name[0] == '.';
	name += *ret_temp;
	if (strspn(name, "0123456789abcdef") != 2 * CACHE_KEY_BYTES)
		return false;
	name += 2 * CACHE_KEY_BYTES;
	return *ret_temp ? strncmp(name, ".spirv.", 7) == 0 || strncmp(name, ".pipelines.", 11) == 0
			 : strcmp(name, ".spirv") == 0 || strcmp(name, ".pipelines") == 0;
}

static int by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct entry *)a)->used,
			      *y = &((const struct entry *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* Adds one name to the list, or removes what a vkjail that was killed has left behind. */
static void look_at(int dir_fd, const char *name, struct arena *a, struct entry **list,
		    size_t *count)
{
	struct stat st;
	bool temp;

	if (!is_ours(name, &temp) || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (temp) {
		if (st.st_mtim.tv_sec + TEMP_SECONDS < time(NULL))
			(void)unlinkat(dir_fd, name, 0);
		return;
	}
	*list = arena_grow(a, *list, *count, sizeof **list);
	(*list)[(*count)++] = (struct entry){
	    .name = arena_strdup(a, name), .used = st.st_mtim, .bytes = (uint64_t)st.st_size};
}

void cache_evict(int dir_fd, uint64_t bytes, size_t files)
{
	__attribute__((cleanup(arena_done))) struct arena arena = {0};
	struct entry *list = NULL;
	const struct dirent *d;
	size_t count = 0, gone = 0;
	uint64_t sum = 0;

	/* A description of its own, so that every walk begins at the start. */
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while (count < LISTED_MAX && (d = readdir(dir)))
		look_at(dir_fd, d->d_name, &arena, &list, &count);
	(void)closedir(dir);
	if (count)
		qsort(list, count, sizeof *list, by_age);
	for (size_t i = 0; i < count; i++)
		sum += list[i].bytes;
	for (; gone < count && (sum > bytes || count - gone > files); gone++) {
		(void)unlinkat(dir_fd, list[gone].name, 0);
		sum -= list[gone].bytes;
	}
}
