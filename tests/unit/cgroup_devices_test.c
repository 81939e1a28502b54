/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device filter of a group, with the kernel's own groups: as root, in whatever hierarchies are
 * mounted. Child processes join and try; what they get is their exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "cgroup/devices.h"

/* The rest of what is here always: not in the list. */
static const struct cgroup_device list[] = {
	{.node = "/dev/null", .major = 1, .minor = 3, .read = true, .write = true},
	{.node = "/dev/zero", .major = 1, .minor = 5, .read = true},
	{.node = "/dev/full", .major = 1, .minor = 7, .write = true},
	{.node = "a disk", .is_block = true, .major = 1, .minor = 8, .read = true, .write = true},
};

/* The mount point of a hierarchy with this type and option; NULL when there is none. */
static const char *mount_of(const char *type, const char *option)
{
	static char point[1024];
	char line[4096], is[32], options[1024];
	FILE *f = fopen("/proc/mounts", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof line, f))
		found = sscanf(line, "%*s %1023s %31s %1023s", point, is, options) == 3 &&
			strcmp(is, type) == 0 && (!option || strstr(options, option));
	if (f)
		(void)fclose(f);
	return found ? point : NULL;
}

static int open_it(const char *path, int flags)
{
	AUTO_FD int fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}

/* errno's of the tries, each in its place; 0 where it went well. */
enum { TRIES = 8 };

static void try_all(int got[static TRIES])
{
	char node[] = "/tmp/vkjail-node-XXXXXX";
	AUTO_FD int fd = mkstemp(node);

	(void)unlink(node);
	got[0] = open_it("/dev/null", O_RDWR);
	got[1] = open_it("/dev/zero", O_RDONLY);
	got[2] = open_it("/dev/zero", O_RDWR);
	got[3] = open_it("/dev/full", O_WRONLY);
	got[4] = open_it("/dev/full", O_RDONLY);
	got[5] = open_it("/dev/urandom", O_RDONLY);
	/* The number of an allowed block device is not that of a character device. */
	got[6] = open_it("/dev/random", O_RDONLY);
	got[7] = mknod(node, S_IFCHR | 0600, makedev(1, 3)) < 0 ? errno : 0;
	(void)unlink(node);
}

static void in_group(const struct cgroup *g, int got[static TRIES])
{
	int fds[CGROUP_CONTROLLERS], pipes[2], status;
	size_t count;
	struct err e = ERR_INIT;

	assert_int_equal(cgroup_join_fds(g, fds, &count, &e), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int mine[TRIES];
		for (size_t i = 0; i < count; i++)
			if (write(fds[i], "0", 1) < 0)
				_exit(1);
		try_all(mine);
		_exit(write(pipes[1], mine, sizeof mine) == sizeof mine ? 0 : 1);
	}
	(void)close(pipes[1]);
	assert_int_equal(read(pipes[0], got, sizeof(int[TRIES])), sizeof(int[TRIES]));
	(void)close(pipes[0]);
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void check(const struct cgroup_place *place, int program)
{
	static const int want[TRIES] = {0, 0, EPERM, 0, EPERM, EPERM, EPERM, EPERM};
	int got[TRIES];
	struct cgroup g = CGROUP_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(cgroup_open(&g, place, &e), 0);
	in_group(&g, got);
	for (size_t i = 0; i < TRIES; i++)
		if (got[i])
			fail_msg("try %zu fails without the filter: %s", i, strerror(got[i]));
	assert_int_equal(cgroup_devices_hold(&g, list, COUNTOF(list), program), 0);
	in_group(&g, got);
	for (size_t i = 0; i < TRIES; i++)
		if (got[i] != want[i])
			fail_msg("try %zu: got %d, want %d", i, got[i], want[i]);
	assert_true(cgroup_remove(&g));
	cgroup_done(&g);
}

static void test_v2(void **state)
{
	const char *dir = mount_of("cgroup2", NULL);
	struct cgroup_place place = {.version = CGROUP_V2, .source = "test"};
	(void)state;

	AUTO_FD int program = cgroup_devices_load(list, COUNTOF(list));
	if (geteuid() != 0 || !dir || program < 0) {
		print_message("no cgroup2, or no program can be loaded (%s)\n", strerror(errno));
		skip();
	}
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		place.dir[c] = dir;
	check(&place, program);
	AUTO_FD int none = cgroup_devices_load(NULL, 0);
	assert_true(none >= 0);
	errno = 0;
	assert_int_equal(cgroup_devices_load(list, 1025), -1);
	assert_int_equal(errno, E2BIG);
}

static void test_v1(void **state)
{
	const char *dir = mount_of("cgroup", "devices");
	struct cgroup_place place = {.version = CGROUP_V1,
		.controllers = CGROUP_BIT(CGROUP_DEVICES),
		.source = "test"};
	(void)state;

	if (geteuid() != 0 || !dir) {
		print_message("no controller devices\n");
		skip();
	}
	place.dir[CGROUP_DEVICES] = dir;
	check(&place, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2),
		cmocka_unit_test(test_v1),
	};

	return cmocka_run_group_tests_name("cgroup_devices", tests, NULL, NULL);
}
