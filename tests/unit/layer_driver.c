/* SPDX-License-Identifier: Apache-2.0 */
#include "layer_driver_sync.h"

#include <sys/mman.h>

struct handle {
	const void *key; /* the loader's table, which is what a handle's first word points to */
};

static const char key;
static struct handle device_handle = {&key}, queue_handle[QUEUES], buffer_handle[BUFFERS];
struct device *device;
struct telemetry_page *page;
struct control_page control;

struct driver driver;

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

DRIVER(VkResult, CreateShadersEXT)
(VkDevice d, uint32_t count, const VkShaderCreateInfoEXT *infos, const VkAllocationCallbacks *a,
 VkShaderEXT *ret)
{
	(void)d;
	(void)infos;
	(void)a;
	for (uint32_t i = 0; i < count && i < driver.shaders_made; i++)
		ret[i] = (VkShaderEXT)(uintptr_t)++driver.next;
	return driver.shaders_say;
}

DRIVER(VkResult, CreateQueryPool)
(VkDevice d, const VkQueryPoolCreateInfo *info, const VkAllocationCallbacks *a, VkQueryPool *ret)
{
	(void)d;
	(void)a;
	assert_true(info->queryCount <= QUERIES && driver.pools + 1 < POOLS);
	if (driver.queries_say != VK_SUCCESS)
		return driver.queries_say;
	*ret = (VkQueryPool)(uintptr_t)++driver.pools;
	driver.live_pools++;
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
	if (driver.status_waits)
		driver.status_waits();
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
	assert_true(index < QUEUES);
	*ret = (VkQueue)&queue_handle[index];
}

DRIVER(VkResult, AllocateCommandBuffers)
(VkDevice d, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *ret)
{
	(void)d;
	(void)info;
	assert_true(driver.buffers < BUFFERS);
	*ret = (VkCommandBuffer)&buffer_handle[driver.buffers++];
	driver.live_buffers++;
	return VK_SUCCESS;
}

DRIVER(void, FreeCommandBuffers)
(VkDevice d, VkCommandPool p, uint32_t count, const VkCommandBuffer *c)
{
	(void)d;
	(void)p;
	(void)c;
	driver.live_buffers -= count;
}

DRIVER(void, DestroyQueryPool)(VkDevice d, VkQueryPool p, const VkAllocationCallbacks *a)
{
	(void)d;
	(void)p;
	(void)a;
	driver.live_pools--;
}

DRIVER(VkResult, BeginCommandBuffer)(VkCommandBuffer c, const VkCommandBufferBeginInfo *info)
{
	(void)c;
	(void)info;
	return driver.begin_says;
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

DRIVER(void, CmdBindShadersEXT)
(VkCommandBuffer c, uint32_t count, const VkShaderStageFlagBits *stages, const VkShaderEXT *s)
{
	(void)c;
	(void)count;
	(void)stages;
	(void)s;
}

DRIVER(void, CmdDispatch)(VkCommandBuffer c, uint32_t x, uint32_t y, uint32_t z)
{
	(void)c;
	(void)x;
	(void)y;
	(void)z;
	driver.clock += DISPATCH_TICKS;
}

DRIVER(void, generate)(VkCommandBuffer c, VkBool32 preprocessed, const void *info)
{
	(void)c;
	(void)preprocessed;
	(void)info;
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
	assert_false(driver.no_results);
	assert_true(first + count <= QUERIES && (count - 1) * stride + 16 <= size);
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t both[2] = {driver.value[(uintptr_t)pool][first + i], 1};
		memcpy((char *)data + i * stride, both, sizeof both);
	}
	return VK_SUCCESS;
}

static VkResult submit_answer(void)
{
	bool now = !driver.submit_fails_at || driver.submit_fails_at == driver.submits;
	return now ? driver.submit_says : VK_SUCCESS;
}

