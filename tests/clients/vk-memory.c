/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Vulkan program that allocates device memory in every way there is. Its arguments are done one after
 * the other, and each writes one line; sizes are in MiB. It loads the loader by dlopen(3), as Taichi, volk and
 * ncnn do, and never stops at an error: what was answered is what a test wants to know.
 *
 *   api10 api10+2 api11 api13   the instance's version, +2: with KHR_get_physical_device_properties2; 1.3 without
 *   alloc:N dedicated:N export:N host:N protected:N  memory, one block
 *   import        the exported block once more
 *   sparse:N      a sparse buffer of N MiB, bound to one block of it
 *   free          the last block; a free of an exported one leaves the import
 *   budget        heap 0 by whatever entry point the instance has; "extension yes|no" by the list
 *   heaps         how many there are by vkGetPhysicalDeviceMemoryProperties2, which 1.0 does not have
 *   leak          ends the process with everything allocated, by _exit(2)
 *   lost          submits until the device is lost, at most for 10 s
 *   submit:N      N empty submissions; tells the milliseconds
 *   submit2:N     the same with vkQueueSubmit2
 *   work:N        N times a fill of 64 MiB, submitted and waited for; tells the milliseconds
 *   long:N        the same N fills in one submission, waited for without end; tells the result, and ends by _exit(2)
 *   ignoreterm    SIGTERM is ignored from now on
 *   idle          vkDeviceWaitIdle
 *   fork          a child that frees what its parent has, and exits; waits for it
 *   own:N         a forked child that makes an instance and a device of its own and allocates N MiB; waits for it
 *   child         a child that executes this program with the arguments after it; waits for it; ends
 *   reinit        a new instance and device; the old ones are destroyed first
 *   instances:N   N more instances, devices:N more devices, or as many as there can be, and why; they are destroyed again
 *   wait          writes "waiting" and reads a line from stdin
 *   kill          SIGKILL to itself
 *   closefds      closes every descriptor above 2
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

enum { BLOCKS = 64 };
#define MIB 1048576ull

static struct {
	PFN_vkGetInstanceProcAddr get;
	uint32_t version;
	bool with_2;
	VkInstance instance;
	VkPhysicalDevice physical;
	VkDevice device;
	VkQueue queue;
	VkPhysicalDeviceMemoryProperties memory;
	VkDeviceMemory block[BLOCKS];
	unsigned blocks;
	int exported; /* descriptor of the last export; -1 */
	uint32_t exported_type;
	uint64_t exported_size;
	void *host;
	VkBuffer sparse;
} v;

#define INSTANCE(name) ((PFN_##name)v.get(v.instance, #name))
#define DEVICE(name)   INSTANCE(name)

static const char *result_name(VkResult r)
{
	switch ((int)r) {
	case VK_SUCCESS: return "ok";
	case VK_ERROR_OUT_OF_DEVICE_MEMORY: return "VK_ERROR_OUT_OF_DEVICE_MEMORY";
	case VK_ERROR_OUT_OF_HOST_MEMORY: return "VK_ERROR_OUT_OF_HOST_MEMORY";
	case VK_ERROR_INITIALIZATION_FAILED: return "VK_ERROR_INITIALIZATION_FAILED";
	case VK_ERROR_DEVICE_LOST: return "VK_ERROR_DEVICE_LOST";
	case VK_ERROR_INVALID_EXTERNAL_HANDLE: return "VK_ERROR_INVALID_EXTERNAL_HANDLE";
	case VK_TIMEOUT: return "VK_TIMEOUT";
	default: return "another result";
	}
}

static bool has_extension(const char *name)
{
	uint32_t count = 0;
	bool found = false;

	INSTANCE(vkEnumerateDeviceExtensionProperties)(v.physical, NULL, &count, NULL);
	VkExtensionProperties *list = calloc(count, sizeof *list);
	INSTANCE(vkEnumerateDeviceExtensionProperties)(v.physical, NULL, &count, list);
	for (uint32_t i = 0; list && i < count; i++)
		found = found || strcmp(list[i].extensionName, name) == 0;
	free(list);
	return found;
}

