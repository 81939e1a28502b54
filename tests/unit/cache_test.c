/* SPDX-License-Identifier: Apache-2.0 */
/* The cache's files: whole or nothing, and never more than there is room for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/cachefile.h"
#include "run/cache.h"

static const char data[] = "what was made";
static const struct cache_id id = {.kind = CACHE_SPIRV, .key = {1, 2, 3}};

static int new_file(void)
{
	int fd = memfd_create("cache", MFD_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void is_none(int fd, const struct cache_id *want)
{
	size_t size;
	assert_null(cachefile_get(fd, want, &size));
}

static void is_there(int fd)
{
	size_t size = 0;
	AUTO_FREE char *got = cachefile_get(fd, &id, &size);
	assert_non_null(got);
	assert_int_equal(size, sizeof data);
	assert_memory_equal(got, data, sizeof data);
}

static void entries(void **state)
{
	AUTO_FD int fd = new_file();
	struct cache_id other = id;
	struct stat st;

	(void)state;
	is_none(fd, &id);
	assert_int_equal(cachefile_put(fd, &id, data, sizeof data), 0);
	is_there(fd);
	other.kind = CACHE_PIPELINES;
	is_none(fd, &other);
	other = id;
	other.key[31] = 1;
	is_none(fd, &other);
	assert_int_equal(fstat(fd, &st), 0);

	/* What stands behind it is not looked at: the file that a job gets is larger. */
	assert_int_equal(ftruncate(fd, CACHE_FILE_MAX), 0);
	is_there(fd);
	/* Cut at every length, every byte changed. */
	for (off_t n = 0; n < st.st_size; n++) {
		AUTO_FD int cut = new_file();
		assert_int_equal(cachefile_put(cut, &id, data, sizeof data), 0);
		char byte;
		assert_int_equal(pread(cut, &byte, 1, n), 1);
		byte = (char)(byte ^ 0x40);
		assert_int_equal(pwrite(cut, &byte, 1, n), 1);
		is_none(cut, &id);
		assert_int_equal(ftruncate(cut, n), 0);
		is_none(cut, &id);
	}
}

static void largest(void **state)
{
	AUTO_FD int fd = new_file();
	AUTO_FREE char *big = calloc(1, CACHE_DATA_MAX + 1);
	size_t size = 0;

	(void)state;
	assert_non_null(big);
	assert_int_equal(cachefile_put(fd, &id, big, CACHE_DATA_MAX + 1), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(cachefile_put(fd, &id, big, CACHE_DATA_MAX), 0);
	AUTO_FREE char *got = cachefile_get(fd, &id, &size);
	assert_non_null(got);
	assert_int_equal(size, CACHE_DATA_MAX);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size <= CACHE_FILE_MAX);
}

/* ---- eviction ------------------------------------------------------------------------------ */

static char dir[64];

static void name_of(char buf[static 96], int n, const char *ending)
{
	(void)snprintf(buf, 96, "%064x%s", (unsigned)n, ending);
}

/* bytes long, last used when the clock showed `used`. */
static void make(int at, const char *name, off_t bytes, time_t used)
{
	AUTO_FD int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const struct timespec times[2] = {{.tv_sec = used}, {.tv_sec = used}};

	assert_true(fd >= 0 && ftruncate(fd, bytes) == 0 && futimens(fd, times) == 0);
}

static bool there(int at, const char *name)
{
	return faccessat(at, name, F_OK, 0) == 0;
}

static void eviction(void **state)
{
	char name[96], temp[100];
	(void)state;

	(void)snprintf(dir, sizeof dir, "/tmp/vkjail-cache.XXXXXX");
	assert_non_null(mkdtemp(dir));
	AUTO_FD int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(at >= 0);
	/* 0 is the newest; each has 100 bytes. */
	for (int i = 0; i < 10; i++) {
		name_of(name, i, i % 2 ? ".spirv" : ".pipelines");
		make(at, name, 100, 1000000 - i);
	}
	make(at, "somebody-else's", 100000, 1);
	name_of(name, 11, ".other");
	make(at, name, 100000, 1);
	name_of(name, 12, ".spirv.00000000");
	(void)snprintf(temp, sizeof temp, ".%s", name);
	make(at, temp, 5, 1);
	cache_evict(at, 1000, 10);
	assert_false(there(at, temp)); /* left by somebody who was killed long ago */
	for (int i = 0; i < 10; i++) {
		name_of(name, i, i % 2 ? ".spirv" : ".pipelines");
		assert_true(there(at, name));
	}
	cache_evict(at, 999, 10);
	name_of(name, 9, ".spirv");
	assert_false(there(at, name));
	name_of(name, 8, ".pipelines");
	assert_true(there(at, name));
	cache_evict(at, 1000, 5);
	for (int i = 0; i < 9; i++) {
		name_of(name, i, i % 2 ? ".spirv" : ".pipelines");
		assert_int_equal(there(at, name), i < 5);
	}
	assert_true(there(at, "somebody-else's"));
	cache_evict(at, 0, 0);
	for (int i = 0; i < 9; i++) {
		name_of(name, i, i % 2 ? ".spirv" : ".pipelines");
		assert_false(there(at, name));
	}
	assert_true(there(at, "somebody-else's"));
	name_of(name, 11, ".other");
	assert_int_equal(unlinkat(at, name, 0), 0);
	assert_int_equal(unlinkat(at, "somebody-else's", 0), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(largest),
		cmocka_unit_test(eviction),
	};
	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
