/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timing against a driver that is only a clock: a timestamp is what it shows, a dispatch moves it on.
 * What real drivers here do not do: counters that wrap or have no bits, submissions that fail, fences
 * that other processes may change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "layer/layer.h"
#include "layer/timing.h"

enum { DISPATCH_TICKS = 1000, STAMP_TICKS = 10, QUERIES = 64, POOLS = 64, FENCES = 64 };

struct handle {
	const void *key; /* the loader's table, which is what a handle's first word points to */
};

static const char key;
static struct handle device_handle = {&key}, queue_handle = {&key}, buffer_handle = {&key};
static struct device *device;
static struct telemetry_page *page;

/* The driver. */
static struct {
	uint64_t clock, mask;
	uint64_t value[POOLS][QUERIES];
	uint64_t next; /* handle of something new; fences and pools count apart */
	unsigned pools, fences, stamps, submits;
	bool signalled[FENCES];
	VkFence last_fence;
	VkResult submit_says, pipelines_say;
	uint32_t last_buffers; /* in the last submission */
} driver;

#define DRIVER(type, name) static VKAPI_ATTR type VKAPI_CALL driver_##name

DRIVER(VkResult, make)(VkDevice d, const void *info, const VkAllocationCallbacks *a, uint64_t *ret)
{
	(void)d;
	(void)info;
	(void)a;
	*ret = ++driver.next;
	return VK_SUCCESS;
}

DRIVER(void, drop)(VkDevice d, uint64_t handle, const VkAllocationCallbacks *a)
{
	(void)d;
	(void)handle;
	(void)a;
}

DRIVER(VkResult, CreateComputePipelines)
(VkDevice d, VkPipelineCache cache, uint32_t count, const VkComputePipelineCreateInfo *infos,
 const VkAllocationCallbacks *a, VkPipeline *ret)
{
	(void)d;
	(void)cache;
	(void)infos;
	(void)a;
	for (uint32_t i = 0; i < count && driver.pipelines_say == VK_SUCCESS; i++)
		ret[i] = (VkPipeline)(uintptr_t)++driver.next;
	return driver.pipelines_say;
}

DRIVER(VkResult, CreateQueryPool)
(VkDevice d, const VkQueryPoolCreateInfo *info, const VkAllocationCallbacks *a, VkQueryPool *ret)
{
	(void)d;
	(void)a;
	assert_true(info->queryCount <= QUERIES && driver.pools + 1 < POOLS);
	*ret = (VkQueryPool)(uintptr_t)++driver.pools;
	return VK_SUCCESS;
}

DRIVER(VkResult, CreateFence)
(VkDevice d, const VkFenceCreateInfo *info, const VkAllocationCallbacks *a, VkFence *ret)
{
	(void)d;
	(void)info;
	(void)a;
	assert_true(driver.fences + 1 < FENCES);
	*ret = (VkFence)(uintptr_t)++driver.fences;
	driver.signalled[driver.fences] = false;
	return VK_SUCCESS;
}

DRIVER(VkResult, ResetFences)(VkDevice d, uint32_t count, const VkFence *f)
{
	(void)d;
	for (uint32_t i = 0; i < count; i++)
		driver.signalled[(uintptr_t)f[i]] = false;
	return VK_SUCCESS;
}

DRIVER(VkResult, GetFenceStatus)(VkDevice d, VkFence f)
{
	(void)d;
	return driver.signalled[(uintptr_t)f] ? VK_SUCCESS : VK_NOT_READY;
}

DRIVER(VkResult, WaitForFences)
(VkDevice d, uint32_t count, const VkFence *f, VkBool32 all, uint64_t timeout)
{
	(void)d;
	(void)all;
	(void)timeout;
	for (uint32_t i = 0; i < count; i++)
		driver.signalled[(uintptr_t)f[i]] = true;
	return VK_SUCCESS;
}

DRIVER(void, GetDeviceQueue)(VkDevice d, uint32_t family, uint32_t index, VkQueue *ret)
{
	(void)d;
	(void)family;
	(void)index;
	*ret = (VkQueue)&queue_handle;
}

DRIVER(VkResult, AllocateCommandBuffers)
(VkDevice d, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *ret)
{
	(void)d;
	(void)info;
	*ret = (VkCommandBuffer)&buffer_handle;
	return VK_SUCCESS;
}

DRIVER(VkResult, BeginCommandBuffer)(VkCommandBuffer c, const VkCommandBufferBeginInfo *info)
{
	(void)c;
	(void)info;
	return VK_SUCCESS;
}

DRIVER(VkResult, EndCommandBuffer)(VkCommandBuffer c)
{
	(void)c;
	return VK_SUCCESS;
}

