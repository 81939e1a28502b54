/* SPDX-License-Identifier: Apache-2.0 */
/* The error value, the arena, and bounded reads of files. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/fd.h"

static const char *render(const struct err *e)
{
	static _Thread_local char buf[1024];
	return err_render(e, buf, sizeof buf);
}

static void test_err(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	assert_int_equal(err_bad(&e, "--wall", "expected %d", 3), -1);
	assert_string_equal(render(&e), "--wall: expected 3");
	assert_int_equal(err_in(&e, "job '%s'", "blur"), -1);
	assert_string_equal(render(&e), "job 'blur': --wall: expected 3");
	assert_int_equal(err_os(&e, ENOENT, "a.yaml", "cannot open"), -1);
	assert_string_equal(render(&e), "a.yaml: cannot open: No such file or directory (ENOENT)");
	assert_int_equal(err_bad(&e, NULL, "nothing to run"), -1);
	assert_string_equal(render(&e), "nothing to run");
	assert_string_equal(err_errno_name(EPERM), "EPERM");
	assert_string_equal(err_errno_name(99999), "?");
}

static void test_err_is_cut_visibly(void **state)
{
	(void)state;
	char text[2000], small[16];
	struct err e = ERR_INIT;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	(void)err_bad(&e, text, "%s", text);
	assert_int_equal(strlen(e.object), sizeof e.object - 1);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	assert_string_equal(e.object + sizeof e.object - 5, "x...");
	assert_string_equal(e.text + sizeof e.text - 5, "x...");
	assert_string_equal(err_render(&e, small, sizeof small) + 11, "x...");
}

static void test_arena(void **state)
{
	(void)state;
	struct arena a = {0};
	int *items = NULL;

	for (int i = 0; i < 1000; i++) {
		items = arena_grow(&a, items, (size_t)i, sizeof *items);
		items[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	char *big = arena_alloc(&a, 1 << 20);
	assert_int_equal(big[0] | big[(1 << 20) - 1], 0);
	assert_int_equal((uintptr_t)arena_alloc(&a, 1) % 16, 0);
	assert_string_equal(arena_printf(&a, "%s-%d", "a", 7), "a-7");
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	arena_done(&a);
	assert_null(a.head);
	assert_string_equal(arena_strdup(&a, "again"), "again");
	arena_done(&a);
}

static int make_directory(void **state)
{
	char *dir = strdup("/tmp/vkjail-base-XXXXXX");
	if (!dir || !mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	*state = dir;
	return 0;
}

static int remove_directory(void **state)
{
	char *dir = *state;
	(void)unlink("file");
	(void)unlink("fifo");
	int r = chdir("/") < 0 || rmdir(dir) < 0 ? -1 : 0;
	free(dir);
	return r;
}

static int read_error(const char *path, size_t max, struct err *e)
{
	AUTO_FREE char *data = NULL;
	size_t size = 0;
	return fd_read_file(AT_FDCWD, path, max, &data, &size, e);
}

static void test_read_file(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	AUTO_FREE char *data = NULL;
	size_t size = 0;
	AUTO_FD int fd = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char block[10000];

	memset(block, 'b', sizeof block);
	assert_int_equal(fd_write_all(fd, block, sizeof block), 0);
	assert_int_equal(fd_read_file(AT_FDCWD, "file", sizeof block, &data, &size, &e), 0);
	assert_int_equal(size, sizeof block);
	assert_memory_equal(data, block, sizeof block);
	assert_int_equal(data[size], 0);
	/* One byte more than allowed. */
	assert_int_equal(read_error("file", sizeof block - 1, &e), -1);
	assert_string_equal(
		render(&e), "file: larger than 9999 bytes, which is the most that is read");
}

static void test_read_refuses(void **state)
{
	(void)state;
	struct err e = ERR_INIT;

	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(read_error("fifo", 10, &e), -1);
	assert_string_equal(render(&e), "fifo: is not a regular file");
	assert_int_equal(read_error(".", 10, &e), -1);
	assert_string_equal(render(&e), ".: is a directory, expected a regular file");
	assert_int_equal(read_error("/dev/null", 10, &e), -1);
	assert_string_equal(render(&e), "/dev/null: is not a regular file");
	assert_int_equal(read_error("missing", 10, &e), -1);
	assert_string_equal(render(&e), "missing: cannot open: No such file or directory (ENOENT)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_err_is_cut_visibly),
		cmocka_unit_test(test_arena),
		cmocka_unit_test_setup_teardown(test_read_file, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(
			test_read_refuses, make_directory, remove_directory),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