DRIVER(VkResult, QueueSubmit)(VkQueue q, uint32_t count, const VkSubmitInfo *infos, VkFence f)
{
	(void)q;
	driver.submits++;
	driver.last_fence = f;
	driver.last_buffers = 0;
	driver.last_batches = count;
	for (uint32_t i = 0; i < count; i++)
		driver.last_buffers += infos[i].commandBufferCount;
	driver.last_first = count && infos[0].commandBufferCount ? infos[0].pCommandBuffers[0]
								 : NULL;
	return submit_answer();
}

DRIVER(VkResult, QueueSubmit2)(VkQueue q, uint32_t count, const VkSubmitInfo2 *infos, VkFence f)
{
	(void)q;
	driver.submits++;
	driver.last_fence = f;
	driver.last_buffers = 0;
	driver.last_batches = count;
	for (uint32_t i = 0; i < count; i++)
		driver.last_buffers += infos[i].commandBufferInfoCount;
	driver.last_first = count && infos[0].commandBufferInfoCount
				? infos[0].pCommandBufferInfos[0].commandBuffer
				: NULL;
	return submit_answer();
}

DRIVER(VkResult, QueueBindSparse)
(VkQueue q, uint32_t count, const VkBindSparseInfo *infos, VkFence f)
{
	(void)q;
	(void)infos;
	driver.submits++;
	driver.last_fence = f;
	driver.last_batches = count;
	return submit_answer();
}

static VKAPI_ATTR VkResult VKAPI_CALL set_loader_data(VkDevice d, void *object)
{
	(void)d;
	(void)object;
	return VK_SUCCESS;
}

static PFN_vkVoidFunction VKAPI_CALL driver_get(VkDevice d, const char *name)
{
	static const struct row rows[] = {
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
	    ROW(CmdBindShadersEXT),
	    ROW(CmdDispatch),
	    ROW(CmdResetQueryPool),
	    ROW(CmdWriteTimestamp),
	    ROW(GetQueryPoolResults),
	    ROW(QueueSubmit),
	    ROW(QueueSubmit2),
	    ROW(QueueBindSparse),
	    ROW(CreateComputePipelines),
	    ROW(CreateShadersEXT),
	    ROW(FreeCommandBuffers),
	    ROW(DestroyQueryPool),
	    {"vkCreateCommandPool", (PFN_vkVoidFunction)driver_make},
	    {"vkCmdExecuteGeneratedCommandsEXT", (PFN_vkVoidFunction)driver_generate},
	    {"vkCmdExecuteGeneratedCommandsNV", (PFN_vkVoidFunction)driver_generate},
	    {"vkDestroyCommandPool", (PFN_vkVoidFunction)driver_drop},
	    {"vkDestroyFence", (PFN_vkVoidFunction)driver_drop},
	    {"vkDestroyPipeline", (PFN_vkVoidFunction)driver_drop},
	    {"vkDestroyShaderEXT", (PFN_vkVoidFunction)driver_drop},
	};
	(void)d;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].function;
	for (const struct row *r = driver_sync; r->name; r++)
		if (strcmp(r->name, name) == 0)
			return r->function;
	return NULL;
}

int set_up(void **state)
{
	(void)state;
	page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	device = calloc(1, sizeof *device);
	if (page == MAP_FAILED || !device)
		return -1;
	memset(&driver, 0, sizeof driver);
	memset(&control, 0, sizeof control);
	driver.mask = UINT64_MAX;
	for (size_t i = 0; i < QUEUES; i++)
		queue_handle[i].key = &key;
	for (size_t i = 0; i < BUFFERS; i++)
		buffer_handle[i].key = &key;
	device->handle = (VkDevice)&device_handle;
	if (!device_reserve(device))
		return -1;
	device_add(device);
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	timing_free(device->timing);
	device_remove(device);
	free(device);
	(void)munmap(page, sizeof *page);
	return 0;
}

VkQueue queues[QUEUES];
VkCommandPool command_pool;
VkCommandBuffer commands;
VkPipeline pipeline;

