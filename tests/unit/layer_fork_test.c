/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes: a child of a fork that goes on with its parent's device, which Vulkan does not define, neither hangs nor
 * changes its parent's numbers; and pages that fail their check leave nothing behind.
 */
#include "layer_driver.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "layer/here.h"
#include "layer/memory.h"

/* ---- a fork ------------------------------------------------------------------------------------ */

static sem_t held, go_on;

/* A thread is in the driver, with the lock of timing held. */
static void hold(void)
{
	(void)sem_post(&held);
	(void)sem_wait(&go_on);
}

static void *poll_all(void *unused)
{
	timing_poll_all();
	return unused;
}

/* All kinds of calls. What they find is the parent's, of which nothing is known any more. */
static void go_on_with_it(void)
{
	VkMemoryAllocateInfo memory = {.allocationSize = 1 << 20};
	VkDeviceMemory m;

	driver.status_waits = NULL;
	(void)alarm(20);
	record(5);
	(void)submit(VK_NULL_HANDLE);
	finish(driver.last_fence);
	VkCommandBuffer own = new_commands();
	record_into(own, 0, 3);
	VkSemaphore s = new_semaphore(true);
	CALL(DestroySemaphore)(DEVICE, s, NULL);
	CALL(FreeCommandBuffers)(DEVICE, command_pool, 1, &commands);
	CALL(DestroyPipeline)(DEVICE, pipeline, NULL);
	CALL(DestroyCommandPool)(DEVICE, command_pool, NULL);
	if (hook_AllocateMemory(DEVICE, &memory, NULL, &m) != VK_SUCCESS)
		_exit(1);
	hook_FreeMemory(DEVICE, m, NULL);
	_exit(0);
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate(VkDevice d, const VkMemoryAllocateInfo *info,
					       const VkAllocationCallbacks *a, VkDeviceMemory *ret)
{
	(void)d;
	(void)info;
	(void)a;
	*ret = (VkDeviceMemory)(uintptr_t)77;
	return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL free_memory(VkDevice d, VkDeviceMemory m,
					      const VkAllocationCallbacks *a)
{
	(void)d;
	(void)m;
	(void)a;
}

static void a_child_goes_on(void **state)
{
	pthread_t thread;
	int status;

	(void)state;
	assert_int_equal(sem_init(&held, 0, 0) | sem_init(&go_on, 0, 0), 0);
	here.control = &control;
	here.page = page;
	here.slot = device->slot = &page->slots[SLOT];
	control.memory_hard = PAGE_NO_LIMIT;
	device->next.AllocateMemory = allocate;
	device->next.FreeMemory = free_memory;
	device->memory_types = (VkPhysicalDeviceMemoryProperties){
	    .memoryTypeCount = 1,
	    .memoryHeapCount = 1,
	    .memoryHeaps = {{.size = 1 << 30, .flags = VK_MEMORY_HEAP_DEVICE_LOCAL_BIT}}};
	assert_true(memory_init(device));
	open_device(PAGE_TIMING_ALL, 64, 1.0f);
	record(2);
	(void)submit(VK_NULL_HANDLE);
	VkFence fence = driver.last_fence;
	driver.status_waits = hold;
	assert_int_equal(pthread_create(&thread, NULL, poll_all, NULL), 0);
	(void)sem_wait(&held);
	struct telemetry_page *before = malloc(sizeof *before);
	assert_non_null(before);
	memcpy(before, page, sizeof *before);
	pid_t child = fork();
	if (child == 0)
		go_on_with_it();
	pid_t ended = waitpid(child, &status, 0);
	bool same = memcmp(before, page, sizeof *before) == 0;
	free(before);
	/* The parent goes on as if nothing had been. */
	driver.status_waits = NULL;
	(void)sem_post(&go_on);
	(void)pthread_join(thread, NULL);
	assert_int_equal(ended, child);
	assert_int_equal(status, 0);
	assert_true(same);
	finish(fence);
	assert_int_equal(kernel()->first + kernel()->timed, 2);
	assert_false(timing_is_busy());
	memory_done(device);
}

/* ---- pages ------------------------------------------------------------------------------------- */

enum { TRIES = 5 };

static int listener;

/* A supervisor of another version, which gives out what it has. */
static void *answer(void *unused)
{
	for (int i = 0; i < TRIES; i++) {
		int fd = accept(listener, NULL, NULL);
		struct page_words w;
		int fds[2] = {memfd_create("vkjail-test", 0), memfd_create("vkjail-test", 0)};
		union {
			struct cmsghdr align;
			char bytes[CMSG_SPACE(sizeof fds)];
		} room = {0};
		struct iovec io = {.iov_base = &w, .iov_len = sizeof w};
		struct msghdr m = {.msg_iov = &io,
				   .msg_iovlen = 1,
				   .msg_control = room.bytes,
				   .msg_controllen = sizeof room.bytes};
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		if (recv(fd, &w, sizeof w, 0) != (ssize_t)sizeof w)
			break;
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fds);
		memcpy(CMSG_DATA(c), fds, sizeof fds);
		assert_int_equal(ftruncate(fds[0], sizeof(struct control_page)), 0);
		assert_int_equal(ftruncate(fds[1], sizeof(struct telemetry_page)), 0);
		w.word = PAGE_WORD_WELCOME;
		(void)sendmsg(fd, &m, MSG_NOSIGNAL);
		(void)close(fds[0]);
		(void)close(fds[1]);
		(void)close(fd);
	}
	return unused;
}

static unsigned mapped(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[1024];
	unsigned count = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		count += strstr(line, "vkjail-test") != NULL;
	(void)fclose(f);
	return count;
}

/* What handles of Vulkan point to begins with what the loader put there. */
static const void *instance_handle[] = {&instance_handle}, *physical_handle[] = {&instance_handle};
static unsigned made, destroyed, devices;

/* A driver that makes an instance while it makes one, as layers below may: one hello is enough for both. */
static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
						      const VkAllocationCallbacks *allocator,
						      VkInstance *ret)
{
	(void)info;
	(void)allocator;
	assert_true(here_hello());
	*ret = (VkInstance)instance_handle;
	made++;
	return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_instance(VkInstance instance,
						   const VkAllocationCallbacks *allocator)
{
	(void)allocator;
	assert_ptr_equal(instance, instance_handle);
	destroyed++;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical,
						    const VkDeviceCreateInfo *info,
						    const VkAllocationCallbacks *allocator,
						    VkDevice *ret)
{
	(void)physical;
	(void)info;
	(void)allocator;
	(void)ret;
	devices++;
	return VK_ERROR_OUT_OF_HOST_MEMORY;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL next_proc(VkInstance instance, const char *name)
{
	(void)instance;
	return strcmp(name, "vkCreateInstance") == 0    ? (PFN_vkVoidFunction)create_instance
	       : strcmp(name, "vkDestroyInstance") == 0 ? (PFN_vkVoidFunction)destroy_instance
	       : strcmp(name, "vkCreateDevice") == 0    ? (PFN_vkVoidFunction)create_device
							: NULL;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL no_proc(VkDevice unused, const char *name)
{
	(void)unused;
	(void)name;
	return NULL;
}

/* The driver makes it while the supervisor answers; when that is no, there is no device to do anything with. */
static void no_device(void)
{
	VkLayerInstanceLink next = {.pfnNextGetInstanceProcAddr = next_proc};
	VkLayerInstanceCreateInfo link = {.sType = VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO,
					  .function = VK_LAYER_LINK_INFO,
					  .u.pLayerInfo = &next};
	const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
					   .pNext = &link};
	VkLayerDeviceLink device_next = {.pfnNextGetInstanceProcAddr = next_proc,
					 .pfnNextGetDeviceProcAddr = no_proc};
	VkLayerDeviceCreateInfo device_link = {.sType =
						   VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO,
					       .function = VK_LAYER_LINK_INFO,
					       .u.pLayerInfo = &device_next};
	const VkDeviceCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
					   .pNext = &device_link};
	VkInstance instance;
	VkDevice none;

	assert_int_equal(hook_CreateInstance(&info, NULL, &instance), VK_SUCCESS);
	assert_int_equal(made, 1);
	assert_int_equal(
	    hook_CreateDevice((VkPhysicalDevice)physical_handle, &wanted, NULL, &none),
	    VK_ERROR_INITIALIZATION_FAILED);
	assert_int_equal(devices, 0);
	hook_DestroyInstance(instance, NULL);
	assert_int_equal(destroyed, 1);
}

/* The layer looks beside its own file, which is this program here: by the name that it was called by. */
static void pages_that_fail(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	pthread_t thread;

	here_forget(); /* what the other test has joined */
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%s/telemetry", (const char *)*state);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (const struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(listener, TRIES), 0);
	assert_int_equal(pthread_create(&thread, NULL, answer, NULL), 0);
	for (int i = 0; i < TRIES - 1; i++) {
		assert_true(here_hello());
		assert_false(here_join(NULL));
	}
	no_device();
	(void)pthread_join(thread, NULL);
	assert_int_equal(mapped(), 0);
	(void)close(listener);
	(void)unlink(a.sun_path);
}

/* Under another name, in a directory of its own: it is there that the socket is looked for. */
static int in_directory(void)
{
	char directory[] = "/tmp/layer-fork-XXXXXX", name[64];
	int status = 125 << 8;

	if (!mkdtemp(directory))
		return 125;
	(void)snprintf(name, sizeof name, "%s/test", directory);
	char *again[] = {name, directory, NULL};
	char self[4096] = {0};
	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0 || symlink(self, name) < 0)
		return 125;
	pid_t child = fork();
	if (child == 0) {
		(void)execv(name, again);
		_exit(125);
	}
	(void)waitpid(child, &status, 0);
	(void)unlink(name);
	(void)rmdir(directory);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return in_directory();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_child_goes_on, set_up, tear_down),
	    cmocka_unit_test_prestate(pages_that_fail, argv[1]),
	};
	(void)pthread_atfork(NULL, NULL, here_forget);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