static VkResult make_instance(void)
{
	const char *names[] = {VK_KHR_GET_PHYSICAL_DEVICE_PROPERTIES_2_EXTENSION_NAME,
			       VK_KHR_EXTERNAL_MEMORY_CAPABILITIES_EXTENSION_NAME};
	const VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
				       .pApplicationName = "vk-memory",
				       .pEngineName = "none",
				       .apiVersion = v.version};
	const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
					   .pApplicationInfo = &app,
					   .enabledExtensionCount = v.with_2 ? 2 : 0,
					   .ppEnabledExtensionNames = names};
	v.instance = VK_NULL_HANDLE;
	return ((PFN_vkCreateInstance)v.get(NULL, "vkCreateInstance"))(&info, NULL, &v.instance);
}

static VkResult make_device(void)
{
	static const char *const wanted[] = {"VK_KHR_external_memory", "VK_KHR_external_memory_fd",
					     "VK_EXT_external_memory_host", "VK_EXT_memory_budget",
					     "VK_KHR_synchronization2"};
	const char *names[sizeof wanted / sizeof *wanted];
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
					       .queueCount = 1,
					       .pQueuePriorities = &priority};
	VkPhysicalDeviceVulkan13Features f13 = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES, .synchronization2 = VK_TRUE};
	VkPhysicalDeviceFeatures has = {0}, want = {0};
	uint32_t one = 1, count = 0;

	if (INSTANCE(vkEnumeratePhysicalDevices)(v.instance, &one, &v.physical) < 0 || one == 0)
		return VK_ERROR_INITIALIZATION_FAILED;
	INSTANCE(vkGetPhysicalDeviceMemoryProperties)(v.physical, &v.memory);
	INSTANCE(vkGetPhysicalDeviceFeatures)(v.physical, &has);
	want.sparseBinding = has.sparseBinding;
	for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if ((v.version >= VK_API_VERSION_1_1 || v.with_2) && has_extension(wanted[i]) &&
		    (i < 4 || v.version < VK_API_VERSION_1_3))
			names[count++] = wanted[i];
	const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
					 .pNext = v.version >= VK_API_VERSION_1_3 ? &f13 : NULL,
					 .queueCreateInfoCount = 1,
					 .pQueueCreateInfos = &queue,
					 .enabledExtensionCount = count,
					 .ppEnabledExtensionNames = names,
					 .pEnabledFeatures = &want};
	VkResult r = INSTANCE(vkCreateDevice)(v.physical, &info, NULL, &v.device);
	if (r == VK_SUCCESS)
		DEVICE(vkGetDeviceQueue)(v.device, 0, 0, &v.queue);
	return r;
}

static void unmake(void)
{
	for (unsigned i = 0; i < v.blocks; i++)
		DEVICE(vkFreeMemory)(v.device, v.block[i], NULL);
	v.blocks = 0;
	if (v.device) {
		DEVICE(vkDestroyDevice)(v.device, NULL);
		INSTANCE(vkDestroyInstance)(v.instance, NULL);
	}
	v.device = VK_NULL_HANDLE;
}

enum { MANY = 100 };

static void many_instances(uint64_t wanted)
{
	VkInstance first = v.instance, made[MANY];
	unsigned n = 0;
	VkResult r = VK_SUCCESS;

	while (n < wanted && n < MANY && (r = make_instance()) == VK_SUCCESS)
		made[n++] = v.instance;
	printf("instances %u %s\n", n, result_name(r));
	while (n > 0) {
		v.instance = made[--n];
		INSTANCE(vkDestroyInstance)(v.instance, NULL);
	}
	v.instance = first;
}

static void many_devices(uint64_t wanted)
{
	VkDevice first = v.device, made[MANY];
	VkQueue queue = v.queue;
	unsigned n = 0;
	VkResult r = VK_SUCCESS;

	while (n < wanted && n < MANY && (r = make_device()) == VK_SUCCESS)
		made[n++] = v.device;
	printf("devices %u %s\n", n, result_name(r));
	while (n > 0) {
		v.device = made[--n];
		DEVICE(vkDestroyDevice)(v.device, NULL);
	}
	v.device = first;
	v.queue = queue;
}

