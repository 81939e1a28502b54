/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of NVML's binary interface that is used here, with names of our own (NVIDIA: NVML API Reference Guide).
 * Handles are pointers that mean something to the library alone.
 */
#pragma once

#include <stdint.h>

typedef void *nv_device;
typedef void *nv_events;

enum nv_result {
	NV_SUCCESS = 0,
	NV_NOT_SUPPORTED = 3,
	NV_NO_PERMISSION = 4,
	NV_NOT_FOUND = 6,
	NV_INSUFFICIENT_SIZE = 7,
	NV_DRIVER_NOT_LOADED = 9,
	NV_TIMEOUT = 10,
	NV_LOST = 15,
	NV_VERSION_MISMATCH = 18
};

/* In place of a number of bytes: the driver does not know. */
#define NV_UNKNOWN UINT64_MAX

struct nv_memory {
	uint64_t total, free, used;
};

/*
 * One process. The first interface ends after `bytes`; later ones have the instances of a GPU that is cut up. Some
 * drivers of the 535 series add eight bytes under the same name, so the distance of two is found out.
 */
struct nv_process {
	uint32_t pid;
	uint64_t bytes;
	uint32_t gpu_instance, compute_instance;
};
enum { NV_PROCESS_SHORT = 16, NV_PROCESS_PLAIN = 24, NV_PROCESS_LONG = 32 };

struct nv_utilisation {
	uint32_t pid;
	uint64_t at_us;
	uint32_t sm, memory, encoder, decoder; /* percent */
};

struct nv_event {
	nv_device device;
	uint64_t kind, data;
	uint32_t gpu_instance, compute_instance; /* not in the first interface */
};

enum { NV_EVENT_ECC_DOUBLE_BIT = 2, NV_EVENT_XID = 8 };
enum { NV_UUID_SIZE = 96, NV_VERSION_SIZE = 80 };
