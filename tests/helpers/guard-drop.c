/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard-drop never|before|amid COUNT <MODULE: COUNT guarded dispatches in one submission, of a kernel that adds 1 to its
 * buffer. They are left out never, before the submission, or once the first hundred are over. Prints what the
 * buffer holds then; exit status 3: the device has no guard.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu/guard.h"
#include "gpu/pipeline.h"

enum { EACH = 10, SEEN = 100 };

static int failed(const struct fail *f)
{
	(void)fprintf(stderr, "%s\n", f->err.text);
	return 1;
}

static int run(struct gpu *g, const struct guard *guard, const struct step *s, const char *when,
	       unsigned long count, struct fail *f)
{
	static const struct chunk one = {.count = {1, 1, 1}};
	volatile uint32_t *seen = (volatile uint32_t *)(void *)s->buffers->map;

	if (gpu_begin(g, f) < 0)
		return -1;
	for (unsigned long i = 0; i < count; i++) {
		if (i % EACH == 0)
			guard_begin(guard, g);
		step_record(s, &one, g);
		gpu_order_steps(g);
		if (i % EACH == EACH - 1 || i == count - 1)
			guard_end(guard, g);
	}
	if (strcmp(when, "before") == 0)
		guard_drop(guard);
	gpu_show_writes(g);
	if (gpu_submit(g, f) < 0)
		return -1;
	while (strcmp(when, "amid") == 0 && *seen < SEEN && gpu_wait(g, 0, f) == 0)
		;
	if (strcmp(when, "amid") == 0)
		guard_drop(guard);
	return gpu_wait(g, UINT64_MAX, f) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	static const struct request_kernel request = {
	    .name = "count", .path = "count", .entry = "main", .fd = -1};
	static uint32_t words[1 << 16];
	static struct kernel k;
	struct fail f = FAIL_INIT;
	struct vk vk = {.library = NULL};
	struct gpu g = {.vk = NULL};
	struct guard guard = {.word = {.size = 0}};
	struct gpu_buffer b;
	struct device *devices;
	VkDescriptorPool pool;
	size_t bind = 0, devices_count, count = fread(words, 4, sizeof words / 4, stdin);
	struct request_step step = {.bind = &bind, .bind_count = 1, .repeat = 1};
	struct step s = {.request = &step, .kernel = &k, .variant = &k.plain};

	if (argc != 3)
		return 2;
	if (vk_open(&vk, &f) < 0 || device_list(&vk, &devices, &devices_count, &f) < 0)
		return failed(&f);
	const struct device *d = device_choose(devices, devices_count, DEVICE_SOFTWARE, NULL, &f);
	if (!d || gpu_open(&g, &vk, d, 0, 1, &f) < 0)
		return failed(&f);
	if (!guard_open(&guard, &g))
		return 3;
	if (gpu_buffer_create(&g, 4, GPU_FOR_KERNELS, &b, &f) < 0 ||
	    kernel_from_words(&k, &request, words, count, &g, &f) < 0 ||
	    steps_bind(&s, 1, &b, &g, &pool, &f) < 0)
		return failed(&f);
	memset(b.map, 0, 4);
	if (run(&g, &guard, &s, argv[1], strtoul(argv[2], NULL, 10), &f) < 0)
		return failed(&f);
	(void)memcpy(words, b.map, 4);
	printf("%u\n", words[0]);
	printf("%llu\n", (unsigned long long)g.allocated);
	g.DestroyDescriptorPool(g.device, pool, NULL);
	kernel_done(&k, &g);
	gpu_buffer_destroy(&g, &b);
	guard_close(&guard, &g);
	gpu_done(&g);
	vk_done(&vk);
	free(devices);
	return 0;
}