/* The first type in heap 0 that has these properties; UINT32_MAX. */
static uint32_t type_with(VkMemoryPropertyFlags flags)
{
	for (uint32_t i = 0; i < v.memory.memoryTypeCount; i++)
		if ((v.memory.memoryTypes[i].propertyFlags & flags) == flags &&
		    (flags & VK_MEMORY_PROPERTY_PROTECTED_BIT || v.memory.memoryTypes[i].heapIndex == 0))
			return i;
	return UINT32_MAX;
}

static VkResult allocate(uint64_t size, uint32_t type, const void *next)
{
	const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
					   .pNext = next,
					   .allocationSize = size,
					   .memoryTypeIndex = type};
	VkResult r = VK_ERROR_TOO_MANY_OBJECTS;

	if (v.blocks < BLOCKS)
		r = DEVICE(vkAllocateMemory)(v.device, &info, NULL, &v.block[v.blocks]);
	if (r == VK_SUCCESS)
		v.blocks++;
	return r;
}

static VkResult make_buffer(uint64_t size, VkBufferCreateFlags flags, const void *next, VkBuffer *ret)
{
	const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
					 .pNext = next,
					 .flags = flags,
					 .size = size,
					 .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
	return DEVICE(vkCreateBuffer)(v.device, &info, NULL, ret);
}

static VkResult allocate_dedicated(uint64_t size)
{
	VkMemoryDedicatedAllocateInfo dedicated = {
	    .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO};
	VkMemoryRequirements need;
	VkResult r = make_buffer(size, 0, NULL, &dedicated.buffer);

	if (r != VK_SUCCESS)
		return r;
	DEVICE(vkGetBufferMemoryRequirements)(v.device, dedicated.buffer, &need);
	r = allocate(need.size, type_with(0), &dedicated);
	if (r == VK_SUCCESS)
		r = DEVICE(vkBindBufferMemory)(v.device, dedicated.buffer, v.block[v.blocks - 1], 0);
	DEVICE(vkDestroyBuffer)(v.device, dedicated.buffer, NULL);
	return r;
}

static VkResult export_one(uint64_t size)
{
	const VkExportMemoryAllocateInfo ex = {
	    .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
	    .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
	VkResult r = allocate(size, type_with(0), &ex);

	if (r != VK_SUCCESS)
		return r;
	const VkMemoryGetFdInfoKHR get = {.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
					  .memory = v.block[v.blocks - 1],
					  .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
	v.exported_size = size;
	return DEVICE(vkGetMemoryFdKHR)(v.device, &get, &v.exported);
}

static VkResult import_one(void)
{
	const VkImportMemoryFdInfoKHR im = {
	    .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
	    .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT,
	    .fd = v.exported};
	return allocate(v.exported_size, type_with(0), &im);
}

static VkResult import_host(uint64_t size)
{
	v.host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const VkImportMemoryHostPointerInfoEXT im = {
	    .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
	    .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
	    .pHostPointer = v.host};
	return allocate(size, type_with(VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT), &im);
}

static VkResult bind_sparse(uint64_t size)
{
	VkMemoryRequirements need;
	VkPhysicalDeviceFeatures has;
	INSTANCE(vkGetPhysicalDeviceFeatures)(v.physical, &has);
	if (!has.sparseBinding)
		return VK_ERROR_FEATURE_NOT_PRESENT;
	VkResult r = make_buffer(size, VK_BUFFER_CREATE_SPARSE_BINDING_BIT, NULL, &v.sparse);

	if (r != VK_SUCCESS)
		return r;
	DEVICE(vkGetBufferMemoryRequirements)(v.device, v.sparse, &need);
	r = allocate(need.alignment > MIB ? need.alignment : MIB, type_with(0), NULL);
	if (r != VK_SUCCESS)
		return r;
	const VkSparseMemoryBind bind = {.size = need.alignment > MIB ? need.alignment : MIB,
					 .memory = v.block[v.blocks - 1]};
	const VkSparseBufferMemoryBindInfo buffer = {v.sparse, 1, &bind};
	const VkBindSparseInfo info = {.sType = VK_STRUCTURE_TYPE_BIND_SPARSE_INFO,
				       .bufferBindCount = 1,
				       .pBufferBinds = &buffer};
	r = DEVICE(vkQueueBindSparse)(v.queue, 1, &info, VK_NULL_HANDLE);
	return r == VK_SUCCESS ? DEVICE(vkQueueWaitIdle)(v.queue) : r;
}

static void print_budget(void)
{
	VkPhysicalDeviceMemoryBudgetPropertiesEXT b = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
	VkPhysicalDeviceMemoryProperties2 m = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, .pNext = &b};
	PFN_vkGetPhysicalDeviceMemoryProperties2 core = INSTANCE(vkGetPhysicalDeviceMemoryProperties2);
	PFN_vkGetPhysicalDeviceMemoryProperties2 khr =
	    (PFN_vkGetPhysicalDeviceMemoryProperties2)INSTANCE(vkGetPhysicalDeviceMemoryProperties2KHR);
	const char *by = v.version >= VK_API_VERSION_1_1 && core ? "core" : khr ? "KHR" : NULL;

	if (!by) {
		printf("budget none\n");
		return;
	}
	(by[0] == 'c' ? core : khr)(v.physical, &m);
	printf("budget %s extension %s size %llu budget %llu usage %llu rest %llu\n", by,
	       has_extension(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME) ? "yes" : "no",
	       (unsigned long long)(m.memoryProperties.memoryHeaps[0].size / MIB),
	       (unsigned long long)(b.heapBudget[0] / MIB), (unsigned long long)(b.heapUsage[0] / MIB),
	       (unsigned long long)(m.memoryProperties.memoryHeapCount < VK_MAX_MEMORY_HEAPS
					? b.heapBudget[VK_MAX_MEMORY_HEAPS - 1]
					: 0));
}

static void print_heaps(void)
{
	VkPhysicalDeviceMemoryProperties2 m = {
	    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};

	/* The loader's own symbol, as a program that is linked with it has it. */
	void *loader = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_NOLOAD);
	PFN_vkGetPhysicalDeviceMemoryProperties2 f = (PFN_vkGetPhysicalDeviceMemoryProperties2)dlsym(
	    loader, "vkGetPhysicalDeviceMemoryProperties2");
	if (f)
		f(v.physical, &m);
	printf("heaps %s\n",
	       m.memoryProperties.memoryHeapCount == v.memory.memoryHeapCount ? "all" : "not all");
}

