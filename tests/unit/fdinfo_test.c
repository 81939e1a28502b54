/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What GPU drivers write into fdinfo, in the forms that the kernel's documentation and sources have for
 * each of them, and a /proc of files from which a job's clients are added up. gpu-use.c looks at the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "watch/fdinfo.h"
#include "watch/gpu-use.h"

#define HEAD "pos:\t0\nflags:\t02100002\nmnt_id:\t26\nino:\t1043\n"
#define MIB  (1024ull * 1024)

static const char amdgpu[] = HEAD
	"drm-driver:\tamdgpu\ndrm-client-id:\t14\ndrm-pdev:\t0000:03:00.0\npasid:\t32771\n"
	"drm-total-cpu:\t512 KiB\ndrm-shared-cpu:\t0\ndrm-resident-cpu:\t512 KiB\n"
	"drm-total-gtt:\t8 MiB\ndrm-shared-gtt:\t0\ndrm-resident-gtt:\t6 MiB\n"
	"drm-total-vram:\t300 MiB\ndrm-shared-vram:\t20 MiB\ndrm-resident-vram:\t280 MiB\n"
	"drm-memory-vram:\t286720 KiB\ndrm-memory-gtt: \t6144 KiB\ndrm-memory-cpu: \t512 KiB\n"
	"amd-requested-vram:\t307200 KiB\n"
	"drm-engine-gfx:\t1203400000 ns\ndrm-engine-compute:\t5000000 ns\n";
/* Before the keys were the same for all drivers. */
static const char amdgpu_old[] = "pos:\t0\npasid:\t32771\n"
	"drm-driver:\tamdgpu\ndrm-pdev:\t0000:03:00.0\ndrm-client-id:\t14\n"
	"drm-memory-vram:\t2048 KiB\ndrm-memory-gtt: \t1024 KiB\ndrm-memory-cpu: \t0 KiB\n"
	"drm-engine-gfx:\t77 ns\n";
static const char i915_integrated[] = HEAD
	"drm-driver:\ti915\ndrm-client-id:\t7\ndrm-pdev:\t0000:00:02.0\n"
	"drm-total-system0:\t96 MiB\ndrm-shared-system0:\t16 MiB\ndrm-active-system0:\t0\n"
	"drm-resident-system0:\t80 MiB\ndrm-purgeable-system0:\t12 MiB\n"
	"drm-total-stolen-system0:\t1 MiB\ndrm-resident-stolen-system0:\t1 MiB\n"
	"drm-engine-render:\t9288864723 ns\ndrm-engine-copy:\t2035071108 ns\n"
	"drm-engine-video:\t0 ns\ndrm-engine-capacity-video:\t2\n";
static const char i915_discrete[] = HEAD
	"drm-driver:\ti915\ndrm-client-id:\t11\ndrm-pdev:\t0000:03:00.0\n"
	"drm-resident-local0:\t512 MiB\ndrm-resident-system0:\t2048 KiB\ndrm-engine-render:\t500 ns\n";
static const char xe[] = HEAD
	"drm-driver:\txe\ndrm-client-id:\t42\ndrm-pdev:\t0000:03:00.0\n"
	"drm-total-system:\t0\ndrm-resident-system:\t0\ndrm-total-vram0:\t64 MiB\ndrm-shared-vram0:\t0\n"
	"drm-resident-vram0:\t32 MiB\ndrm-total-stolen:\t0\n"
	"drm-cycles-rcs:\t%llu\ndrm-total-cycles-rcs:\t%llu\ndrm-cycles-ccs:\t0\n"
	"drm-total-cycles-ccs:\t7655183225\ndrm-engine-capacity-ccs:\t4\n";
static const char nouveau[] = HEAD
	"drm-driver:\tnouveau\ndrm-client-id:\t5\ndrm-pdev:\t0000:01:00.0\n"
	"drm-total-vram:\t3 MiB\ndrm-total-gart:\t1 MiB\n";
static const char panfrost[] = HEAD
	"drm-driver:\tpanfrost\ndrm-client-id:\t14\n"
	"drm-engine-fragment:\t1846584880 ns\ndrm-cycles-fragment:\t1424359409\n"
	"drm-maxfreq-fragment:\t799999987 Hz\ndrm-curfreq-fragment:\t799999987 Hz\n"
	"drm-engine-vertex-tiler:\t71932239 ns\ndrm-cycles-vertex-tiler:\t52617357\n"
	"drm-total-memory:\t290 MiB\ndrm-shared-memory:\t0 MiB\ndrm-active-memory:\t226 MiB\n"
	"drm-resident-memory:\t36496 KiB\ndrm-purgeable-memory:\t128 KiB\n";

