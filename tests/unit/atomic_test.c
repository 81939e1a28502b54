/* SPDX-License-Identifier: Apache-2.0 */
/* Files that appear whole or not at all. */
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
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/auto.h"
#include "base/fd.h"

static char dir[64];

static int enter(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/vkjail-atomic.XXXXXX");
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

/* Removes everything; a test that left a file behind has said so before. */
static int leave(void **state)
{
	(void)state;
	static const char *const names[] = {"file", "other", "link", "fifo", "gone"};
	for (size_t i = 0; i < COUNTOF(names); i++)
		(void)unlink(names[i]);
	(void)rmdir("sub");
	return chdir("/") == 0 ? rmdir(dir) : -1;
}

static void put(const char *path, const char *text)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static void assert_holds(const char *path, const char *text)
{
	struct err e;
	AUTO_FREE char *data = NULL;
	size_t size;
	assert_int_equal(fd_read_file(AT_FDCWD, path, 1000, &data, &size, &e), 0);
	assert_string_equal(data, text);
}

static int entries(void)
{
	int n = 0;
	DIR *d = opendir(".");
	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static void write_version(struct atomic_file *f, const char *text, bool durable)
{
	struct err e;
	assert_int_equal(atomic_begin(f, 0640, &e), 0);
	assert_int_equal(fd_write_all(f->fd, text, strlen(text)), 0);
	assert_int_equal(atomic_commit(f, durable, &e), 0);
	assert_int_equal(f->fd, -1);
}

static void test_new_and_again(void **state)
{
	struct atomic_file f;
	struct err e = ERR_INIT;
	struct stat st;
	(void)state;

	assert_int_equal(atomic_prepare(&f, "file", &e), 0);
	assert_int_equal(entries(), 0);
	assert_int_equal(atomic_begin(&f, 0640, &e), 0);
	assert_int_equal(access("file", F_OK), -1);
	assert_int_equal(fd_write_all(f.fd, "one", 3), 0);
	assert_int_equal(atomic_commit(&f, false, &e), 0);
	assert_holds("file", "one");
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	write_version(&f, "two", true);
	assert_holds("file", "two");
	assert_int_equal(entries(), 1);
	atomic_done(&f);
	assert_int_equal(entries(), 1);
}

static void test_replaced_in_one_go(void **state)
{
	struct atomic_file f;
	struct err e = ERR_INIT;
	struct stat before, now;
	(void)state;

	put("file", "old");
	assert_int_equal(link("file", "other"), 0);
	assert_int_equal(stat("file", &before), 0);
	assert_int_equal(atomic_prepare(&f, "./file", &e), 0);
	assert_int_equal(atomic_begin(&f, 0644, &e), 0);
	assert_int_equal(fd_write_all(f.fd, "new", 3), 0);
	assert_holds("file", "old");
	assert_int_equal(atomic_commit(&f, false, &e), 0);
	assert_holds("file", "new");
	/* A new file stands there: another link to the old one keeps what it had. */
	assert_holds("other", "old");
	assert_int_equal(stat("file", &now), 0);
	assert_true(now.st_ino != before.st_ino);
	assert_int_equal(entries(), 2);
	atomic_done(&f);
}

static void test_abandoned(void **state)
{
	struct atomic_file f;
	struct err e = ERR_INIT;
	(void)state;

	put("file", "old");
	assert_int_equal(atomic_prepare(&f, "file", &e), 0);
	assert_int_equal(atomic_begin(&f, 0644, &e), 0);
	assert_int_equal(fd_write_all(f.fd, "half", 4), 0);
	assert_int_equal(entries(), 2);
	atomic_done(&f);
	assert_int_equal(entries(), 1);
	assert_holds("file", "old");
	/* As often as one likes. */
	atomic_done(&f);
}

static void test_unnamed(void **state)
{
	struct atomic_file f;
	struct err e = ERR_INIT;
	(void)state;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(atomic_prepare(&f, "file", &e), 0);
		f.unnamed = true;
		assert_int_equal(atomic_begin(&f, 0644, &e), 0);
		assert_int_equal(fd_write_all(f.fd, i ? "second" : "first", i ? 6 : 5), 0);
		/* Nothing is seen of it where the file system can do that, as ext4 and tmpfs can. */
		assert_int_equal(entries(), i);
		assert_int_equal(atomic_commit(&f, false, &e), 0);
		assert_int_equal(entries(), 1);
		assert_holds("file", i ? "second" : "first");
		atomic_done(&f);
	}
	assert_int_equal(atomic_prepare(&f, "file", &e), 0);
	f.unnamed = true;
	assert_int_equal(atomic_begin(&f, 0644, &e), 0);
	atomic_done(&f);
	assert_int_equal(entries(), 1);
	assert_holds("file", "second");
}

static void test_what_may_not_be_replaced(void **state)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{"link", "is a symbolic link"}, {"sub", "is a directory"}, {"fifo", "is not a regular file"}, {"/dev/null", "is not a regular file"},
		{"", "is not the name of a file"}, {"sub/", "is not the name of a file"}, {".", "is not the name of a file"}, {"sub/..", "is not the name of a file"},
		{"missing/file", "cannot write: its directory cannot be opened"}, {"file/x", "cannot write: its directory cannot be opened"},
	};
	struct atomic_file f;
	(void)state;

	put("file", "old");
	assert_int_equal(symlink("file", "link"), 0);
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct err e = ERR_INIT;
		assert_int_equal(atomic_prepare(&f, rows[i].path, &e), -1);
		if (!strstr(e.text, rows[i].text))
			fail_msg("'%s': %s", rows[i].path, e.text);
		assert_int_equal(f.dir_fd, -1);
		atomic_done(&f);
	}
	assert_int_equal(entries(), 4);
	assert_holds("file", "old");
}

