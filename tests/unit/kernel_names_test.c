/* SPDX-License-Identifier: Apache-2.0 */
/* Files with names of kernels: what they may hold, and which name a hash gets. */
#include "base/banned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "job/kernel-names.h"

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(struct kernel_names *n, struct arena *a, const char *text, struct err *e)
{
	return kernel_names_parse(n, a, "names", arena_strdup(a, text), e);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"", NULL},
		{"# nothing\n\n  \n", NULL},
		{"01234567 a\n", NULL},
		{"01234567 a", NULL},
		{"01234567\ta b \r\n", NULL},
		{DIGITS " a\n", NULL},
		{"0123456 a\n", "names:1: expected 8 to 64 hexadecimal digits and a name, got '0123456 a'"},
		{DIGITS "0 a\n", "names:1: expected 8 to 64 hexadecimal digits and a name, got "},
		{"x1234567 a\n", "names:1: expected 8 to 64 hexadecimal digits and a name, got 'x1234567 a'"},
		{"# a\n01234567\n", "names:2: expected a name of 1 to 200 bytes after the hash"},
		{"01234567  \n", "names:1: expected a name of 1 to 200 bytes after the hash"},
		{"0123456A a\n0123456b b\n0123456a c\n", "names: the hash 0123456a is there twice"},
	};
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct arena a = {NULL};
		struct kernel_names n;
		struct err e = ERR_INIT;
		char text[1200];
		int r = parse(&n, &a, rows[i].text, &e);
		assert_int_equal(r, rows[i].error ? -1 : 0);
		if (rows[i].error)
			assert_memory_equal(err_render(&e, text, sizeof text), rows[i].error, strlen(rows[i].error));
		arena_done(&a);
	}
}

static void test_find(void **state)
{
	(void)state;
	struct arena a = {NULL};
	struct kernel_names n;
	struct err e = ERR_INIT;

	assert_int_equal(
		parse(&n, &a, "01234567 short\n0123456789ABCDEF longer name\nffffffff other\n", &e), 0);
	assert_int_equal(n.count, 3);
	assert_string_equal(kernel_names_find(&n, DIGITS), "longer name");
	assert_string_equal(kernel_names_find(&n, "0123456700000000"), "short");
	assert_string_equal(kernel_names_find(&n, "ffffffff"), "other");
	assert_null(kernel_names_find(&n, "fffffffe00000000"));
	assert_null(kernel_names_find(&n, "ffff"));
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests_name("kernel_names", tests, NULL, NULL);
}