static uint64_t now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void submit(uint64_t n, bool second)
{
	const VkSubmitInfo s = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO};
	const VkSubmitInfo2 s2 = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2};
	PFN_vkQueueSubmit2 submit2 = v.version >= VK_API_VERSION_1_3
					 ? DEVICE(vkQueueSubmit2)
					 : (PFN_vkQueueSubmit2)DEVICE(vkQueueSubmit2KHR);
	uint64_t began = now_ms();
	VkResult r = VK_SUCCESS;

	if (second && !submit2) {
		printf("submit2 not here\n");
		return;
	}
	for (uint64_t i = 0; i < n && r == VK_SUCCESS; i++)
		r = second ? submit2(v.queue, 1, &s2, VK_NULL_HANDLE)
			   : DEVICE(vkQueueSubmit)(v.queue, 1, &s, VK_NULL_HANDLE);
	printf("submits %llu %s ms %llu\n", (unsigned long long)n, result_name(r),
	       (unsigned long long)(now_ms() - began));
}

enum { FILL = 64 << 20 };

/* A command buffer of so many fills of one buffer, ready to be submitted again and again. */
static VkCommandBuffer record_fills(uint64_t n)
{
	const VkCommandPoolCreateInfo pool_info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
	const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
					 .size = FILL,
					 .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT};
	const VkMemoryBarrier after = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
				       .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
				       .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT};
	const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
	VkCommandBufferAllocateInfo one = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
					   .commandBufferCount = 1};
	VkCommandBuffer c = VK_NULL_HANDLE;
	VkBuffer buffer;

	if (DEVICE(vkCreateCommandPool)(v.device, &pool_info, NULL, &one.commandPool) < 0 ||
	    DEVICE(vkAllocateCommandBuffers)(v.device, &one, &c) < 0 ||
	    DEVICE(vkCreateBuffer)(v.device, &info, NULL, &buffer) < 0 ||
	    allocate(FILL, type_with(0), NULL) < 0 ||
	    DEVICE(vkBindBufferMemory)(v.device, buffer, v.block[v.blocks - 1], 0) < 0)
		return VK_NULL_HANDLE;
	DEVICE(vkBeginCommandBuffer)(c, &begin);
	for (uint64_t i = 0; i < n; i++) {
		DEVICE(vkCmdFillBuffer)(c, buffer, 0, FILL, (uint32_t)i);
		DEVICE(vkCmdPipelineBarrier)(c, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1,
					     &after, 0, NULL, 0, NULL);
	}
	DEVICE(vkEndCommandBuffer)(c);
	return c;
}