static void test_drivers(void **state)
{
	(void)state;
	static const struct {
		const char *text, *driver, *pdev;
		uint64_t id, local, bytes, engine_ns;
		bool has_local;
	} rows[] = {
		{amdgpu, "amdgpu", "0000:03:00.0", 14, 260 * MIB, 266 * MIB, 1208400000, true},
		{amdgpu_old, "amdgpu", "0000:03:00.0", 14, 2 * MIB, 3 * MIB, 77, true},
		{i915_integrated, "i915", "0000:00:02.0", 7, 0, 64 * MIB, 11323935831, false},
		{i915_discrete, "i915", "0000:03:00.0", 11, 512 * MIB, 514 * MIB, 500, true},
		{nouveau, "nouveau", "0000:01:00.0", 5, 3 * MIB, 4 * MIB, 0, true},
		{panfrost, "panfrost", "", 14, 0, 36496 * 1024, 1918517119, false},
	};
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct fdinfo_client c;
		assert_true(fdinfo_parse(rows[i].text, &c));
		assert_string_equal(c.driver, rows[i].driver);
		assert_string_equal(c.pdev, rows[i].pdev);
		assert_int_equal(c.id, rows[i].id);
		assert_int_equal(c.has_local, rows[i].has_local);
		assert_int_equal(c.local_bytes, rows[i].local);
		assert_int_equal(c.bytes, rows[i].bytes);
		assert_int_equal(c.engine_ns, rows[i].engine_ns);
	}
}

static void test_no_client(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "\n", HEAD, "drm-driver:\txe\n", "drm-client-id:\t1\n", "drm-", "drm-driver", "drm-driver:", ":\n:\ndrm-:\n",
	};
	struct fdinfo_client c;
	for (size_t i = 0; i < COUNTOF(texts); i++)
		assert_false(fdinfo_parse(texts[i], &c));
	/* Too large, negative, too long: no crash, and no small number out of a large one. */
	assert_true(fdinfo_parse("drm-driver:\ta-name-longer-than-there-is-room-for-it\ndrm-client-id:\t1\n"
		"drm-resident-vram:\t99999999999999999999 GiB\ndrm-resident-gtt:\t-1\n"
		"drm-total-a-region-with-a-name-that-nobody-would-choose:\t1 KiB\n", &c));
	assert_int_equal(c.local_bytes, INT64_MAX);
	assert_int_equal(c.bytes, INT64_MAX);
}

/* ---- a /proc of files ------------------------------------------------------------------------ */

