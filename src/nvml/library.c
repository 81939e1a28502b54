/* SPDX-License-Identifier: Apache-2.0 */
/* See library.h. */
#include "nvml/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"

/* What memory is filled with before a list is asked for: no process has a number like that. */
enum { FILL = 0xa5 };

/* The first of the names that there is. */
static void *find(void *library, const char *const *names, size_t count, size_t *ret_which)
{
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(library, names[i]);
		if (!function)
			continue;
		if (ret_which)
			*ret_which = i;
		return function;
	}
	return NULL;
}

/* POSIX has dlsym give functions as pointers to data, and has them be the same size. */
#define FIND(library, place, ...)                                                  \
	do {                                                                       \
		static const char *const names_[] = {__VA_ARGS__};                 \
		void *found_ = find(library, names_, COUNTOF(names_), NULL);       \
		_Static_assert(sizeof(place) == sizeof found_, "a function here"); \
		memcpy(&(place), &found_, sizeof found_);                          \
	} while (0)

static void find_lists(struct library *l, void *library)
{
	static const char *const names[LIBRARY_LISTS][3] = {
	    {"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2",
	     "nvmlDeviceGetComputeRunningProcesses"},
	    {"nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2",
	     "nvmlDeviceGetGraphicsRunningProcesses"},
	    {"nvmlDeviceGetMPSComputeRunningProcesses_v3",
	     "nvmlDeviceGetMPSComputeRunningProcesses_v2",
	     "nvmlDeviceGetMPSComputeRunningProcesses"}};

	for (size_t i = 0; i < LIBRARY_LISTS; i++) {
		size_t which = 0;
		void *function = find(library, names[i], COUNTOF(names[i]), &which);
		memcpy(&l->lists[i].list, &function, sizeof function);
		l->lists[i].is_short = which == 2;
	}
}

int library_open(struct library *l, struct err *e)
{
	char words[64];

	*l = (struct library){0};
	void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		const char *why = dlerror();
		return err_set(e, ERR_OS, NULL, "cannot load NVML: %s", why ? why : "?");
	}
	FIND(library, l->init, "nvmlInit_v2", "nvmlInit");
	FIND(library, l->driver_version, "nvmlSystemGetDriverVersion");
	FIND(library, l->device_by_pci, "nvmlDeviceGetHandleByPciBusId_v2",
	     "nvmlDeviceGetHandleByPciBusId");
	FIND(library, l->device_count, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount");
	FIND(library, l->device_by_index, "nvmlDeviceGetHandleByIndex_v2",
	     "nvmlDeviceGetHandleByIndex");
	FIND(library, l->device_minor, "nvmlDeviceGetMinorNumber");
	FIND(library, l->device_uuid, "nvmlDeviceGetUUID");
	FIND(library, l->device_memory, "nvmlDeviceGetMemoryInfo");
	FIND(library, l->utilisation, "nvmlDeviceGetProcessUtilization");
	FIND(library, l->events_create, "nvmlEventSetCreate");
	FIND(library, l->events_register, "nvmlDeviceRegisterEvents");
	FIND(library, l->events_wait, "nvmlEventSetWait_v2", "nvmlEventSetWait");
	find_lists(l, library);
	if (!l->init)
		return err_set(e, ERR_OS, "libnvidia-ml.so.1", "has no nvmlInit");
	int result = l->init();
	if (result != NV_SUCCESS)
		return err_set(e, ERR_OS, NULL, "NVML cannot be used: %s",
			       library_words(result, words, sizeof words));
	return 0;
}

const char *library_words(int result, char *text, size_t size)
{
	static const struct {
		int result;
		const char *words;
	} rows[] = {
	    {NV_NOT_SUPPORTED, "the device does not support it"},
	    {NV_NO_PERMISSION, "no permission"},
	    {NV_NOT_FOUND, "not found"},
	    {NV_DRIVER_NOT_LOADED, "the kernel driver is not loaded"},
	    {NV_TIMEOUT, "the driver did not answer in time"},
	    {NV_LOST, "the GPU is lost"},
	    {NV_VERSION_MISMATCH, "library and kernel driver are of different versions"},
	};

	for (size_t i = 0; i < COUNTOF(rows); i++)
		if (rows[i].result == result) {
			(void)snprintf(text, size, "%s", rows[i].words);
			return text;
		}
	(void)snprintf(text, size, "error %d of NVML", result);
	return text;
}

/* How far apart two entries are: drivers write count of them, and nothing behind the last. */
static size_t distance(const unsigned char *at, unsigned count, bool is_short)
{
	size_t end = (size_t)NV_PROCESS_PLAIN * count, most = (size_t)NV_PROCESS_LONG * count;

	if (is_short)
		return NV_PROCESS_SHORT;
	for (size_t i = end; i < most; i++)
		if (at[i] != FILL)
			return NV_PROCESS_LONG;
	return NV_PROCESS_PLAIN;
}

static struct nv_process entry(const unsigned char *at, bool is_short)
{
	struct nv_process p = {.gpu_instance = UINT32_MAX, .compute_instance = UINT32_MAX};

	memcpy(&p.pid, at, sizeof p.pid);
	memcpy(&p.bytes, at + 8, sizeof p.bytes);
	if (!is_short) {
		memcpy(&p.gpu_instance, at + 16, sizeof p.gpu_instance);
		memcpy(&p.compute_instance, at + 20, sizeof p.compute_instance);
	}
	return p;
}

/* That of a process which is in two lists stands in both; a number is better than none. */
static void add(struct nv_process *at, unsigned max, unsigned *count, const struct nv_process *p)
{
	for (unsigned i = 0; i < *count; i++) {
		if (at[i].pid != p->pid || at[i].gpu_instance != p->gpu_instance ||
		    at[i].compute_instance != p->compute_instance)
			continue;
		if (at[i].bytes == NV_UNKNOWN || (p->bytes != NV_UNKNOWN && p->bytes > at[i].bytes))
			at[i].bytes = p->bytes;
		return;
	}
	if (*count < max)
		at[(*count)++] = *p;
}

int library_processes(const struct library *l, nv_device device, struct nv_process *at,
		      unsigned max, unsigned *ret_count)
{
	static unsigned char raw[(size_t)NV_PROCESS_LONG * (LIBRARY_PROCESSES + 1)];
	int result = NV_NOT_SUPPORTED;
	bool answered = false;

	*ret_count = 0;
	for (size_t i = 0; i < LIBRARY_LISTS; i++) {
		unsigned count = LIBRARY_PROCESSES;
		if (!l->lists[i].list)
			continue;
		memset(raw, FILL, sizeof raw);
		int r = l->lists[i].list(device, &count, raw);
		if (r != NV_SUCCESS) {
			result = r;
			continue;
		}
		answered = true;
		if (count > LIBRARY_PROCESSES)
			count = LIBRARY_PROCESSES;
		bool is_short = l->lists[i].is_short;
		size_t size = distance(raw, count, is_short);
		for (unsigned n = 0; n < count; n++) {
			const struct nv_process p = entry(raw + n * size, is_short);
			add(at, max, ret_count, &p);
		}
	}
	return answered ? NV_SUCCESS : result;
}