static VkResult submit_and_wait(VkCommandBuffer c)
{
	const VkSubmitInfo s = {
	    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &c};
	const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
	VkFence fence;
	VkResult r = DEVICE(vkCreateFence)(v.device, &info, NULL, &fence);

	if (r == VK_SUCCESS)
		r = DEVICE(vkQueueSubmit)(v.queue, 1, &s, fence);
	if (r == VK_SUCCESS)
		r = DEVICE(vkWaitForFences)(v.device, 1, &fence, VK_TRUE, UINT64_MAX);
	if (r == VK_SUCCESS)
		DEVICE(vkDestroyFence)(v.device, fence, NULL);
	return r;
}

static void work(uint64_t n, bool in_one)
{
	VkCommandBuffer c = record_fills(in_one ? n : 1);
	uint64_t began = now_ms();
	VkResult r = c ? VK_SUCCESS : VK_ERROR_OUT_OF_DEVICE_MEMORY;

	for (uint64_t i = 0; i < (in_one ? 1 : n) && r == VK_SUCCESS; i++)
		r = submit_and_wait(c);
	printf("%s %s ms %llu\n", in_one ? "long" : "work", result_name(r),
	       (unsigned long long)(now_ms() - began));
	if (!in_one)
		return;
	(void)fflush(stdout);
	_exit(0);
}

/* For a job that is being ended: until the device is lost. */
static void submit_until_lost(void)
{
	const VkSubmitInfo s = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO};
	const struct timespec ms = {.tv_nsec = 1000000};
	uint64_t until = now_ms() + 10000;
	VkResult r = VK_SUCCESS;

	while (r == VK_SUCCESS && now_ms() < until) {
		r = DEVICE(vkQueueSubmit)(v.queue, 1, &s, VK_NULL_HANDLE);
		if (r == VK_SUCCESS)
			r = DEVICE(vkQueueWaitIdle)(v.queue);
		(void)nanosleep(&ms, NULL);
	}
	printf("submission says %s\n", result_name(r));
}

static int begin(void);
static void do_block(const char *word, uint64_t n);

static void fork_and_free(void)
{
	(void)fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		for (unsigned i = 0; i < v.blocks; i++)
			DEVICE(vkFreeMemory)(v.device, v.block[i], NULL);
		_exit(0);
	}
	int status = -1;
	(void)waitpid(pid, &status, 0);
	printf("fork %s\n", status == 0 ? "ok" : "failed");
}

/* As Python's multiprocessing does it: nothing of the parent's is used. */
static void fork_own(uint64_t n)
{
	(void)fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		v.blocks = 0;
		if (begin() != 0)
			_exit(1);
		do_block("alloc", n);
		(void)fflush(stdout);
		_exit(0);
	}
	int status = -1;
	(void)waitpid(pid, &status, 0);
	printf("own %s\n", status == 0 ? "ok" : "failed");
}

/* Does not come back. */
static void run_child(char **argv)
{
	(void)fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		(void)execv("/proc/self/exe", argv);
		_exit(127);
	}
	int status = -1;
	(void)waitpid(pid, &status, 0);
	printf("child %d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	(void)fflush(stdout);
	unmake();
	_exit(0);
}

