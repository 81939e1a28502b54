/* SPDX-License-Identifier: Apache-2.0 */
/* The rendezvous with the Vulkan layer: slots and descriptors of processes that come again, and when something is short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/auto.h"
#include "watch/telemetry.h"

static struct telemetry telemetry;
static struct sockaddr_un name;
static socklen_t name_size;

static int set_up(void **state)
{
	static const struct telemetry_orders orders = {.memory_hard = PAGE_NO_LIMIT,
						       .memory_soft = PAGE_NO_LIMIT};
	struct err e = ERR_INIT;

	(void)state;
	telemetry_init(&telemetry);
	if (telemetry_open(&telemetry, &orders, NULL, &e) < 0)
		return -1;
	/* Without a name the kernel gives one that is free. */
	name = (struct sockaddr_un){.sun_family = AF_UNIX};
	name_size = sizeof name;
	return bind(telemetry.listen_fd, (const struct sockaddr *)&name, sizeof name.sun_family) <
		   0 ||
	       listen(telemetry.listen_fd, 8) < 0 ||
	       getsockname(telemetry.listen_fd, (struct sockaddr *)&name, &name_size) < 0;
}

static int tear_down(void **state)
{
	(void)state;
	telemetry_done(&telemetry);
	return 0;
}

static int call(void)
{
	const struct page_words hello = {.magic = PAGE_MAGIC_WORDS,
					 .version = PAGE_VERSION,
					 .word = PAGE_WORD_HELLO,
					 .pid = getpid()};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&name, name_size), 0);
	assert_int_equal(send(fd, &hello, sizeof hello, 0), sizeof hello);
	return fd;
}

static unsigned slots_taken(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < PAGE_SLOTS; i++)
		count += telemetry.slots[i].pidfd >= 0;
	return count;
}

/* As one does that executes one program after the other. What it held goes with each. */
static void a_process_has_one_slot(void **state)
{
	unsigned slot;

	(void)state;
	for (uint64_t i = 1; i <= TELEMETRY_PROCESSES + 10; i++) {
		AUTO_FD int fd = call();
		int pending = telemetry_accept(&telemetry);
		assert_true(pending >= 0);
		assert_int_equal(telemetry_take(&telemetry, (unsigned)pending, i, &slot),
				 TELEMETRY_HELLO);
		assert_int_equal(slots_taken(), 1);
		assert_int_equal(telemetry_memory(&telemetry), 0);
		telemetry.page->slots[slot].counted = 1 << 20;
	}
	assert_int_equal(telemetry.hellos, TELEMETRY_PROCESSES + 10);
}

/* The n-th descriptor that is free. */
static rlim_t free_descriptor(unsigned n)
{
	int fds[8];
	rlim_t last;

	assert_true(n < COUNTOF(fds));
	for (unsigned i = 0; i <= n; i++)
		assert_true((fds[i] = dup(0)) >= 0);
	last = (rlim_t)fds[n];
	for (unsigned i = 0; i <= n; i++)
		(void)close(fds[i]);
	return last;
}

static enum telemetry_word hello_with(unsigned descriptors)
{
	struct rlimit before, few;
	unsigned slot;
	AUTO_FD int fd = call();
	int pending = telemetry_accept(&telemetry);

	assert_true(pending >= 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = free_descriptor(descriptors);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	enum telemetry_word word = telemetry_take(&telemetry, (unsigned)pending, 1, &slot);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	return word;
}

/* One is for the process; the pages need two, and one after the other will do. */
static void short_of_descriptors(void **state)
{
	(void)state;
	assert_int_equal(hello_with(2), TELEMETRY_NOTHING);
	assert_int_equal(telemetry.refused, 1);
	int control = telemetry.control_fd;
	assert_true(control >= 0);
	assert_int_equal(hello_with(2), TELEMETRY_HELLO);
	assert_int_equal(telemetry.control_fd, control);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_process_has_one_slot, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(short_of_descriptors, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
