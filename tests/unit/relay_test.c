/* SPDX-License-Identifier: Apache-2.0 */
/* The job's output through our pipes: whole, up to the limit, and never blocking. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "watch/relay.h"

static char data[1 << 20];

/* A relay into a file in memory. */
static struct relay to_memory(void)
{
	struct relay r;
	struct err e;
	int fd = memfd_create("target", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(relay_open(&r, fd, &e), 0);
	assert_true(fcntl(r.read_fd, F_GETFL) & O_NONBLOCK);
	assert_false(fcntl(r.write_fd, F_GETFL) & O_NONBLOCK);
	return r;
}

static void job_writes(const struct relay *r, size_t size)
{
	assert_int_equal(fd_write_all(r->write_fd, data, size), 0);
}

static void job_ends(struct relay *r)
{
	(void)close(r->write_fd);
	r->write_fd = -1;
}

static void finish(struct relay *r)
{
	if (!r->owned)
		(void)close(r->target_fd);
	relay_done(r);
	assert_int_equal(r->read_fd, -1);
	relay_done(r);
}

static void test_limit_to_the_byte(void **state)
{
	static const struct {
		size_t written, limit, passed;
		enum relay_result result;
	} rows[] = {
		{0, 0, 0, RELAY_END}, {1, 0, 0, RELAY_LIMIT}, {10, 9, 9, RELAY_LIMIT}, {10, 10, 10, RELAY_END}, {10, 11, 10, RELAY_END},
		{PIPE_BUF, PIPE_BUF, PIPE_BUF, RELAY_END}, {PIPE_BUF + 1, PIPE_BUF, PIPE_BUF, RELAY_LIMIT}, {50000, 49999, 49999, RELAY_LIMIT},
		{50000, SIZE_MAX, 50000, RELAY_END},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct relay r = to_memory();
		uint64_t used = 0;
		job_writes(&r, rows[i].written);
		job_ends(&r);
		assert_int_equal(relay_pump(&r, &used, rows[i].limit), rows[i].result);
		assert_int_equal(used, rows[i].passed);
		assert_int_equal(lseek(r.target_fd, 0, SEEK_END), rows[i].passed);
		finish(&r);
	}
}

static void test_the_bytes_are_the_same(void **state)
{
	static char back[30000];
	struct relay r = to_memory();
	uint64_t used = 0;
	(void)state;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 7 + i / 251);
	job_writes(&r, 10000);
	assert_int_equal(relay_pump(&r, &used, UINT64_MAX), RELAY_EMPTY);
	assert_int_equal(fd_write_all(r.write_fd, data + 10000, 20000), 0);
	job_ends(&r);
	assert_int_equal(relay_pump(&r, &used, UINT64_MAX), RELAY_END);
	assert_int_equal(used, 30000);
	assert_int_equal(pread(r.target_fd, back, sizeof back, 0), 30000);
	assert_memory_equal(back, data, sizeof back);
	finish(&r);
}

static void test_two_share_one_limit(void **state)
{
	struct relay a = to_memory(), b = to_memory();
	uint64_t used = 0;
	(void)state;

	job_writes(&a, 600);
	job_writes(&b, 600);
	assert_int_equal(relay_pump(&a, &used, 1000), RELAY_EMPTY);
	assert_int_equal(relay_pump(&b, &used, 1000), RELAY_LIMIT);
	assert_int_equal(used, 1000);
	assert_int_equal(lseek(b.target_fd, 0, SEEK_END), 400);
	finish(&a);
	finish(&b);
}

static void test_a_full_target_blocks_nobody(void **state)
{
	struct relay r;
	struct err e;
	int target[2];
	uint64_t used = 0;
	static char back[1 << 16];
	(void)state;

	assert_int_equal(pipe2(target, O_CLOEXEC), 0);
	assert_int_equal(fcntl(target[1], F_SETPIPE_SZ, 8192), 8192);
	assert_int_equal(relay_open(&r, target[1], &e), 0);
	job_writes(&r, 30000);
	assert_int_equal(relay_pump(&r, &used, UINT64_MAX), RELAY_BLOCKED);
	assert_int_equal(used, 8192);
	assert_int_equal(relay_pump(&r, &used, UINT64_MAX), RELAY_BLOCKED);
	assert_int_equal(used, 8192);
	/* As much as the reader takes goes on. */
	assert_int_equal(read(target[0], back, 4096), 4096);
	assert_int_equal(relay_pump(&r, &used, UINT64_MAX), RELAY_BLOCKED);
	assert_int_equal(used, 12288);
	(void)close(target[0]);
	/* Nobody reads any more: the end, and with SIGPIPE ignored nobody dies of it. */
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(relay_pump(&r, &used, UINT64_MAX), RELAY_END);
	finish(&r);
	(void)close(target[1]);
}

static void test_a_flood_gives_up_its_turn(void **state)
{
	struct relay r = to_memory();
	uint64_t used = 0;
	(void)state;

	assert_true(fcntl(r.write_fd, F_SETPIPE_SZ, sizeof data) >= (int)sizeof data);
	job_writes(&r, sizeof data);
	assert_int_equal(relay_pump(&r, &used, UINT64_MAX), RELAY_MORE);
	assert_true(used > 0 && used < sizeof data);
	finish(&r);
}

static void test_a_full_disk_is_the_end(void **state)
{
	struct relay r;
	struct err e;
	uint64_t used = 0;
	(void)state;

	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(full >= 0);
	assert_int_equal(relay_open(&r, full, &e), 0);
	job_writes(&r, 10);
	assert_int_equal(relay_pump(&r, &used, UINT64_MAX), RELAY_END);
	finish(&r);
	(void)close(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_to_the_byte),
		cmocka_unit_test(test_the_bytes_are_the_same),
		cmocka_unit_test(test_two_share_one_limit),
		cmocka_unit_test(test_a_full_target_blocks_nobody),
		cmocka_unit_test(test_a_flood_gives_up_its_turn),
		cmocka_unit_test(test_a_full_disk_is_the_end),
	};
	return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
