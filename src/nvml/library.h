/* SPDX-License-Identifier: Apache-2.0 */
/* libnvidia-ml.so.1, whichever version is installed: a function that it lacks is NULL here, or an older one in its place. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "nvml/abi.h"

enum { LIBRARY_LISTS = 3, LIBRARY_PROCESSES = 4096 };

struct library {
	int (*init)(void);
	int (*driver_version)(char *text, unsigned size);
	int (*device_by_pci)(const char *address, nv_device *ret);
	int (*device_count)(unsigned *ret);
	int (*device_by_index)(unsigned index, nv_device *ret);
	int (*device_minor)(nv_device device, unsigned *ret);
	int (*device_uuid)(nv_device device, char *text, unsigned size);
	int (*device_memory)(nv_device device, struct nv_memory *ret);
	int (*utilisation)(nv_device device, struct nv_utilisation *at, unsigned *count,
			   uint64_t since_us);
	int (*events_create)(nv_events *ret);
	int (*events_register)(nv_device device, uint64_t kinds, nv_events events);
	int (*events_wait)(nv_events events, struct nv_event *ret, unsigned timeout_ms);
	/* Compute, graphics and MPS processes; a process may be in several. */
	struct {
		int (*list)(nv_device device, unsigned *count, void *at);
		bool is_short; /* NV_PROCESS_SHORT */
	} lists[LIBRARY_LISTS];
};

/* Opens and initialises it. It is never closed: its end is the process'. 0, or -1 with *e. */
int library_open(struct library *l, struct err *e);

/* What a result means, in words; text of at least 64 bytes. Returns text. */
const char *library_words(int result, char *text, size_t size);

/*
 * The processes of a device that hold memory, each with its instance once, and with the most of what the lists say.
 * At most `max`; *ret_count says how many. An nv_result: of the last list that failed when none had an answer.
 */
int library_processes(const struct library *l, nv_device device, struct nv_process *at,
		      unsigned max, unsigned *ret_count);