DRIVER(void, CmdBindPipeline)(VkCommandBuffer c, VkPipelineBindPoint point, VkPipeline p)
{
	(void)c;
	(void)point;
	(void)p;
}

DRIVER(void, CmdDispatch)(VkCommandBuffer c, uint32_t x, uint32_t y, uint32_t z)
{
	(void)c;
	(void)x;
	(void)y;
	(void)z;
	driver.clock += DISPATCH_TICKS;
}

DRIVER(void, CmdResetQueryPool)(VkCommandBuffer c, VkQueryPool pool, uint32_t first, uint32_t count)
{
	(void)c;
	(void)pool;
	(void)first;
	(void)count;
}

DRIVER(void, CmdWriteTimestamp)
(VkCommandBuffer c, VkPipelineStageFlagBits stage, VkQueryPool pool, uint32_t query)
{
	(void)c;
	(void)stage;
	driver.stamps++;
	driver.clock += STAMP_TICKS;
	driver.value[(uintptr_t)pool][query] = driver.clock & driver.mask;
}

DRIVER(VkResult, GetQueryPoolResults)
(VkDevice d, VkQueryPool pool, uint32_t first, uint32_t count, size_t size, void *data,
 VkDeviceSize stride, VkQueryResultFlags flags)
{
	(void)d;
	assert_true(flags == (VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT));
	assert_true(first + count <= QUERIES && (count - 1) * stride + 16 <= size);
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t both[2] = {driver.value[(uintptr_t)pool][first + i], 1};
		memcpy((char *)data + i * stride, both, sizeof both);
	}
	return VK_SUCCESS;
}

DRIVER(VkResult, QueueSubmit)(VkQueue q, uint32_t count, const VkSubmitInfo *infos, VkFence f)
{
	(void)q;
	driver.submits++;
	driver.last_fence = f;
	driver.last_buffers = 0;
	for (uint32_t i = 0; i < count; i++)
		driver.last_buffers += infos[i].commandBufferCount;
	return driver.submit_says;
}

static PFN_vkVoidFunction VKAPI_CALL driver_get(VkDevice d, const char *name)
{
#define ROW(name)                                             \
	{                                                     \
		"vk" #name, (PFN_vkVoidFunction)driver_##name \
	}
	static const struct {
		const char *name;
		PFN_vkVoidFunction function;
	} rows[] = {
	    ROW(CreateQueryPool),
	    ROW(CreateFence),
	    ROW(ResetFences),
	    ROW(GetFenceStatus),
	    ROW(WaitForFences),
	    ROW(GetDeviceQueue),
	    ROW(AllocateCommandBuffers),
	    ROW(BeginCommandBuffer),
	    ROW(EndCommandBuffer),
	    ROW(CmdBindPipeline),
	    ROW(CmdDispatch),
	    ROW(CmdResetQueryPool),
	    ROW(CmdWriteTimestamp),
	    ROW(GetQueryPoolResults),
	    ROW(QueueSubmit),
	    ROW(CreateComputePipelines),
	    {"vkCreateCommandPool", (PFN_vkVoidFunction)driver_make},
	    {"vkDestroyCommandPool", (PFN_vkVoidFunction)driver_drop},
	    {"vkDestroyQueryPool", (PFN_vkVoidFunction)driver_drop},
	    {"vkDestroyFence", (PFN_vkVoidFunction)driver_drop},
	    {"vkDestroyPipeline", (PFN_vkVoidFunction)driver_drop},
	};
	(void)d;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].function;
	return NULL;
}

static int set_up(void **state)
{
	(void)state;
	page = calloc(1, sizeof *page);
	device = calloc(1, sizeof *device);
	if (!page || !device)
		return -1;
	memset(&driver, 0, sizeof driver);
	driver.mask = UINT64_MAX;
	device->handle = (VkDevice)&device_handle;
	return device_add(device) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	timing_free(device->timing);
	device_remove(device);
	free(device);
	free(page);
	return 0;
}

#define CALL(name) ((PFN_vk##name)timing_proc("vk" #name))

static VkQueue queue;
static VkCommandPool pool;
static VkCommandBuffer commands;
static VkPipeline pipeline;

