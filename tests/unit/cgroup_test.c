/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups without a kernel's: the files are files, the directories directories. What the kernel
 * does with them is tested by tests/t/35*.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "cgroup/cgroup.h"
#include "cgroup/own.h"

static char base[] = "/tmp/vkjail-cgroup-XXXXXX";
static int base_fd;

static void put(const char *name, const char *text)
{
	AUTO_FD int fd = openat(base_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(base))
		return -1;
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return base_fd < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	(void)close(base_fd);
	return nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct cgroup_place place_v2(void)
{
	struct cgroup_place p = {.version = CGROUP_V2, .controllers = ~0U, .source = "test"};
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		p.dir[c] = base;
	return p;
}

static void test_numbers_of_v2(void **state)
{
	struct cgroup_place p = place_v2();
	struct cgroup g = CGROUP_INIT;
	struct cgroup_stat s;
	(void)state;

	put("memory.current", "4096\n");
	put("memory.peak", "8192\n");
	put("memory.swap.peak", "max\n");
	put("memory.events", "low 0\nhigh 3\nmax 7\noom 2\noom_kill 1\noom_group_kill 1\n");
	put("memory.stat", "anon 1\npgfault 100\npgmajfault 7\n");
	put("cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 4\nnr_throttled 2\nthrottled_usec 9\n");
	put("pids.current", "5\n");
	put("pids.events", "max 11\n");
	put("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2 rios=1 wios=1\n");
	put("cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=77\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
	put("cgroup.procs", "1\n2\n3\n");
	g.place = &p;
	g.dir[0] = dup(base_fd);
	g.oom_fd = openat(base_fd, "memory.events", O_RDONLY | O_CLOEXEC);
	g.memory_fd = openat(base_fd, "memory.current", O_RDONLY | O_CLOEXEC);
	g.cpu_fd = openat(base_fd, "cpu.stat", O_RDONLY | O_CLOEXEC);

	cgroup_stat_read(&g, &s);
	assert_int_equal(s.memory_bytes, 4096);
	assert_int_equal(s.memory_peak_bytes, 8192);
	assert_true(s.swap_peak_bytes == CGROUP_UNKNOWN);
	assert_int_equal(s.oom, 2);
	/* Not the line of which this is only the start. */
	assert_int_equal(s.oom_kill, 1);
	assert_int_equal(s.memory_max, 7);
	assert_int_equal(s.memory_high, 3);
	assert_int_equal(s.minor_faults, 93);
	assert_int_equal(s.major_faults, 7);
	assert_int_equal(s.cpu_ns, 1500000);
	assert_int_equal(s.cpu_user_ns, 1000000);
	assert_int_equal(s.throttled_periods, 2);
	assert_int_equal(s.throttled_ns, 9000);
	assert_int_equal(s.tasks, 5);
	assert_int_equal(s.tasks_refused, 11);
	assert_int_equal(s.io_read_bytes, 11);
	assert_int_equal(s.io_written_bytes, 22);
	assert_int_equal(s.stalled_cpu_ns, 77000);
	assert_true(s.stalled_io_ns == CGROUP_UNKNOWN);

	cgroup_stat_sample(&g, &s);
	assert_int_equal(s.cpu_ns, 1500000);
	assert_int_equal(s.memory_bytes, 4096);
	assert_int_equal(s.processes, 3);
	assert_int_equal(s.tasks, 3);
	g.tasks_fd = openat(base_fd, "pids.current", O_RDONLY | O_CLOEXEC);
	g.procs_fd = openat(base_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char many[5 * 3000 + 1] = "";
	for (int i = 0; i < 3000; i++)
		memcpy(many + (ptrdiff_t)5 * i, "1234\n", sizeof "1234\n");
	put("cgroup.procs", many);
	cgroup_stat_sample(&g, &s);
	assert_int_equal(s.processes, 3000);
	assert_int_equal(s.tasks, 5);
	/* Read anew, not where it was left. */
	put("cgroup.procs", "1\n");
	put("pids.current", "77\n");
	cgroup_stat_sample(&g, &s);
	assert_int_equal(s.processes, 1);
	assert_int_equal(s.tasks, 77);
	(void)close(g.tasks_fd);
	(void)close(g.procs_fd);
	(void)close(g.dir[0]);
	(void)close(g.oom_fd);
	(void)close(g.memory_fd);
	(void)close(g.cpu_fd);
}

static unsigned long long own_start(void)
{
	char text[1024];
	unsigned long long start = 0;
	AUTO_FD int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof text - 1);

	assert_true(n > 0);
	text[n] = '\0';
	char *field = strrchr(text, ')') + 2;
	for (int i = 3; i < 22; i++)
		field = strchr(field, ' ') + 1;
	start = strtoull(field, NULL, 10);
	return start;
}

/* Only what a dead runner of this pid namespace left is removed. */
static void test_leftovers(void **state)
{
	struct cgroup_place p = place_v2();
	struct cgroup g;
	struct err e = ERR_INIT;
	struct stat st;
	char dead[80], reused[80], alive[80], foreign[80];
	(void)state;

	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	unsigned long space = (unsigned long)st.st_ino;
	unsigned long long start = own_start();
	(void)snprintf(dead, sizeof dead, "vkjail.%lu.4194303.%llu", space, start);
	(void)snprintf(reused, sizeof reused, "vkjail.%lu.%d.%llu", space, (int)getppid(), start + 1);
	(void)snprintf(alive, sizeof alive, "vkjail-leaf.%lu.%d.%llu", space, (int)getpid(), start);
	(void)snprintf(foreign, sizeof foreign, "vkjail.%lu.4194303.%llu", space + 1, start);
	const char *const all[] = {dead, reused, alive, foreign, "vkjail.nonsense", "somebody"};
	for (size_t i = 0; i < COUNTOF(all); i++)
		assert_int_equal(mkdirat(base_fd, all[i], 0755), 0);
	assert_int_equal(mkdirat(base_fd, "sub", 0755), 0);
	char below[120];
	(void)snprintf(below, sizeof below, "%s/made-by-the-job", dead);
	assert_int_equal(mkdirat(base_fd, below, 0), 0);

	assert_int_equal(cgroup_open(&g, &p, &e), 0);
	assert_int_not_equal(faccessat(base_fd, dead, F_OK, 0), 0);
	assert_int_not_equal(faccessat(base_fd, reused, F_OK, 0), 0);
	for (size_t i = 2; i < COUNTOF(all); i++)
		assert_int_equal(faccessat(base_fd, all[i], F_OK, 0), 0);

	/* What the job made below the group goes with it, whatever its permissions. */
	(void)snprintf(below, sizeof below, "%s/a", g.name);
	assert_int_equal(mkdirat(base_fd, below, 0755), 0);
	(void)snprintf(below, sizeof below, "%s/a/b", g.name);
	assert_int_equal(mkdirat(base_fd, below, 0), 0);
	assert_true(cgroup_remove(&g));
	assert_int_not_equal(faccessat(base_fd, g.name, F_OK, 0), 0);
	cgroup_done(&g);
}

static void test_two_runs_at_once_fail_clearly(void **state)
{
	struct cgroup_place p = place_v2();
	struct cgroup a, b;
	struct err e = ERR_INIT;
	(void)state;

	assert_int_equal(cgroup_open(&a, &p, &e), 0);
	assert_int_equal(cgroup_open(&b, &p, &e), -1);
	assert_int_equal(e.os, EEXIST);
	cgroup_done(&b);
	cgroup_done(&a);
}

/* A child that waits for its end; its pid goes into a file as cgroup.procs has it. */
static pid_t child_in(const char *procs)
{
	char text[32];
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			(void)pause();
	(void)snprintf(text, sizeof text, "%d\n", (int)pid);
	put(procs, text);
	return pid;
}

/* Before Linux 5.14: the group is frozen, everybody in it and below is killed, and it is thawed. */
static void test_killing_one_by_one(void **state)
{
	struct cgroup_place p = place_v2();
	struct cgroup g;
	struct err e = ERR_INIT;
	char group[96], file[200], text[8] = "";
	static const char *const where[] = {"", "/sub", "/sub/deeper"};
	pid_t children[COUNTOF(where)];
	int status;
	(void)state;

	assert_int_equal(cgroup_open(&g, &p, &e), 0);
	(void)snprintf(group, sizeof group, "%s", g.name);
	for (size_t i = 0; i < COUNTOF(where); i++) {
		(void)snprintf(file, sizeof file, "%s%s", group, where[i]);
		if (where[i][0])
			assert_int_equal(mkdirat(base_fd, file, 0755), 0);
		(void)snprintf(file, sizeof file, "%s%s/cgroup.procs", group, where[i]);
		children[i] = child_in(file);
	}
	(void)snprintf(file, sizeof file, "%s/cgroup.freeze", group);
	put(file, "x");
	/* The job takes the permissions of what is its own. */
	(void)snprintf(file, sizeof file, "%s/sub", group);
	assert_int_equal(fchmodat(base_fd, file, 0, 0), 0);

	cgroup_kill(&g);
	for (size_t i = 0; i < COUNTOF(where); i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGKILL);
	}
	(void)snprintf(file, sizeof file, "%s/cgroup.freeze", group);
	AUTO_FD int fd = openat(base_fd, file, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	assert_string_equal(text, "0");
	for (size_t i = COUNTOF(where); i-- > 0;) {
		(void)snprintf(file, sizeof file, "%s%s/cgroup.procs", group, where[i]);
		assert_int_equal(unlinkat(base_fd, file, 0), 0);
	}
	(void)snprintf(file, sizeof file, "%s/cgroup.freeze", group);
	assert_int_equal(unlinkat(base_fd, file, 0), 0);
	assert_true(cgroup_remove(&g));
	cgroup_done(&g);
}

/* One write does it where the kernel can; nobody is signalled, nothing frozen. */
static void test_killing_at_once(void **state)
{
	struct cgroup_place p = place_v2();
	struct cgroup g;
	struct err e = ERR_INIT;
	char procs[120], kill_file[120], text[8] = "";
	int status;
	(void)state;

	assert_int_equal(cgroup_open(&g, &p, &e), 0);
	(void)snprintf(procs, sizeof procs, "%s/cgroup.procs", g.name);
	(void)snprintf(kill_file, sizeof kill_file, "%s/cgroup.kill", g.name);
	pid_t child = child_in(procs);
	put(kill_file, "x");
	cgroup_kill(&g);
	AUTO_FD int fd = openat(base_fd, kill_file, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	assert_string_equal(text, "1");
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	(void)kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(unlinkat(base_fd, procs, 0), 0);
	assert_int_equal(unlinkat(base_fd, kill_file, 0), 0);
	cgroup_done(&g);
}

/* A limit that a group below has of its own is not ours. */
static void test_whose_limit(void **state)
{
	struct cgroup_place p = place_v2();
	struct cgroup g = CGROUP_INIT;
	struct cgroup_stat s;
	(void)state;

	put("memory.events", "max 3\noom 2\noom_kill 2\n");
	put("memory.events.local", "max 0\noom 0\noom_kill 0\n");
	g.place = &p;
	g.dir[0] = dup(base_fd);
	g.oom_fd = openat(base_fd, "memory.events", O_RDONLY | O_CLOEXEC);
	cgroup_stat_oom(&g, &s);
	assert_int_equal(s.oom, 2);
	assert_int_equal(s.oom_local, 0);
	put("memory.events.local", "max 1\noom 1\noom_kill 1\n");
	cgroup_stat_oom(&g, &s);
	assert_int_equal(s.oom_local, 1);
	/* Before Linux 5.2. */
	assert_int_equal(unlinkat(base_fd, "memory.events.local", 0), 0);
	cgroup_stat_oom(&g, &s);
	assert_int_equal(s.oom_local, 2);
	(void)close(g.dir[0]);
	(void)close(g.oom_fd);
}

static void test_pressure_trigger(void **state)
{
	struct cgroup_place p = place_v2();
	struct cgroup g = CGROUP_INIT;
	char text[64] = "";
	(void)state;

	g.place = &p;
	g.dir[0] = dup(base_fd);
	assert_int_equal(cgroup_pressure_fd(&g), -1);
	put("memory.pressure", "");
	int fd = cgroup_pressure_fd(&g);
	assert_true(fd >= 0);
	assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
	assert_string_equal(text, "some 50000 500000");
	(void)close(fd);
	(void)close(g.dir[0]);
}

static const char *joined_by(struct cgroup_place *p, char *path, size_t size)
{
	struct cgroup g = CGROUP_INIT;
	struct err e = ERR_INIT;
	char link[40];
	int fds[CGROUP_CONTROLLERS];
	size_t count;

	g.place = p;
	g.dir[0] = dup(base_fd);
	assert_int_equal(cgroup_join_fds(&g, fds, &count, &e), 0);
	assert_int_equal(count, 1);
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fds[0]);
	ssize_t n = readlink(link, path, size - 1);
	assert_true(n > 0);
	path[n] = '\0';
	(void)close(fds[0]);
	(void)close(g.dir[0]);
	return strrchr(path, '/') + 1;
}

/* A new process has one thread. In v1 it joins by that, which costs no wait for all CPUs. */
static void test_joining(void **state)
{
	struct cgroup_place p = place_v2();
	char path[4200];
	(void)state;

	put("cgroup.procs", "");
	put("tasks", "");
	assert_string_equal(joined_by(&p, path, sizeof path), "cgroup.procs");
	p.version = CGROUP_V1;
	assert_string_equal(joined_by(&p, path, sizeof path), "tasks");
}

/* v1 has a line for each device and direction. */
static void test_io_of_v1(void **state)
{
	struct cgroup_place p = {.version = CGROUP_V1, .controllers = CGROUP_BIT(CGROUP_IO)};
	struct cgroup g = CGROUP_INIT;
	struct cgroup_stat s;
	(void)state;

	put("blkio.throttle.io_service_bytes",
	    "8:0 Read 10\n8:0 Write 20\n8:0 Sync 5\n8:0 Total 30\n8:16 Read 1\n8:16 Write 2\nTotal 33\n");
	g.place = &p;
	g.dir[CGROUP_IO] = dup(base_fd);
	cgroup_stat_read(&g, &s);
	assert_int_equal(s.io_read_bytes, 11);
	assert_int_equal(s.io_written_bytes, 22);
	(void)close(g.dir[CGROUP_IO]);
}

static void test_wanted(void **state)
{
	__attribute__((cleanup(arena_done))) struct arena a = {0};
	struct cgroup_place p;
	struct err e = ERR_INIT;
	(void)state;

	assert_int_equal(cgroup_find(&a, base, 0, 0, &p, &e), -1);
	assert_non_null(strstr(e.text, "is not a directory of a cgroup v2 file system"));
	e = ERR_INIT;
	assert_int_equal(cgroup_find(&a, "/nowhere", 0, 0, &p, &e), -1);
	assert_int_equal(e.os, ENOENT);
	assert_int_equal(e.kind, ERR_BAD);
}

/* No kernel at hand has this controller: the texts are its documentation's and its source's, the group is a directory. */
static void test_device_memory(void **state)
{
	static const char text[] = "drm/0000:03:00.0/vram0 12550144\ndrm/0000:03:00.0/stolen 8650752\n\nnonsense\n 7\n"
				   "drm/0000:04:00.0/vram 1000\ndrm/0000:04:00.0/gtt 5\nother/0000:04:00.0/vram 5\n"
				   "drm/0000:05:00.0/vram0 max\ndrm/0000:05:00.0/vram1 -5\ndrm/vram 9\ndrm/0000:06:00.0/vram0 1";
	struct cgroup_place p = place_v2();
	struct cgroup g = CGROUP_INIT;
	struct cgroup_region r;
	const char *at = text;
	unsigned count = 0, of_one = 0;

	(void)state;
	while (cgroup_region_next(&at, &r)) {
		count++;
		of_one += cgroup_region_is_of(&r, "0000:03:00.0");
	}
	assert_int_equal(count, 9);
	assert_int_equal(of_one, 1);
	at = "drm/0000:05:00.0/vram0 max\n";
	assert_true(cgroup_region_next(&at, &r));
	assert_true(r.bytes == CGROUP_UNKNOWN);
	assert_false(cgroup_region_next(&at, &r));

	g.place = &p;
	g.dir[0] = dup(base_fd);
	assert_true(cgroup_device_memory(&g) == CGROUP_UNKNOWN);
	put("dmem.current", text);
	assert_int_equal(cgroup_device_memory(&g), 12550144 + 1000 + 1);
	put("dmem.current", "drm/0000:03:00.0/vram0 18446744073709551614\ndrm/0000:03:00.0/vram1 18446744073709551614\n");
	assert_int_equal(cgroup_device_memory(&g), INT64_MAX);
	put("dmem.max", "");
	assert_int_equal(cgroup_set(&g, CGROUP_DMEM, "dmem.max", "drm/0000:03:00.0/vram0 1024"), 0);
	char written[64] = "";
	AUTO_FD int fd = openat(base_fd, "dmem.max", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, written, sizeof written - 1) > 0);
	assert_string_equal(written, "drm/0000:03:00.0/vram0 1024");
	p.controllers = CGROUP_BIT(CGROUP_MEMORY);
	assert_true(cgroup_device_memory(&g) == CGROUP_UNKNOWN);
	(void)close(g.dir[0]);
}

/* In a mount namespace of its own: more mounts than 64 KiB of mountinfo, and the last of them is seen. */
static int see_many_mounts(void)
{
	enum { MOUNTS = 600 };
	char dir[256], name[128];
	struct mounts m;
	struct err e = ERR_INIT;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return 77;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	for (int i = 0; i < MOUNTS; i++) {
		(void)snprintf(dir, sizeof dir, "%s/%s%d", base, name, i);
		if (mkdir(dir, 0700) < 0 || mount("none", dir, "tmpfs", 0, "size=4k") < 0)
			return 77;
	}
	return own_load(&m, &e) == 0 && strlen(m.text) > 65536 && strstr(m.text, dir) ? 0 : 1;
}

static void test_many_mounts(void **state)
{
	int status;
	pid_t pid = fork();
	(void)state;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(see_many_mounts());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("no mount namespace\n");
		skip();
	}
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_mounts),
		cmocka_unit_test(test_numbers_of_v2),
		cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_two_runs_at_once_fail_clearly),
		cmocka_unit_test(test_killing_one_by_one),
		cmocka_unit_test(test_killing_at_once),
		cmocka_unit_test(test_whose_limit),
		cmocka_unit_test(test_pressure_trigger),
		cmocka_unit_test(test_io_of_v1),
		cmocka_unit_test(test_device_memory),
		cmocka_unit_test(test_joining),
		cmocka_unit_test(test_wanted),
	};
	return cmocka_run_group_tests_name("cgroup", tests, set_up, tear_down);
}
