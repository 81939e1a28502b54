/* SPDX-License-Identifier: Apache-2.0 */
/* Paths below a hostile root: openat2(2) and the walk that stands in for it give the same answers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/inroot.h"

static char base[64];
static int root_fd = -1;

/* base/root is the root; what lies in base beside it must never be reached. */
static const char *const directories[] = {"root", "root/a", "root/a/b", "root/a/b/c", "root/dir with space", "root/...", "outside"};
static const char *const files[] = {"root/file", "root/a/b/c/file", "outside/secret", "secret"};
static const struct {
	const char *link, *to;
} links[] = {
	{"root/a/up", ".."}, {"root/a/b/upup", "../.."}, {"root/abs", "/a/b"}, {"root/absfile", "/a/b/c/file"}, {"root/rootlink", "/"},
	{"root/out", "../../../../../../../../etc"}, {"root/out1", "../secret"}, {"root/absout", "/etc/passwd"}, {"root/a/b/c/out", "../../../../outside/secret"},
	{"root/loop1", "loop2"}, {"root/loop2", "loop1"}, {"root/self", "self"}, {"root/dangling", "nothing"}, {"root/dots", "././/./a/./b/../b/"},
	{"root/tofile", "file"}, {"root/tofileslash", "file/"}, {"root/chain0", "a"}, {"root/dirlink", "abs/c"},
};

static int make_tree(void **state)
{
	char from[32], to[32];
	(void)state;

	(void)snprintf(base, sizeof base, "/tmp/vkjail-inroot.XXXXXX");
	if (!mkdtemp(base) || chdir(base) < 0)
		return -1;
	for (size_t i = 0; i < COUNTOF(directories); i++)
		if (mkdir(directories[i], 0755) < 0)
			return -1;
	for (size_t i = 0; i < COUNTOF(files); i++) {
		AUTO_FD int fd = open(files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			return -1;
	}
	for (size_t i = 0; i < COUNTOF(links); i++)
		if (symlink(links[i].to, links[i].link) < 0)
			return -1;
	/* chain40 goes through 41 links, which is one too many (path_resolution(7)). */
	for (int i = 1; i <= 40; i++) {
		(void)snprintf(from, sizeof from, "root/chain%d", i);
		(void)snprintf(to, sizeof to, "chain%d", i - 1);
		if (symlink(to, from) < 0)
			return -1;
	}
	root_fd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? -1 : 0;
}

static int remove_tree(void **state)
{
	char path[32];
	(void)state;

	(void)close(root_fd);
	for (int i = 1; i <= 40; i++) {
		(void)snprintf(path, sizeof path, "root/chain%d", i);
		(void)unlink(path);
	}
	for (size_t i = 0; i < COUNTOF(links); i++)
		(void)unlink(links[i].link);
	for (size_t i = 0; i < COUNTOF(files); i++)
		(void)unlink(files[i]);
	for (size_t i = COUNTOF(directories); i-- > 0;)
		(void)rmdir(directories[i]);
	return chdir("/") == 0 ? rmdir(base) : -1;
}

/* want: the path of what must be found, from base; NULL: this errno. */
static void check(int (*open_fn)(int, const char *), const char *how, const char *path, const char *want, int os)
{
	struct stat got, expected;

	AUTO_FD int fd = open_fn(root_fd, path);
	int failed = errno;
	if (!want) {
		if (fd >= 0 || failed != os)
			fail_msg("%s: '%s': fd %d, errno %d, expected errno %d", how, path, fd, failed, os);
		return;
	}
	if (fd < 0)
		fail_msg("%s: '%s': errno %d", how, path, failed);
	assert_int_equal(fstat(fd, &got), 0);
	assert_int_equal(stat(want, &expected), 0);
	if (got.st_ino != expected.st_ino || got.st_dev != expected.st_dev)
		fail_msg("%s: '%s' is not %s", how, path, want);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_PATH);
}

