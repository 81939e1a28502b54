/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of CPUs: what is one, how it is printed, which CPUs a number takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/cpus.h"

static void test_lists(void **state)
{
	static const struct {
		const char *text, *printed; /* NULL: not a list */
	} rows[] = {
	    {"0", "0"},
	    {"3-3", "3"},
	    {"0-3,8", "0-3,8"},
	    {"8,0,1,2", "0-2,8"},
	    {"0-3,2-5", "0-5"},
	    {"1023", "1023"},
	    {"1024", NULL},
	    {"0-1024", NULL},
	    {"99999999999999999999", NULL},
	    {"", NULL},
	    {"-1", NULL},
	    {"1-", NULL},
	    {"2-1", NULL},
	    {"1,", NULL},
	    {",1", NULL},
	    {"1,,2", NULL},
	    {"1 ", NULL},
	    {"1-2-3", NULL},
	    {"+1", NULL},
	};
	char text[64];
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		cpu_set_t set;
		bool is_list = cpus_parse(rows[i].text, &set);
		if (is_list != (rows[i].printed != NULL))
			fail_msg("'%s' is %sa list", rows[i].text, is_list ? "" : "not ");
		if (is_list)
			assert_string_equal(cpus_print(&set, text, sizeof text), rows[i].printed);
	}
}

static void test_printing_is_cut(void **state)
{
	cpu_set_t set;
	char text[8];
	(void)state;

	assert_true(cpus_parse("0,2,4,6,8,10", &set));
	assert_string_equal(cpus_print(&set, text, sizeof text), "0,2,4,6");
}

static void test_picking(void **state)
{
	static const struct {
		unsigned count, start;
		const char *printed;
	} rows[] = {
	    {1, 0, "2"}, {1, 3, "3"}, {2, 3, "3,8"}, {2, 9, "2,9"}, {4, 8, "2-3,8-9"}, {99, 5, "2-3,8-9"}, {0, 0, ""},
	};
	cpu_set_t from, picked;
	char text[64];
	(void)state;

	assert_true(cpus_parse("2-3,8-9", &from));
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		cpus_pick(&from, rows[i].count, rows[i].start, &picked);
		assert_string_equal(cpus_print(&picked, text, sizeof text), rows[i].printed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_printing_is_cut),
		cmocka_unit_test(test_picking),
	};
	return cmocka_run_group_tests_name("cpus", tests, NULL, NULL);
}
