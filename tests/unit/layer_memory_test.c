/* SPDX-License-Identifier: Apache-2.0 */
/* The layer's account of device memory, against a driver that only hands out numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "layer/here.h"
#include "layer/memory.h"

enum { TYPE_LOCAL, TYPE_HOST, TYPE_MANY };
#define MIB 1048576ull

/* The loader's table, which is what a handle's first word points to. */
struct handle {
	const void *key;
};

static const char key;
static struct handle handle = {&key};
static struct control_page control;
static struct telemetry_page *page;
static struct device *device;
static VkResult driver_says;
static uint64_t next_handle;

static VKAPI_ATTR VkResult VKAPI_CALL driver_allocate(VkDevice d, const VkMemoryAllocateInfo *info,
						      const VkAllocationCallbacks *a, VkDeviceMemory *ret)
{
	(void)d;
	(void)info;
	(void)a;
	if (driver_says == VK_SUCCESS)
		*ret = (VkDeviceMemory)(uintptr_t)++next_handle;
	return driver_says;
}

static VKAPI_ATTR void VKAPI_CALL driver_free(VkDevice d, VkDeviceMemory m, const VkAllocationCallbacks *a)
{
	(void)d;
	(void)m;
	(void)a;
}

static int set_up(void **state)
{
	(void)state;
	page = calloc(1, sizeof *page);
	device = calloc(1, sizeof *device);
	if (!page || !device)
		return -1;
	memset(&control, 0, sizeof control);
	control.memory_hard = control.memory_soft = PAGE_NO_LIMIT;
	page->slot_high = 2;
	here.control = &control;
	here.page = page;
	here.slot = &page->slots[0];
	driver_says = VK_SUCCESS;
	*device = (struct device){
	    .handle = (VkDevice)&handle,
	    .row = 1,
	    .slot = &page->slots[0],
	    .next = {.AllocateMemory = driver_allocate, .FreeMemory = driver_free},
	    .memory_types = {.memoryTypeCount = 3,
			     .memoryTypes = {{.heapIndex = 0}, {.heapIndex = 1}, {.heapIndex = 2}},
			     .memoryHeapCount = 3,
			     .memoryHeaps = {{.size = 1024 * MIB, .flags = VK_MEMORY_HEAP_DEVICE_LOCAL_BIT},
					     {.size = 4096 * MIB},
					     {.size = 1024 * MIB,
					      .flags = VK_MEMORY_HEAP_DEVICE_LOCAL_BIT |
						       VK_MEMORY_HEAP_MULTI_INSTANCE_BIT}}}};
	if (!memory_init(device) || !device_reserve(device))
		return -1;
	device_add(device);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	device_remove(device);
	memory_done(device);
	free(device);
	free(page);
	return 0;
}

static VkResult allocate(uint32_t type, uint64_t bytes, const void *chain, VkDeviceMemory *ret)
{
	const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
					   .pNext = chain,
					   .allocationSize = bytes,
					   .memoryTypeIndex = type};
	VkDeviceMemory unused;

	return hook_AllocateMemory((VkDevice)&handle, &info, NULL, ret ? ret : &unused);
}

static uint64_t count(enum page_counter c)
{
	return page->slots[0].count[c];
}

static void held_and_given_back(void **state)
{
	VkDeviceMemory m[200];

	(void)state;
	/* More than the first table holds, and freed in another order. */
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(allocate(i % 2 ? TYPE_HOST : TYPE_LOCAL, MIB, NULL, &m[i]), VK_SUCCESS);
	assert_int_equal(page->slots[0].counted, 100 * MIB);
	assert_int_equal(page->slots[0].bytes[1][0], 100 * MIB);
	assert_int_equal(page->slots[0].bytes[1][1], 100 * MIB);
	for (unsigned i = 0; i < 200; i++)
		hook_FreeMemory((VkDevice)&handle, m[(i * 77) % 200], NULL);
	assert_int_equal(page->slots[0].counted, 0);
	assert_int_equal(page->slots[0].bytes[1][1], 0);
	assert_int_equal(page->memory_peak, 100 * MIB);
	assert_int_equal(page->devices[1].heaps[0].peak, 100 * MIB);
	assert_int_equal(count(PAGE_COUNT_ALLOCATIONS), 200);
	/* Freed twice and never allocated: the program's mistakes, which change no number. */
	hook_FreeMemory((VkDevice)&handle, m[0], NULL);
	hook_FreeMemory((VkDevice)&handle, VK_NULL_HANDLE, NULL);
	assert_int_equal(page->slots[0].counted, 0);
	/* What is left at the end goes back as well. */
	assert_int_equal(allocate(TYPE_LOCAL, 5 * MIB, NULL, NULL), VK_SUCCESS);
	memory_done(device);
	assert_int_equal(page->slots[0].counted, 0);
	assert_true(memory_init(device));
}