static void do_block(const char *word, uint64_t n)
{
	VkResult r = VK_ERROR_UNKNOWN;

	if (strcmp(word, "alloc") == 0)
		r = allocate(n * MIB, type_with(0), NULL);
	else if (strcmp(word, "dedicated") == 0)
		r = allocate_dedicated(n * MIB);
	else if (strcmp(word, "export") == 0)
		r = has_extension("VK_KHR_external_memory_fd") ? export_one(n * MIB)
							       : VK_ERROR_EXTENSION_NOT_PRESENT;
	else if (strcmp(word, "import") == 0)
		r = import_one();
	else if (strcmp(word, "host") == 0)
		r = import_host(n * MIB);
	else if (strcmp(word, "sparse") == 0)
		r = bind_sparse(n * MIB);
	else if (strcmp(word, "protected") == 0)
		r = type_with(VK_MEMORY_PROPERTY_PROTECTED_BIT) == UINT32_MAX
			? VK_ERROR_FEATURE_NOT_PRESENT
			: allocate(n * MIB, type_with(VK_MEMORY_PROPERTY_PROTECTED_BIT), NULL);
	if (r == VK_ERROR_EXTENSION_NOT_PRESENT || r == VK_ERROR_FEATURE_NOT_PRESENT)
		printf("%s not here\n", word);
	else
		printf("%s %llu %s\n", word, (unsigned long long)n, result_name(r));
}

static void do_small(const char *word)
{
	char line[16];

	if (strcmp(word, "free") == 0 && v.blocks) {
		DEVICE(vkFreeMemory)(v.device, v.block[--v.blocks], NULL);
		printf("free\n");
	} else if (strcmp(word, "budget") == 0) {
		print_budget();
	} else if (strcmp(word, "heaps") == 0) {
		print_heaps();
	} else if (strcmp(word, "idle") == 0) {
		printf("idle %s\n", result_name(DEVICE(vkDeviceWaitIdle)(v.device)));
	} else if (strcmp(word, "ignoreterm") == 0) {
		(void)signal(SIGTERM, SIG_IGN);
	} else if (strcmp(word, "lost") == 0) {
		submit_until_lost();
	} else if (strcmp(word, "fork") == 0) {
		fork_and_free();
	} else if (strcmp(word, "closefds") == 0) {
		for (int fd = 3; fd < 256; fd++)
			(void)close(fd);
		printf("closed\n");
	} else if (strcmp(word, "wait") == 0) {
		printf("waiting\n");
		(void)fflush(stdout);
		(void)!read(0, line, sizeof line);
	} else if (strcmp(word, "leak") == 0) {
		(void)fflush(stdout);
		_exit(0);
	} else if (strcmp(word, "kill") == 0) {
		(void)fflush(stdout);
		(void)raise(SIGKILL);
	}
}

static int begin(void)
{
	VkResult r = make_instance();

	if (r != VK_SUCCESS) {
		printf("instance %s\n", result_name(r));
		return 1;
	}
	r = make_device();
	if (r != VK_SUCCESS)
		printf("device %s\n", result_name(r));
	return r != VK_SUCCESS;
}

int main(int argc, char **argv)
{
	void *loader = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
	int i = 1;

	v.get = loader ? (PFN_vkGetInstanceProcAddr)dlsym(loader, "vkGetInstanceProcAddr") : NULL;
	if (!v.get) {
		printf("no loader\n");
		return 2;
	}
	v.version = VK_API_VERSION_1_3;
	v.exported = -1;
	for (; i < argc && strncmp(argv[i], "api", 3) == 0; i++) {
		v.version = VK_MAKE_API_VERSION(0, 1, argv[i][4] - '0', 0);
		v.with_2 = argv[i][5] == '+';
	}
	if (begin() != 0)
		return 3;
	for (; i < argc; i++) {
		char word[32];
		const char *colon = strchr(argv[i], ':');
		uint64_t n = colon ? strtoull(colon + 1, NULL, 10) : 0;
		(void)snprintf(word, sizeof word, "%.*s",
			       colon ? (int)(colon - argv[i]) : (int)strlen(argv[i]), argv[i]);
		if (strncmp(word, "submit", 6) == 0)
			submit(n, word[6] == '2');
		else if (strcmp(word, "work") == 0 || strcmp(word, "long") == 0)
			work(n, word[0] == 'l');
		else if (strcmp(word, "own") == 0)
			fork_own(n);
		else if (strcmp(word, "instances") == 0)
			many_instances(n);
		else if (strcmp(word, "devices") == 0)
			many_devices(n);
		else if (strcmp(word, "child") == 0)
			run_child(argv + i);
		else if (strcmp(word, "reinit") == 0) {
			unmake();
			if (begin() != 0)
				return 3;
			printf("again\n");
		} else if (colon || strcmp(word, "import") == 0)
			do_block(word, n);
		else
			do_small(word);
	}
	unmake();
	return 0;
}