/* A device with one queue, and a command buffer for one pipeline. */
static void open_device(enum page_timing mode, uint32_t bits, float period)
{
	const VkQueueFamilyProperties family = {
	    .queueFlags = VK_QUEUE_COMPUTE_BIT, .queueCount = 1, .timestampValidBits = bits};
	const struct timing_setup setup = {.device = (VkDevice)&device_handle,
					   .get = driver_get,
					   .families = &family,
					   .family_count = 1,
					   .period_ns = period,
					   .mode = mode,
					   .page = page,
					   .slot = &page->slots[3]};
	const VkCommandPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
	VkCommandBufferAllocateInfo allocate = {.commandBufferCount = 1};
	const VkComputePipelineCreateInfo compute = {.stage = {.pName = "add"}};

	device->timing = timing_new(&setup);
	assert_non_null(device->timing);
	CALL(GetDeviceQueue)((VkDevice)&device_handle, 0, 0, &queue);
	(void)CALL(CreateCommandPool)((VkDevice)&device_handle, &info, NULL, &pool);
	allocate.commandPool = pool;
	(void)CALL(AllocateCommandBuffers)((VkDevice)&device_handle, &allocate, &commands);
	(void)CALL(CreateComputePipelines)((VkDevice)&device_handle, VK_NULL_HANDLE, 1, &compute,
					   NULL, &pipeline);
}

static void record(unsigned dispatches)
{
	const VkCommandBufferBeginInfo begin = {
	    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};

	(void)CALL(BeginCommandBuffer)(commands, &begin);
	CALL(CmdBindPipeline)(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
	for (unsigned i = 0; i < dispatches; i++)
		CALL(CmdDispatch)(commands, 2, 3, 4);
	(void)CALL(EndCommandBuffer)(commands);
}

static VkResult submit(VkFence fence)
{
	const VkSubmitInfo info = {.commandBufferCount = 1, .pCommandBuffers = &commands};

	return CALL(QueueSubmit)(queue, 1, &info, fence);
}

static const struct page_kernel *kernel(void)
{
	for (uint32_t i = 0; i < PAGE_KERNELS; i++)
		if (page->kernels[i].state == PAGE_ROW_READY)
			return &page->kernels[i];
	fail();
	return NULL;
}

static void test_times(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 2.0f);
	record(5);
	assert_int_equal(submit(VK_NULL_HANDLE), VK_SUCCESS);
	const struct page_kernel *k = kernel();
	assert_string_equal(k->entry, "add");
	assert_int_equal(k->dispatches, 5);
	assert_int_equal(k->group_total, 5 * 24);
	assert_int_equal(k->timed, 0);
	driver.signalled[(uintptr_t)driver.last_fence] = true;
	timing_poll_all();
	assert_int_equal(k->first, 1);
	assert_int_equal(k->timed, 4);
	assert_int_equal(k->min_ns, 2 * (DISPATCH_TICKS + STAMP_TICKS));
	assert_int_equal(k->max_ns, k->min_ns);
	assert_int_equal(k->total_ns, 4 * k->min_ns);
	assert_int_equal(page->slots[3].count[PAGE_COUNT_DISPATCHES], 5);
	assert_int_equal(page->slots[3].count[PAGE_COUNT_DISPATCHES_TIMED], 5);
}

/* The counter starts anew in the middle. */
static void test_wrapping(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 20, 1.0f);
	driver.mask = (1u << 20) - 1;
	driver.clock = (1u << 20) - 2500;
	record(4);
	(void)submit(VK_NULL_HANDLE);
	driver.signalled[(uintptr_t)driver.last_fence] = true;
	timing_poll_all();
	assert_int_equal(kernel()->timed, 3);
	assert_int_equal(kernel()->max_ns, DISPATCH_TICKS + STAMP_TICKS);
	assert_int_equal(kernel()->min_ns, DISPATCH_TICKS + STAMP_TICKS);
}

static void test_no_bits(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 0, 1.0f);
	record(4);
	(void)submit(VK_NULL_HANDLE);
	driver.signalled[(uintptr_t)driver.last_fence] = true;
	timing_poll_all();
	assert_int_equal(driver.stamps, 0);
	assert_int_equal(kernel()->dispatches, 4);
	assert_int_equal(kernel()->timed + kernel()->first + kernel()->lost, 0);
}

static void test_off(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_OFF, 64, 1.0f);
	record(4);
	(void)submit(VK_NULL_HANDLE);
	assert_int_equal(driver.stamps, 0);
	assert_int_equal(driver.last_buffers, 1);
	assert_int_equal(kernel()->dispatches, 4);
}

/* Nothing was submitted, so nothing counts, and nothing is under way. */
static void test_failure(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	record(4);
	driver.submit_says = VK_ERROR_OUT_OF_HOST_MEMORY;
	assert_int_equal(submit(VK_NULL_HANDLE), VK_ERROR_OUT_OF_HOST_MEMORY);
	assert_int_equal(kernel()->dispatches, 0);
	assert_int_equal(kernel()->group_total, 0);
	assert_int_equal(page->slots[3].count[PAGE_COUNT_DISPATCHES], 0);
	assert_false(timing_is_busy());
	driver.submit_says = VK_SUCCESS;
	assert_int_equal(submit(VK_NULL_HANDLE), VK_SUCCESS);
	assert_true(timing_is_busy());
	assert_int_equal(kernel()->dispatches, 4);
}