static void test_put_there_meanwhile(void **state)
{
	struct atomic_file f;
	struct err e = ERR_INIT;
	struct stat st;
	(void)state;

	/* A link: replaced itself, never followed. */
	put("other", "precious");
	assert_int_equal(atomic_prepare(&f, "file", &e), 0);
	assert_int_equal(symlink("other", "file"), 0);
	write_version(&f, "new", false);
	assert_holds("other", "precious");
	assert_int_equal(lstat("file", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_holds("file", "new");
	assert_int_equal(entries(), 2);
	/* Gone: it comes back. */
	assert_int_equal(unlink("file"), 0);
	write_version(&f, "again", false);
	assert_holds("file", "again");
	atomic_done(&f);
}

static void test_a_directory_put_there_meanwhile(void **state)
{
	struct atomic_file f;
	struct err e = ERR_INIT;
	struct stat st;
	(void)state;

	assert_int_equal(atomic_prepare(&f, "sub", &e), 0);
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(atomic_begin(&f, 0644, &e), 0);
	int result = atomic_commit(&f, false, &e);
	assert_int_equal(result, -1);
	assert_int_equal(stat("sub", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	atomic_done(&f);
	assert_int_equal(entries(), 1);
}

static void test_directory_gone(void **state)
{
	struct atomic_file f;
	struct err e = ERR_INIT;
	(void)state;

	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(atomic_prepare(&f, "sub/file", &e), 0);
	assert_int_equal(rmdir("sub"), 0);
	assert_int_equal(atomic_begin(&f, 0644, &e), -1);
	assert_int_equal(e.os, ENOENT);
	assert_string_equal(e.object, "sub/file");
	atomic_done(&f);
}

static void test_long_names(void **state)
{
	char name[NAME_MAX + 2];
	struct atomic_file f;
	struct err e = ERR_INIT;
	(void)state;

	memset(name, 'n', sizeof name);
	name[NAME_MAX - 15] = '\0';
	assert_int_equal(atomic_prepare(&f, name, &e), -1);
	assert_int_equal(e.os, ENAMETOOLONG);
	name[NAME_MAX - 16] = '\0';
	assert_int_equal(atomic_prepare(&f, name, &e), 0);
	write_version(&f, "long", false);
	assert_holds(name, "long");
	assert_int_equal(entries(), 1);
	assert_int_equal(unlink(name), 0);
	atomic_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_new_and_again, enter, leave),
		cmocka_unit_test_setup_teardown(test_replaced_in_one_go, enter, leave),
		cmocka_unit_test_setup_teardown(test_abandoned, enter, leave),
		cmocka_unit_test_setup_teardown(test_unnamed, enter, leave),
		cmocka_unit_test_setup_teardown(test_what_may_not_be_replaced, enter, leave),
		cmocka_unit_test_setup_teardown(test_put_there_meanwhile, enter, leave),
		cmocka_unit_test_setup_teardown(test_a_directory_put_there_meanwhile, enter, leave),
		cmocka_unit_test_setup_teardown(test_directory_gone, enter, leave),
		cmocka_unit_test_setup_teardown(test_long_names, enter, leave),
	};
	return cmocka_run_group_tests_name("atomic", tests, NULL, NULL);
}