VkCommandBuffer new_commands(void)
{
	const VkCommandBufferAllocateInfo allocate = {.commandPool = command_pool,
						      .commandBufferCount = 1};
	VkCommandBuffer c;

	(void)CALL(AllocateCommandBuffers)(DEVICE, &allocate, &c);
	return c;
}

void open_device(enum page_timing mode, uint32_t bits, float period)
{
	const VkQueueFamilyProperties family = {
	    .queueFlags = VK_QUEUE_COMPUTE_BIT, .queueCount = QUEUES, .timestampValidBits = bits};
	const struct timing_setup setup = {
	    .device = DEVICE,
	    .get = driver_get,
	    .set_loader_data = driver.has_loader_data ? set_loader_data : NULL,
	    .families = &family,
	    .family_count = 1,
	    .period_ns = period,
	    .mode = mode,
	    .control = &control,
	    .page = page,
	    .slot = &page->slots[SLOT]};
	const VkCommandPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
	const VkComputePipelineCreateInfo compute = {.stage = {.pName = "add"}};

	device->timing = timing_new(&setup);
	assert_non_null(device->timing);
	for (uint32_t i = 0; i < QUEUES; i++)
		CALL(GetDeviceQueue)(DEVICE, 0, i, &queues[i]);
	(void)CALL(CreateCommandPool)(DEVICE, &info, NULL, &command_pool);
	commands = new_commands();
	(void)CALL(CreateComputePipelines)(DEVICE, VK_NULL_HANDLE, 1, &compute, NULL, &pipeline);
}

void record_into(VkCommandBuffer c, VkCommandBufferUsageFlags flags, unsigned dispatches)
{
	const VkCommandBufferBeginInfo begin = {.flags = flags};

	(void)CALL(BeginCommandBuffer)(c, &begin);
	CALL(CmdBindPipeline)(c, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
	for (unsigned i = 0; i < dispatches; i++)
		CALL(CmdDispatch)(c, 2, 3, 4);
	(void)CALL(EndCommandBuffer)(c);
}

void record(unsigned dispatches)
{
	record_into(commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, dispatches);
}

VkResult submit(VkFence fence)
{
	const VkSubmitInfo info = {.commandBufferCount = 1, .pCommandBuffers = &commands};

	return CALL(QueueSubmit)(queues[0], 1, &info, fence);
}

VkFence new_fence(const void *chain)
{
	VkFence f;

	(void)CALL(CreateFence)(DEVICE, &(VkFenceCreateInfo){.pNext = chain}, NULL, &f);
	return f;
}

VkSemaphore new_semaphore(bool is_timeline)
{
	const VkSemaphoreTypeCreateInfo type = {
	    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
	    .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
	const VkSemaphoreCreateInfo info = {.pNext = is_timeline ? &type : NULL};
	VkSemaphore s;

	(void)CALL(CreateSemaphore)(DEVICE, &info, NULL, &s);
	return s;
}

void finish(VkFence fence)
{
	driver.signalled[(uintptr_t)fence] = true;
	timing_poll_all();
}

const struct page_kernel *kernel(void)
{
	for (uint32_t i = 0; i < PAGE_KERNELS; i++)
		if (page->kernels[i].state == PAGE_ROW_READY)
			return &page->kernels[i];
	fail();
	return NULL;
}

const struct page_submit *oldest(void)
{
	return &page->slots[SLOT].oldest;
}

uint64_t counted(enum page_counter which)
{
	return page->slots[SLOT].count[which];
}

void open_limited(void)
{
	control.kernel_ns = 1000000000;
	open_device(PAGE_TIMING_OFF, 64, 1.0f);
	record_into(commands, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT, 1);
}

void expect_waiting(void)
{
	assert_int_equal(oldest()->since_ns, 0);
	assert_int_equal(oldest()->waiting, 1);
	assert_true(timing_is_busy());
}

void expect_nothing(void)
{
	assert_int_equal(oldest()->since_ns, 0);
	assert_int_equal(oldest()->waiting, 0);
	assert_false(timing_is_busy());
}
