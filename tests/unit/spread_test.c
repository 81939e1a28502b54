/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a launch on different CPUs: who is kept off which, and that it is undone to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/spread.h"

static cpu_set_t before; /* what this test may use, for each case again */

static int restore(void **state)
{
	(void)state;
	return sched_setaffinity(0, sizeof before, &before);
}

static int first_cpu(void)
{
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &before))
			return i;
	return -1;
}

static void stay_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
}

static void assert_may_use(const cpu_set_t *expected)
{
	cpu_set_t now;

	assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
	assert_true(CPU_EQUAL(&now, expected));
}

static void test_read(void **state)
{
	cpu_set_t now;
	(void)state;

	spread_read(&now);
	assert_true(CPU_EQUAL(&now, &before));
	stay_on(first_cpu());
	spread_read(&now);
	assert_int_equal(CPU_COUNT(&now), 1);
}

static void test_off(void **state)
{
	cpu_set_t others = before, now;
	(void)state;

	CPU_CLR(first_cpu(), &others);
	stay_on(first_cpu());
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	int rc = spread_off(child, &before);
	int os = errno;
	assert_int_equal(sched_getaffinity(child, sizeof now, &now), 0);
	(void)kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	if (CPU_COUNT(&before) > 1) {
		assert_int_equal(rc, 0);
		assert_true(CPU_EQUAL(&now, &others));
	} else {
		assert_int_equal(rc, -1);
		assert_int_equal(os, ENODEV);
	}
}

/* What cannot be told is no CPU at all, and then nothing is done either. */
static void test_nowhere_else(void **state)
{
	cpu_set_t one, none;
	(void)state;

	CPU_ZERO(&none);
	stay_on(first_cpu());
	spread_read(&one);
	assert_int_equal(spread_off(0, &one), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(spread_off(0, &none), -1);
	assert_int_equal(errno, ENODEV);
	assert_may_use(&one);
}

static void test_undo(void **state)
{
	cpu_set_t one;
	(void)state;

	stay_on(first_cpu());
	spread_read(&one);
	assert_int_equal(spread_undo(&before), 0);
	assert_may_use(&before);
	/* The caller's own set is narrower than what there is: it is that again, and not all. */
	assert_int_equal(spread_undo(&one), 0);
	assert_may_use(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_read, restore),
	    cmocka_unit_test_teardown(test_off, restore),
	    cmocka_unit_test_teardown(test_nowhere_else, restore),
	    cmocka_unit_test_teardown(test_undo, restore),
	};

	if (sched_getaffinity(0, sizeof before, &before) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