static void the_limit_is_the_jobs(void **state)
{
	VkDeviceMemory m;

	(void)state;
	control.memory_hard = 100 * MIB;
	page->slots[1].counted = 60 * MIB; /* another process */
	assert_int_equal(memory_left(), 40 * MIB);
	assert_int_equal(allocate(TYPE_LOCAL, 40 * MIB + 1, NULL, NULL), VK_ERROR_OUT_OF_DEVICE_MEMORY);
	assert_int_equal(page->slots[0].counted, 0);
	assert_int_equal(allocate(TYPE_LOCAL, 40 * MIB, NULL, &m), VK_SUCCESS);
	assert_int_equal(memory_left(), 0);
	assert_int_equal(allocate(TYPE_LOCAL, 1, NULL, NULL), VK_ERROR_OUT_OF_DEVICE_MEMORY);
	/* Memory of the host is another matter. */
	assert_int_equal(allocate(TYPE_HOST, 500 * MIB, NULL, NULL), VK_SUCCESS);
	/* The other process is gone, and the supervisor has emptied its slot. */
	page->slots[1].counted = 0;
	assert_int_equal(memory_left(), 60 * MIB);
	hook_FreeMemory((VkDevice)&handle, m, NULL);
	assert_int_equal(memory_left(), 100 * MIB);
	assert_int_equal(allocate(TYPE_LOCAL, UINT64_MAX, NULL, NULL), VK_ERROR_OUT_OF_DEVICE_MEMORY);
	assert_int_equal(memory_left(), 100 * MIB);
	assert_int_equal(count(PAGE_COUNT_REFUSED), 3);
	/* The program is told by one result, the report by who gave it. */
	assert_int_equal(page->events[0].kind, PAGE_EVENT_REFUSED);
	assert_int_equal(page->events[0].bytes, 40 * MIB + 1);
	assert_int_equal(page->events[0].seq, 1);
}

static void the_driver_refuses(void **state)
{
	(void)state;
	control.memory_hard = 100 * MIB;
	driver_says = VK_ERROR_OUT_OF_DEVICE_MEMORY;
	assert_int_equal(allocate(TYPE_LOCAL, 10 * MIB, NULL, NULL), VK_ERROR_OUT_OF_DEVICE_MEMORY);
	assert_int_equal(memory_left(), 100 * MIB);
	assert_int_equal(count(PAGE_COUNT_REFUSED), 0);
	assert_int_equal(count(PAGE_COUNT_DRIVER_REFUSED), 1);
	assert_int_equal(count(PAGE_COUNT_DRIVER_REFUSED_BYTES), 10 * MIB);
	assert_int_equal(page->events[0].kind, PAGE_EVENT_RESULT);
	assert_int_equal(page->memory_peak, 0);
	assert_int_equal(page->devices[1].heaps[0].peak, 0);
}

static void kinds(void **state)
{
	const VkImportMemoryFdInfoKHR import = {.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
						.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
	const VkImportMemoryFdInfoKHR no_import = {.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR};
	const VkExportMemoryAllocateInfo export = {.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
						   .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
	const VkMemoryAllocateFlagsInfo two = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
					       .pNext = &export,
					       .flags = VK_MEMORY_ALLOCATE_DEVICE_MASK_BIT,
					       .deviceMask = 5};
	(void)state;
	assert_int_equal(allocate(TYPE_LOCAL, MIB, &import, NULL), VK_SUCCESS);
	assert_int_equal(page->slots[0].counted, 0);
	assert_int_equal(count(PAGE_COUNT_IMPORTS), 1);
	assert_int_equal(count(PAGE_COUNT_IMPORTED_BYTES), MIB);
	assert_int_equal(allocate(TYPE_LOCAL, MIB, &no_import, NULL), VK_SUCCESS);
	assert_int_equal(page->slots[0].counted, MIB);
	/* One for each device of the mask, where the heap has one for each. */
	assert_int_equal(allocate(TYPE_MANY, MIB, &two, NULL), VK_SUCCESS);
	assert_int_equal(page->slots[0].counted, 3 * MIB);
	assert_int_equal(allocate(TYPE_LOCAL, MIB, &two, NULL), VK_SUCCESS);
	assert_int_equal(page->slots[0].counted, 4 * MIB);
	assert_int_equal(count(PAGE_COUNT_EXPORTS), 2);
}

static void soft_value(void **state)
{
	(void)state;
	control.memory_soft = 10 * MIB;
	assert_int_equal(allocate(TYPE_LOCAL, 10 * MIB, NULL, NULL), VK_SUCCESS);
	assert_int_equal(page->soft_ns, 0);
	assert_int_equal(allocate(TYPE_LOCAL, 1, NULL, NULL), VK_SUCCESS);
	assert_int_not_equal(page->soft_ns, 0);
	assert_int_equal(page->events[0].kind, PAGE_EVENT_SOFT);
	assert_int_equal(page->events[0].bytes, 10 * MIB + 1);
	/* Once is enough. */
	assert_int_equal(allocate(TYPE_LOCAL, 1, NULL, NULL), VK_SUCCESS);
	assert_int_equal(page->event_head, 1);
}

/* After a fork: the child's account is another one, and its parent's handles are not in it. */
static void another_process(void **state)
{
	VkDeviceMemory m;

	(void)state;
	assert_int_equal(allocate(TYPE_LOCAL, MIB, NULL, &m), VK_SUCCESS);
	here.slot = &page->slots[1];
	hook_FreeMemory((VkDevice)&handle, m, NULL);
	assert_int_equal(page->slots[0].counted, MIB);
	assert_int_equal(page->slots[1].counted, 0);
	assert_int_equal(allocate(TYPE_LOCAL, MIB, NULL, NULL), VK_SUCCESS);
	assert_int_equal(page->slots[1].counted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(held_and_given_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_limit_is_the_jobs, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_driver_refuses, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(kinds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(soft_value, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(another_process, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