/* Layers that check refuse a call before anything is written: what the program had there goes on as it was. */
static void test_refused_pipelines(void **state)
{
	const VkComputePipelineCreateInfo other = {.stage = {.pName = "other"}};
	VkPipeline array[1];

	(void)state;
	open_device(PAGE_TIMING_OFF, 64, 1.0f);
	array[0] = pipeline;
	driver.pipelines_say = VK_ERROR_VALIDATION_FAILED_EXT;
	assert_int_equal(CALL(CreateComputePipelines)((VkDevice)&device_handle, VK_NULL_HANDLE, 1,
						      &other, NULL, array),
			 VK_ERROR_VALIDATION_FAILED_EXT);
	assert_ptr_equal(array[0], VK_NULL_HANDLE);
	record(4);
	assert_int_equal(submit(VK_NULL_HANDLE), VK_SUCCESS);
	assert_int_equal(kernel()->dispatches, 4);
	assert_string_equal(kernel()->entry, "add");
}

static void test_oldest(void **state)
{
	const struct page_submit *o = &page->slots[3].oldest;
	VkFence fence;

	(void)state;
	open_device(PAGE_TIMING_SAMPLED, 64, 1.0f);
	o = &page->slots[3].oldest;
	(void)CALL(CreateFence)((VkDevice)&device_handle, &(VkFenceCreateInfo){0}, NULL, &fence);
	record(7);
	(void)submit(fence);
	assert_ptr_equal(driver.last_fence, fence);
	uint64_t since = o->since_ns;
	assert_true(since > 0 && o->seq % 2 == 0);
	assert_int_equal(o->dispatches, 7);
	assert_int_equal(o->first, 1);
	assert_int_equal(o->kernel_count, 1);
	assert_ptr_equal(&page->kernels[o->kernels[0]], kernel());
	/* A second one behind it: the first one stays the oldest, and then the second one is it. */
	record(2);
	(void)submit(VK_NULL_HANDLE);
	assert_int_equal(o->since_ns, since);
	VkFence second = driver.last_fence;
	(void)CALL(WaitForFences)((VkDevice)&device_handle, 1, &fence, VK_TRUE, 1);
	assert_int_equal(o->dispatches, 2);
	assert_int_equal(o->first, 0);
	assert_true(o->since_ns > since);
	driver.signalled[(uintptr_t)second] = true;
	timing_poll_all();
	assert_int_equal(o->since_ns, 0);
	assert_false(timing_is_busy());
}

/* Its state can change without us; ours comes after it, in a submission of nothing. */
static void test_foreign(void **state)
{
	const VkExportFenceCreateInfo exported = {
	    .sType = VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO};
	VkFence fence;

	(void)state;
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	(void)CALL(CreateFence)((VkDevice)&device_handle, &(VkFenceCreateInfo){.pNext = &exported},
				NULL, &fence);
	record(3);
	(void)submit(fence);
	assert_int_equal(driver.submits, 2);
	assert_ptr_not_equal(driver.last_fence, fence);
	assert_int_equal(driver.last_buffers, 0);
	(void)CALL(WaitForFences)((VkDevice)&device_handle, 1, &fence, VK_TRUE, 1);
	assert_true(timing_is_busy());
	driver.signalled[(uintptr_t)driver.last_fence] = true;
	timing_poll_all();
	assert_false(timing_is_busy());
	assert_int_equal(kernel()->timed + kernel()->first, 3);
}

/* The first ones of a kernel are timed, then as many as the cost allows. */
static void test_sampled(void **state)
{
	(void)state;
	open_device(PAGE_TIMING_SAMPLED, 64, 1.0f);
	for (int i = 0; i < 2000; i++) {
		record(1);
		(void)submit(VK_NULL_HANDLE);
		driver.signalled[(uintptr_t)driver.last_fence] = true;
		timing_poll_all();
	}
	assert_int_equal(kernel()->dispatches, 2000);
	assert_int_equal(kernel()->first, 1);
	/* 16, and one in 128 while the cost is not known: no command buffers of our own could be made. */
	assert_in_range(kernel()->timed, 16 + 1900 / 128, 16 + 2000 / 128 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_times, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_wrapping, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_bits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_off, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_refused_pipelines, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_oldest, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_foreign, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_sampled, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
