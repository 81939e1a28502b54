/* SPDX-License-Identifier: Apache-2.0 */
/* Finding GPUs in a tree of files, and what the scheduler's and the vendors' variables make of "all". */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "plan/gpu.h"

static const char *const names[] = {"SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ZE_AFFINITY_MASK"};

static int clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(names); i++)
		(void)unsetenv(names[i]);
	return 0;
}

static void put_file(const char *root, const char *path, const char *text)
{
	char full[256];
	(void)snprintf(full, sizeof full, "%s%s", root, path);
	for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(full, 0700);
		*slash = '/';
	}
	FILE *f = fopen(full, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void put_link(const char *root, const char *path, const char *to)
{
	char full[256];
	(void)snprintf(full, sizeof full, "%s%s", root, path);
	assert_int_equal(symlink(to, full), 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static void test_find(void **state)
{
	struct arena a = {0};
	struct gpu_list all;
	char root[] = "/tmp/vkjail-gpus.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(root));
	gpu_find(&a, root, &all);
	assert_int_equal(all.count, 0);
	put_file(root, "/dev/dri/card0", "");
	put_file(root, "/dev/dri/renderD128", "");
	put_file(root, "/dev/dri/renderD129", "");
	put_file(root, "/sys/class/drm/renderD128/x", "");
	put_file(root, "/sys/class/drm/renderD129/x", "");
	put_file(root, "/sys/devices/0000:02:00.0/vendor", "0x10de\n");
	put_file(root, "/sys/devices/soc/vendor", "");
	put_link(root, "/sys/class/drm/renderD128/device", "../../../devices/0000:02:00.0");
	put_link(root, "/sys/class/drm/renderD129/device", "../../../devices/soc");
	put_file(root, "/dev/nvidia0", "");
	put_file(root, "/dev/nvidia1", "");
	put_file(root, "/dev/nvidia-uvm", "");
	put_file(root, "/proc/driver/nvidia/gpus/0000:02:00.0/information",
		 "Model: \t NVIDIA H200\nGPU UUID: \t GPU-0a\nBus Location: \t 0000:02:00.0\nDevice Minor: \t 1\n");
	put_file(root, "/proc/driver/nvidia/gpus/0000:01:00.0/information",
		 "Model: \t T4\nGPU UUID: \t GPU-?\nBus Location: \t 0000:01:00.0\nDevice Minor: \t 0\n");
	put_file(root, "/proc/driver/nvidia/capabilities/gpu1/mig/gi2/ci0/access", "DeviceFileMinor: 21\n");
	put_file(root, "/proc/driver/nvidia/capabilities/gpu1/mig/config", "DeviceFileMinor: 1\n");
	put_file(root, "/dev/nvidia-caps/nvidia-cap21", "");
	put_file(root, "/dev/nvidia-caps/nvidia-cap1", "");

	gpu_find(&a, root, &all);
	assert_int_equal(all.count, 2); /* without the control node the driver's nodes are not looked at */
	put_file(root, "/dev/nvidiactl", "");
	gpu_find(&a, root, &all);
	assert_int_equal(all.count, 3);
	assert_string_equal(gpu_describe(&a, &all.at[0]), "0 (T4, pci:0000:01:00.0)");
	assert_null(all.at[0].uuid);
	assert_int_equal(all.at[0].node_count, 1);
	assert_string_equal(gpu_describe(&a, &all.at[1]), "1 (NVIDIA H200, pci:0000:02:00.0)");
	assert_int_equal(all.at[1].vendor, VENDOR_NVIDIA);
	assert_int_equal(all.at[1].node_count, 3);
	assert_string_equal(all.at[1].nodes[0], "/dev/dri/renderD128");
	assert_string_equal(all.at[1].nodes[1], "/dev/nvidia1");
	assert_string_equal(all.at[1].nodes[2], "/dev/nvidia-caps/nvidia-cap21");
	assert_true(all.at[1].has_mig);
	assert_false(all.at[0].has_mig);
	assert_string_equal(gpu_describe(&a, &all.at[2]), "2 (other, /dev/dri/renderD129)");
	arena_done(&a);
	assert_int_equal(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void test_addresses(void **state)
{
	static const char *const good[] = {"0000:01:00.0", "01:00.0", "00000000:01:00.0", "ABCD:ff:1F.7"},
				 *const bad[] = {"", "01:00", "1:00.0", "01:00.0x", "01:00.00", "0:01:00.0", "123456789:01:00.0", "g1:00.0", "01.00:0"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(good); i++)
		assert_true(gpu_is_pci(good[i]));
	for (size_t i = 0; i < COUNTOF(bad); i++)
		assert_false(gpu_is_pci(bad[i]));
	assert_true(gpu_same_pci(good[0], good[1]) && gpu_same_pci(good[0], good[2]));
	assert_false(gpu_same_pci("0001:01:00.0", "01:00.0") || gpu_same_pci("", ""));
	const struct host_gpu g = {.uuid = "GPU-ab12-34"};
	assert_true(gpu_has_uuid(&g, "GPU-AB") && gpu_has_uuid(&g, "ab1234") && gpu_has_uuid(&g, "ab12-34"));
	assert_false(gpu_has_uuid(&g, "") || gpu_has_uuid(&g, "GPU-") || gpu_has_uuid(&g, "b1") || gpu_has_uuid(&g, "ab12345"));
}

/* 0 and 1: AMD; 2, 3, 4: NVIDIA (3 can't be opened, 4 is cut up); 5 and 6: Intel. */
static struct host_gpu machine[] = {
	{.index = 0, .vendor = VENDOR_AMD, .uuid = "GPU-a0"}, {.index = 1, .vendor = VENDOR_AMD, .uuid = "GPU-a1"},
	{.index = 2, .vendor = VENDOR_NVIDIA, .uuid = "GPU-b0"}, {.index = 3, .vendor = VENDOR_NVIDIA, .uuid = "GPU-b1", .os = 1},
	{.index = 4, .vendor = VENDOR_NVIDIA, .uuid = "GPU-b2", .has_mig = true}, {.index = 5, .vendor = VENDOR_INTEL},
	{.index = 6, .vendor = VENDOR_INTEL}};

static void test_variables(void **state)
{
	static const struct {
		const char *set, *value, *also, *also_value;
		const char *allowed; /* the GPUs that are left */
		const char *inside;  /* how the last of the two is there */
	} rows[] = {
		{"CUDA_VISIBLE_DEVICES", "1", NULL, NULL, "01456", "CUDA_VISIBLE_DEVICES=0"},
		{"CUDA_VISIBLE_DEVICES", "1,0", NULL, NULL, "012456", "CUDA_VISIBLE_DEVICES=1,0"},
		{"CUDA_VISIBLE_DEVICES", "0,-1,1", NULL, NULL, "01256", "CUDA_VISIBLE_DEVICES=0"},
		{"CUDA_VISIBLE_DEVICES", "GPU-b2", NULL, NULL, "01456", "CUDA_VISIBLE_DEVICES=GPU-b2"},
		{"CUDA_VISIBLE_DEVICES", "GPU-b", NULL, NULL, "0156", "CUDA_VISIBLE_DEVICES="},
		{"CUDA_VISIBLE_DEVICES", "MIG-1234", NULL, NULL, "01456", "CUDA_VISIBLE_DEVICES=MIG-1234"},
		{"CUDA_VISIBLE_DEVICES", "MIG-GPU-b2/1/0", NULL, NULL, "01456", "CUDA_VISIBLE_DEVICES=MIG-GPU-b2/1/0"},
		{"CUDA_VISIBLE_DEVICES", "NoDevFiles", NULL, NULL, "0156", "CUDA_VISIBLE_DEVICES="},
		{"CUDA_VISIBLE_DEVICES", "99999999999999999999", NULL, NULL, "0156", NULL},
		{"NVIDIA_VISIBLE_DEVICES", "all", NULL, NULL, "012456", NULL},
		{"NVIDIA_VISIBLE_DEVICES", "none", NULL, NULL, "0156", NULL},
		{"NVIDIA_VISIBLE_DEVICES", "0:0", NULL, NULL, "01256", NULL},
		{"SLURM_JOB_GPUS", "2", NULL, NULL, "4", NULL},
		{"SLURM_JOB_GPUS", "2", "CUDA_VISIBLE_DEVICES", "1", "4", "CUDA_VISIBLE_DEVICES=0"},
		{"SLURM_JOB_GPUS", "0-2", "SLURM_STEP_GPUS", "0,2", "24", NULL},
		{"SLURM_JOB_GPUS", "", NULL, NULL, "0123456", NULL},
		{"ROCR_VISIBLE_DEVICES", "1", "HIP_VISIBLE_DEVICES", "0", "12456", "HIP_VISIBLE_DEVICES=0"},
		{"ROCR_VISIBLE_DEVICES", "1,0", "HIP_VISIBLE_DEVICES", "1", "02456", "HIP_VISIBLE_DEVICES=0"},
		{"GPU_DEVICE_ORDINAL", "1", NULL, NULL, "12456", "GPU_DEVICE_ORDINAL=0"},
		{"ZE_AFFINITY_MASK", "1.0,1.1", NULL, NULL, "01246", "ZE_AFFINITY_MASK=0.0,0.1"},
		{"ZE_AFFINITY_MASK", "", NULL, NULL, "012456", NULL},
	};
	const struct gpu_list all = {.at = machine, .count = COUNTOF(machine)};

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct plan p = {0};
		struct spec spec;
		struct err e = ERR_INIT;
		char got[16] = "";
		(void)clear(state);
		assert_int_equal(setenv(rows[i].set, rows[i].value, 1), 0);
		if (rows[i].also)
			assert_int_equal(setenv(rows[i].also, rows[i].also_value, 1), 0);
		spec_init(&spec);
		assert_int_equal(gpu_choose(&p, &spec, &all, &e), 0);
		for (size_t n = 0; n < p.gpu_count; n++)
			(void)snprintf(got + n, sizeof got - n, "%u", p.gpus[n].index);
		/* 3 can't be opened: whatever the variables say it is not given */
		char want[16] = "";
		for (const char *c = rows[i].allowed; *c; c++)
			if (*c != '3')
				(void)snprintf(want + strlen(want), sizeof want - strlen(want), "%c", *c);
		assert_string_equal(got, want);
		if (rows[i].inside)
			assert_string_equal(p.gpu_env[p.gpu_env_count - 1], rows[i].inside);
		spec_done(&spec);
		plan_done(&p);
	}
}

static void test_lists(void **state)
{
	static const struct {
		const char *list, *message; /* NULL: chosen */
	} rows[] = {
		{"0,6", NULL}, {"uuid:b2", NULL},
		{"7", "--gpu: there is no GPU '7' on this machine; there is 0 ("},
		{"3", "--gpu: GPU 3 (NVIDIA, /dev/x) cannot be opened"},
		{"uuid:GPU-a", "--gpu: 'uuid:GPU-a' is the start of several UUIDs"},
		{"2", "--gpu: GPU 2 (NVIDIA, /dev/x) is not among those that CUDA_VISIBLE_DEVICES=1 leaves"},
	};
	const struct gpu_list all = {.at = machine, .count = COUNTOF(machine)};
	const char *nodes[] = {"/dev/x"};

	(void)clear(state);
	assert_int_equal(setenv("CUDA_VISIBLE_DEVICES", "1", 1), 0);
	for (size_t i = 0; i < COUNTOF(machine); i++) {
		machine[i].nodes = nodes;
		machine[i].node_count = 1;
	}
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct plan p = {0};
		struct spec spec;
		struct err e = ERR_INIT;
		char line[900];
		(void)clear(state);
		if (i != 3)
			assert_int_equal(setenv("CUDA_VISIBLE_DEVICES", "1", 1), 0);
		spec_init(&spec);
		assert_int_equal(spec_set_gpu(&spec, rows[i].list, "--gpu", &e), 0);
		assert_int_equal(gpu_choose(&p, &spec, &all, &e), rows[i].message ? -1 : 0);
		(void)err_render(&e, line, sizeof line);
		if (rows[i].message && !strstr(line, strchr(rows[i].message, ' ') + 1))
			fail_msg("'%s', want '%s'", line, rows[i].message);
		spec_done(&spec);
		plan_done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_lists),
	};
	return cmocka_run_group_tests(tests, clear, clear);
}