static void test_same_answers(void **state)
{
	static const struct {
		const char *path, *want;
		int os;
	} rows[] = {
		{"", "root", 0}, {"/", "root", 0}, {".", "root", 0}, {"..", "root", 0}, {"../..", "root", 0}, {"////", "root", 0}, {"/..//../.", "root", 0},
		{"a", "root/a", 0}, {"/a", "root/a", 0}, {"a/", "root/a", 0}, {"a//b/./c/", "root/a/b/c", 0}, {"a/../file", "root/file", 0},
		{"a/b/../../../../file", "root/file", 0}, {"...", "root/...", 0}, {"dir with space", "root/dir with space", 0},
		{"../secret", NULL, ENOENT}, {"../outside/secret", NULL, ENOENT}, {"a/../../secret", NULL, ENOENT},
		{"a/up", "root", 0}, {"a/up/file", "root/file", 0}, {"a/b/upup/a", "root/a", 0}, {"abs", "root/a/b", 0}, {"abs/c/file", "root/a/b/c/file", 0},
		{"absfile", "root/a/b/c/file", 0}, {"rootlink", "root", 0}, {"rootlink/../a", "root/a", 0}, {"dirlink/file", "root/a/b/c/file", 0},
		{"out", NULL, ENOENT}, {"out/passwd", NULL, ENOENT}, {"out1", NULL, ENOENT}, {"absout", NULL, ENOENT}, {"a/b/c/out", NULL, ENOENT},
		{"loop1", NULL, ELOOP}, {"self", NULL, ELOOP}, {"self/x", NULL, ELOOP}, {"dangling", NULL, ENOENT}, {"dots", "root/a/b", 0}, {"dots/c", "root/a/b/c", 0},
		{"chain39", "root/a", 0}, {"chain40", NULL, ELOOP}, {"nothing", NULL, ENOENT}, {"a/nothing/..", NULL, ENOENT},
		{"file", "root/file", 0}, {"tofile", "root/file", 0}, {"file/x", NULL, ENOTDIR}, {"file/", NULL, ENOTDIR}, {"file/.", NULL, ENOTDIR},
		{"file/..", NULL, ENOTDIR}, {"tofileslash", NULL, ENOTDIR}, {"tofile/", NULL, ENOTDIR}, {"tofile/..", NULL, ENOTDIR},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		check(inroot_open, "openat2", rows[i].path, rows[i].want, rows[i].os);
		check(inroot_open_walk, "walk", rows[i].path, rows[i].want, rows[i].os);
	}
}

static void test_long_paths(void **state)
{
	static char path[PATH_MAX + 2];
	(void)state;

	/* A path that fits, of nothing but steps that lead nowhere. */
	memset(path, '/', PATH_MAX - 1);
	check(inroot_open, "openat2", path, "root", 0);
	check(inroot_open_walk, "walk", path, "root", 0);
	memset(path, '/', PATH_MAX);
	check(inroot_open, "openat2", path, NULL, ENAMETOOLONG);
	check(inroot_open_walk, "walk", path, NULL, ENAMETOOLONG);
	/* A name that is too long. */
	memset(path, 'n', NAME_MAX + 1);
	path[NAME_MAX + 1] = '\0';
	check(inroot_open, "openat2", path, NULL, ENAMETOOLONG);
	check(inroot_open_walk, "walk", path, NULL, ENAMETOOLONG);
	path[NAME_MAX] = '\0';
	check(inroot_open, "openat2", path, NULL, ENOENT);
	check(inroot_open_walk, "walk", path, NULL, ENOENT);
	/* Down and up again, many times: the walk's depth is what counts, not its length. */
	path[0] = '\0';
	for (size_t n = 0; n + 16 < sizeof path; n += 10)
		memcpy(path + n, "a/b/../../", 11);
	check(inroot_open, "openat2", path, "root", 0);
	check(inroot_open_walk, "walk", path, "root", 0);
}

/* The text of a magic link means nothing in the root; the walk reads it as text, which cannot lead out. */
static void test_magic_links(void **state)
{
	static const char *const names[] = {"root", "cwd", "exe", "fd/0", "root/etc/passwd", "ns/user"};
	struct stat found, host;
	(void)state;

	AUTO_FD int proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(proc >= 0);
	for (size_t i = 0; i < COUNTOF(names); i++) {
		char path[64];
		AUTO_FD int fd = inroot_open(proc, names[i]);
		assert_int_equal(fd, -1);
		(void)snprintf(path, sizeof path, "/proc/self/%s", names[i]);
		assert_int_equal(stat(path, &host), 0);
		AUTO_FD int walked = inroot_open_walk(proc, names[i]);
		if (walked < 0)
			continue;
		assert_int_equal(fstat(walked, &found), 0);
		assert_false(found.st_dev == host.st_dev && found.st_ino == host.st_ino);
	}
}

static void test_no_descriptor_is_left(void **state)
{
	static const char *const paths[] = {"a/b/c/file", "loop1", "file/x", "a/b/nothing", "chain39", "a/b/c/../../..", ""};
	(void)state;

	int lowest = dup(root_fd);
	(void)close(lowest);
	for (size_t i = 0; i < COUNTOF(paths); i++) {
		AUTO_FD int fd = inroot_open_walk(root_fd, paths[i]);
		(void)fd;
	}
	int now = dup(root_fd);
	(void)close(now);
	assert_int_equal(now, lowest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_answers),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_magic_links),
		cmocka_unit_test(test_no_descriptor_is_left),
	};
	return cmocka_run_group_tests_name("inroot", tests, make_tree, remove_tree);
}
