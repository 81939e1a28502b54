/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a handle to its instance or device, without a lock: a program has one or two, so a walk over a
 * short array is the fastest. And from a name to our function, through a small hash table.
 */
#include "layer/layer.h"

#include <string.h>

#include "layer/timing.h"

enum { ROWS = 64, BUCKETS = 512 };

struct table {
	struct {
		_Atomic(const void *) key;
		_Atomic(void *) value;
	} row[ROWS];
	_Atomic uint32_t high;
	pthread_mutex_t lock;
};

static struct table instances = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct table devices = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const void *key_of(const void *handle)
{
	return *(const void *const *)handle;
}

static void *find(const struct table *t, const void *key)
{
	uint32_t high = atomic_load_explicit(&t->high, memory_order_acquire);

	for (uint32_t i = 0; i < high; i++)
		if (atomic_load_explicit(&t->row[i].key, memory_order_acquire) == key)
			return atomic_load_explicit(&t->row[i].value, memory_order_relaxed);
	return NULL;
}

/* A row for what is being made. No handle has the key that it gets until then: the value's own address. */
static bool reserve(struct table *t, void *value)
{
	uint32_t i = 0;

	(void)pthread_mutex_lock(&t->lock);
	while (i < ROWS && atomic_load(&t->row[i].key))
		i++;
	if (i < ROWS) {
		atomic_store(&t->row[i].value, value);
		atomic_store_explicit(&t->row[i].key, value, memory_order_release);
		if (i >= atomic_load(&t->high))
			atomic_store_explicit(&t->high, i + 1, memory_order_release);
	}
	(void)pthread_mutex_unlock(&t->lock);
	return i < ROWS;
}

static void enter(struct table *t, const void *key, const void *value)
{
	(void)pthread_mutex_lock(&t->lock);
	for (uint32_t i = 0; i < ROWS; i++)
		if (atomic_load(&t->row[i].key) == value)
			atomic_store_explicit(&t->row[i].key, key, memory_order_release);
	(void)pthread_mutex_unlock(&t->lock);
}

/* NULL: the row is free, or what it is reserved for is still being made. */
static void *added(const struct table *t, uint32_t i)
{
	const void *key = atomic_load(&t->row[i].key);
	void *value = atomic_load(&t->row[i].value);

	return key && key != value ? value : NULL;
}

/* By its value: two can have the same key for a moment when the loader's memory is used again. */
static void drop(struct table *t, const void *value)
{
	(void)pthread_mutex_lock(&t->lock);
	for (uint32_t i = 0; i < ROWS; i++)
		if (atomic_load(&t->row[i].key) && atomic_load(&t->row[i].value) == value)
			atomic_store(&t->row[i].key, NULL);
	(void)pthread_mutex_unlock(&t->lock);
}

struct instance *instance_of(const void *handle)
{
	return find(&instances, key_of(handle));
}

struct device *device_of(const void *handle)
{
	return find(&devices, key_of(handle));
}

bool instance_reserve(struct instance *i)
{
	return reserve(&instances, i);
}

void instance_add(const struct instance *i)
{
	enter(&instances, key_of(i->handle), i);
}

bool device_reserve(struct device *d)
{
	return reserve(&devices, d);
}

void device_add(const struct device *d)
{
	enter(&devices, key_of(d->handle), d);
}

void instance_remove(const struct instance *i)
{
	drop(&instances, i);
}

void device_remove(const struct device *d)
{
	drop(&devices, d);
}

void tables_after_fork(void)
{
	(void)pthread_mutex_init(&instances.lock, NULL);
	(void)pthread_mutex_init(&devices.lock, NULL);
	for (uint32_t i = 0; i < ROWS; i++) {
		struct instance *of = added(&instances, i);
		struct device *d = added(&devices, i);
		if (of)
			(void)pthread_mutex_init(&of->lock, NULL);
		if (d)
			device_after_fork(d);
	}
}

/* ---- names -------------------------------------------------------------------------------- */

enum level { LEVEL_INSTANCE, LEVEL_DEVICE };

static const struct hook {
	const char *name;
	enum level level;
	PFN_vkVoidFunction function;
} hooks[] = {
    {"vkGetInstanceProcAddr", LEVEL_INSTANCE, (PFN_vkVoidFunction)hook_GetInstanceProcAddr},
    {"vkGetDeviceProcAddr", LEVEL_DEVICE, (PFN_vkVoidFunction)hook_GetDeviceProcAddr},
#define HOOK(level, name)        {"vk" #name, LEVEL_##level, (PFN_vkVoidFunction)hook_##name},
#define ALIAS(level, name, same) {"vk" #name, LEVEL_##level, (PFN_vkVoidFunction)hook_##same},
#include "layer/hook.def"
#undef HOOK
#undef ALIAS
};

enum { HOOKS = sizeof hooks / sizeof *hooks };
_Static_assert(HOOKS < 255 && HOOKS * 2 <= BUCKETS, "the table of names is too small");

static uint8_t buckets[BUCKETS]; /* a hook's number + 1 */
static pthread_once_t buckets_once = PTHREAD_ONCE_INIT;

static void fill_buckets(void)
{
	for (unsigned i = 0; i < HOOKS; i++) {
		unsigned b = name_hash(hooks[i].name) % BUCKETS;
		while (buckets[b])
			b = (b + 1) % BUCKETS;
		buckets[b] = (uint8_t)(i + 1);
	}
}

PFN_vkVoidFunction hook_find(const char *name, bool device_only)
{
	(void)pthread_once(&buckets_once, fill_buckets);
	for (unsigned b = name_hash(name) % BUCKETS; buckets[b]; b = (b + 1) % BUCKETS) {
		const struct hook *h = &hooks[buckets[b] - 1];
		if (strcmp(h->name, name) == 0)
			return device_only && h->level != LEVEL_DEVICE ? NULL : h->function;
	}
	return timing_proc(name);
}

void next_of_instance(struct instance *i)
{
#define NEXT(level, name) NEXT_##level(name)
#define NEXT_DEVICE(name)
#define NEXT_INSTANCE(name)       i->next.name = (PFN_vk##name)i->get(i->handle, "vk" #name);
#define NEXT_OR(level, name, ext) NEXT_##level(name) NEXT_OR_##level(name, ext)
#define NEXT_OR_DEVICE(name, ext)
/* Drivers and layers give out functions that the instance was not made for; they may not be called. */
#define NEXT_OR_INSTANCE(name, ext)                                              \
	if (!i->next.name || i->api_version < VK_API_VERSION_1_1)                \
		i->next.name = (PFN_vk##name)i->get(i->handle, "vk" #name #ext); \
	if (!i->has_properties_2)                                                \
		i->next.name = NULL;
#include "layer/next.def"
#undef NEXT_DEVICE
#undef NEXT_INSTANCE
#undef NEXT_OR_DEVICE
#undef NEXT_OR_INSTANCE
}

/* Timing is a layer of its own below the rest of ours. */
static PFN_vkVoidFunction device_next(const struct device *d, const char *name)
{
	PFN_vkVoidFunction next = d->get(d->handle, name), timed = next ? timing_proc(name) : NULL;

	return timed ? timed : next;
}

void next_of_device(struct device *d)
{
#define NEXT_INSTANCE(name)
#define NEXT_DEVICE(name) d->next.name = (PFN_vk##name)device_next(d, "vk" #name);
#define NEXT_OR_INSTANCE(name, ext)
#define NEXT_OR_DEVICE(name, ext) \
	if (!d->next.name)        \
		d->next.name = (PFN_vk##name)device_next(d, "vk" #name #ext);
#include "layer/next.def"
}