static void put(const char *dir, const char *name, const char *text)
{
	char path[300];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void make_process(const char *proc, int pid)
{
	char path[300];
	static const char *const dirs[] = {"", "/fd", "/fdinfo"};
	for (size_t i = 0; i < COUNTOF(dirs); i++) {
		(void)snprintf(path, sizeof path, "%s/%d%s", proc, pid, dirs[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

static void put_fd(const char *proc, int pid, int fd, const char *target, const char *fdinfo)
{
	char path[300];
	(void)snprintf(path, sizeof path, "%s/%d/fd/%d", proc, pid, fd);
	(void)unlink(path);
	assert_int_equal(symlink(target, path), 0);
	(void)snprintf(path, sizeof path, "%d/fdinfo/%d", pid, fd);
	put(proc, path, fdinfo);
}

static char proc[] = "/tmp/vkjail-fdinfo.XXXXXX";

static int make_proc(void **state)
{
	(void)state;
	if (!mkdtemp(proc))
		return -1;
	make_process(proc, 10);
	make_process(proc, 11);
	make_process(proc, 20);
	return 0;
}

static int remove_proc(void **state)
{
	char command[100];
	(void)state;
	for (int fd = 0; fd < FDINFO_DESCRIPTORS + 8; fd++) {
		(void)snprintf(command, sizeof command, "%s/20/fd/%d", proc, fd);
		(void)unlink(command);
	}
	(void)snprintf(command, sizeof command, "%s/20/fdinfo/3", proc);
	(void)unlink(command);
	for (int pid = 10; pid < 12; pid++)
		for (int fd = 0; fd < 8; fd++) {
			(void)snprintf(command, sizeof command, "%s/%d/fd/%d", proc, pid, fd);
			(void)unlink(command);
			(void)snprintf(command, sizeof command, "%s/%d/fdinfo/%d", proc, pid, fd);
			(void)unlink(command);
		}
	static const char *const rest[] = {"fd", "fdinfo", "maps", ""};
	for (int pid = 10; pid < 21; pid++)
		for (size_t i = 0; i < COUNTOF(rest); i++) {
			(void)snprintf(command, sizeof command, "%s/%d/%s", proc, pid, rest[i]);
			(void)remove(command);
		}
	return rmdir(proc);
}

static void test_sum(void **state)
{
	static const pid_t pids[] = {10, 11, 12};
	struct fdinfo_sum s = {.clients = 0};
	char text[1200];

	(void)state;
	put_fd(proc, 10, 3, "/dev/dri/renderD128", amdgpu);
	put_fd(proc, 10, 4, "/dev/dri/renderD128", amdgpu); /* the same, duplicated */
	put_fd(proc, 11, 3, "/dev/dri/renderD128", amdgpu); /* and inherited */
	put_fd(proc, 11, 4, "/dev/null", i915_discrete);     /* no node of a GPU */
	(void)snprintf(text, sizeof text, xe, 100ull, 1000ull);
	put_fd(proc, 11, 5, "/dev/dri/renderD129", text);
	fdinfo_read(&s, proc, pids, COUNTOF(pids), 1000000);
	assert_int_equal(s.clients, 2);
	assert_int_equal(s.memory_bytes, 292 * MIB);
	assert_int_equal(s.engine_ns, 1208400000);

	/* Half of the cycles of a second; and the other's time steps back, which it may. */
	(void)snprintf(text, sizeof text, xe, 600ull, 2000ull);
	put_fd(proc, 11, 5, "/dev/dri/renderD129", text);
	static const char *const again[] = {"10/fdinfo/3", "10/fdinfo/4", "11/fdinfo/3"};
	for (size_t i = 0; i < COUNTOF(again); i++)
		put(proc, again[i], amdgpu_old);
	fdinfo_read(&s, proc, pids, COUNTOF(pids), 1001000000);
	assert_int_equal(s.clients, 2);
	assert_int_equal(s.memory_bytes, 34 * MIB);
	assert_int_equal(s.memory_peak_bytes, 292 * MIB);
	assert_int_equal(s.engine_ns, 1708400000);

	/* What is gone keeps the time that it took. */
	fdinfo_read(&s, proc, pids, 0, 1002000000);
	assert_int_equal(s.memory_bytes, 0);
	assert_int_equal(s.engine_ns, 1708400000);
	fdinfo_done(&s);
}

/* A job that has so many open that looking at all would take the supervisor's time. */
static void test_many(void **state)
{
	static const pid_t pids[] = {20};
	struct fdinfo_sum s = {.at = NULL};
	char path[512];
	(void)state;

	put_fd(proc, 20, 3, "/dev/dri/renderD128", amdgpu_old);
	for (int i = 4; i < FDINFO_DESCRIPTORS + 3; i++) {
		(void)snprintf(path, sizeof path, "%s/20/fd/%d", proc, i);
		assert_int_equal(symlink("/dev/null", path), 0);
	}
	fdinfo_read(&s, proc, pids, 1, 1);
	assert_int_equal(s.readings_cut, 0);
	assert_int_equal(s.clients, 1);
	(void)snprintf(path, sizeof path, "%s/20/fd/%d", proc, FDINFO_DESCRIPTORS + 3);
	assert_int_equal(symlink("/dev/null", path), 0);
	fdinfo_read(&s, proc, pids, 1, 2);
	assert_int_equal(s.readings_cut, 1);
	fdinfo_done(&s);
}

static void test_use(void **state)
{
	static const pid_t pids[] = {10, 11};
	char why[256] = "";

	(void)state;
	for (int fd = 3; fd < 6; fd++)
		for (int pid = 10; pid < 12; pid++)
			put_fd(proc, pid, fd, "/dev/null", "");
	put(proc, "10/maps", "7f00-7f10 r-xp 00000000 fe:00 42    /usr/lib/x86_64-linux-gnu/libvulkan.so.1\n");
	put(proc, "11/maps", "7f00-7f10 r-xp 00000000 fe:00 42    /usr/lib/libvulkan_things/libc.so.6\n7f10-7f20 rw-p 00000000 00:00 0\n");
	assert_false(gpu_use_find(proc, pids, COUNTOF(pids), why, sizeof why));
	put_fd(proc, 10, 3, "/dev/dri/renderD128", "");
	assert_true(gpu_use_find(proc, pids, COUNTOF(pids), why, sizeof why));
	assert_non_null(strstr(why, "/dev/dri/renderD128"));
	put(proc, "10/maps", "7f00-7f10 r-xp 00000000 fe:00 42    /usr/lib/x86_64-linux-gnu/libvulkan_lvp.so\n");
	assert_true(gpu_use_find(proc, pids, COUNTOF(pids), why, sizeof why));
	assert_non_null(strstr(why, "libvulkan_lvp.so"));

	/* All processes together are looked at only so far: the supervisor has limits to hold meanwhile. */
	enum { LINE = 16, LINES = 30000 };
	AUTO_FREE char *maps = calloc(LINES, LINE);
	assert_non_null(maps);
	for (size_t i = 0; i < LINES; i++)
		memcpy(maps + i * LINE, "7f00-7f10 r--p\n\n", LINE);
	maps[LINES * LINE - 1] = '\0';
	put_fd(proc, 10, 3, "/dev/null", "");
	put(proc, "11/maps", "7f00-7f10 r-xp 00000000 fe:00 42    /usr/lib/libvulkan_lvp.so\n");
	put(proc, "10/maps", "\n");
	assert_true(gpu_use_find(proc, pids, COUNTOF(pids), why, sizeof why));
	put(proc, "10/maps", maps);
	assert_false(gpu_use_find(proc, pids, COUNTOF(pids), why, sizeof why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drivers),
		cmocka_unit_test(test_no_client),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_use),
	};
	return cmocka_run_group_tests_name("fdinfo", tests, make_proc, remove_proc);
}
