/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Vulkan layer in the job's processes: instances and devices, and how a call finds its own.
 *
 * It is a guest in somebody else's process: it prints nothing, ends nothing, changes no environment and no signal
 * handler, keeps no descriptor, and answers with a VkResult where something goes wrong. A function
 * that the program calls is hook_NAME; hook.def lists them, next.def what they call in turn.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan_core.h>

#include "layer/common.h"
#include "layer/newer.h"
#include "page/page.h"

/* Of the next layer or the driver. */
struct instance_next {
#define NEXT(level, name)         NEXT_##level(name)
#define NEXT_OR(level, name, ext) NEXT_##level(name)
#define NEXT_INSTANCE(name)       PFN_vk##name name;
#define NEXT_DEVICE(name)
#include "layer/next.def"
#undef NEXT_INSTANCE
#undef NEXT_DEVICE
};

struct device_next {
#define NEXT_INSTANCE(name)
#define NEXT_DEVICE(name) PFN_vk##name name;
#include "layer/next.def"
#undef NEXT_INSTANCE
#undef NEXT_DEVICE
#undef NEXT
#undef NEXT_OR
};

struct instance {
	VkInstance handle;
	uint32_t api_version;  /* that the program asked for */
	bool has_properties_2; /* 1.1, or VK_KHR_get_physical_device_properties2 */
	bool refused;          /* no devices: their limits could not be held */
	PFN_vkGetInstanceProcAddr get;
	struct instance_next next;
	/* Their rows in the page, so that they are described once. */
	pthread_mutex_t lock;
	struct {
		VkPhysicalDevice handle;
		unsigned row;
		bool has_budget;
	} physical[PAGE_DEVICES];
};

/* A queue that the program has asked for. */
struct queue {
	struct queue *before;
	VkQueue handle;
	VkFence idle; /* ours, to wait for the queue; made when first needed */
};

struct memory; /* memory.c */
struct timing; /* timing.h */

struct device {
	VkDevice handle;
	VkPhysicalDevice physical;
	struct instance *instance;
	PFN_vkGetDeviceProcAddr get;
	PFN_vkSetDeviceLoaderData set_loader_data; /* for dispatchable handles that we make */
	struct device_next next;
	VkPhysicalDeviceMemoryProperties memory_types;
	bool has_budget;        /* the driver's own VK_EXT_memory_budget */
	unsigned row;           /* of the page's devices; PAGE_DEVICES when that is full */
	struct page_slot *slot; /* the process' when it was made: another one after a fork */
	struct memory *memory;
	struct timing *timing;
	_Atomic(struct queue *) queues;
	pthread_mutex_t queue_lock;
	struct device *next_watched; /* watcher.c */
};

/*
 * The one that a dispatchable handle belongs to, by the loader's dispatch pointer in its first word:
 * VkPhysicalDevice has that of its instance, VkQueue and VkCommandBuffer that of their device.
 */
struct instance *instance_of(const void *handle);
struct device *device_of(const void *handle);
/* Also when it is unknown, NULL. The queue's record is the device's. */
struct queue *queue_of(struct device *d, VkQueue handle);

/*
 * table.c. Room is reserved before the driver makes one, false: there is none. It is added by its handle then, or removed.
 * Once the driver has made it, the loader does not take no for an answer: it leaks it, or frees it twice.
 */
bool instance_reserve(struct instance *i);
bool device_reserve(struct device *d);
void instance_add(const struct instance *i);
void device_add(const struct device *d);
void instance_remove(const struct instance *i);
void device_remove(const struct device *d);
/*
 * In the child of a fork: a thread that it does not have may have been in the middle of an add, or of
 * anything else under a lock. What the child does with its parent's devices is passed on and not noted.
 */
void tables_after_fork(void);
void device_after_fork(struct device *d);

/* The functions of this library by name, NULL when it is not ours. device_only: those of DEVICE level. */
PFN_vkVoidFunction hook_find(const char *name, bool device_only);

/* Fill in `next` from the functions that stand in i->get and d->get. */
void next_of_instance(struct instance *i);
void next_of_device(struct device *d);

#define HOOK(level, name) extern __typeof__(*(PFN_vk##name)0) hook_##name;
#define ALIAS(level, name, same) \
	_Static_assert(__builtin_types_compatible_p(PFN_vk##name, PFN_vk##same), #name);
#include "layer/hook.def"
#undef HOOK
#undef ALIAS

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL hook_GetInstanceProcAddr(VkInstance instance,
								  const char *name);
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL hook_GetDeviceProcAddr(VkDevice device, const char *name);
