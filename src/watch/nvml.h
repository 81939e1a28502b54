/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NVIDIA's driver tells of the job's processes, through vkjail-nvml (docs/protocol.md). Neither the kernel's word nor
 * the job's: the driver's, out of a process that may hang, crash or say nothing without any harm to the job.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { NVML_DEVICES = 16, NVML_OURS = 64, NVML_ERRORS = 32, NVML_MESSAGE_MAX = 32768 };

/* One of the GPUs that the job was given. */
struct nvml_device {
	char name[48];  /* as the helper is asked for it: "pci:0000:41:00.0", "minor:0" */
	unsigned index; /* as in the plan */
	bool found;
	char uuid[64];
	uint64_t total_bytes;
	bool has_memory; /* of the job's; a driver may not know, and need not */
	uint64_t memory_bytes, memory_peak_bytes;
	unsigned processes_peak; /* of the job's, at one time */
	unsigned foreign;        /* others, in the last reading */
	pid_t ours
	    [NVML_OURS]; /* the job's in the last reading, and those of before that are still told */
	unsigned our_count;
	bool has_busy;
	unsigned busy_peak; /* percent */
	uint64_t busy_ns;   /* share of the time between two readings, added up */
	uint64_t read_ns;   /* when it was read last; 0: never */
};

struct nvml_error {
	uint64_t at_ns;
	unsigned device; /* in devices */
	bool is_xid;     /* else ECC: an error of two bits */
	uint64_t xid;
};

struct nvml {
	struct nvml_device *devices; /* NVML_DEVICES of them; NULL: not wanted. Owned */
	unsigned count;
	char program[4096 + 16];
	uint64_t interval_ns;
	bool started;
	pid_t pid; /* of the helper; 0: none */
	int fd;    /* its messages; -1 */
	char driver[64];
	uint64_t readings;
	struct nvml_error errors[NVML_ERRORS];
	unsigned error_count;
	uint64_t errors_dropped;
	bool host_pids; /* the numbers of processes are those that the driver tells */
	char why[256];  /* why there is nothing, or nothing more; "" */
};

#define NVML_INIT ((struct nvml){.fd = -1})

void nvml_done(struct nvml *n);

/* One more GPU to be asked about: its PCI address, or NULL and its node. Nothing beyond NVML_DEVICES. */
void nvml_want(struct nvml *n, unsigned index, const char *pci, const char *node);

/* Starts the helper, once. False when that fails; n->why says why. */
bool nvml_start(struct nvml *n);

/* Which processes are the job's: root is pid 1 of its sandbox, proc is "/proc". */
struct nvml_job {
	const char *proc;
	pid_t root;
};

/*
 * One message of the helper's. True when it was a reading of a device. Whatever makes no sense is dropped; pure but for
 * the look at /proc.
 */
bool nvml_take(struct nvml *n, const char *data, size_t size, const struct nvml_job *job);

enum nvml_heard { NVML_MORE, NVML_READING, NVML_EMPTY, NVML_END };

/* The next message that waits, if there is one. NVML_END: the helper is gone, n->why says how. */
enum nvml_heard nvml_receive(struct nvml *n, const struct nvml_job *job);

/* What the job holds on all its devices by readings that are not old; 0 when there are none. */
uint64_t nvml_memory(const struct nvml *n, uint64_t now_ns);

/* The helper is ended, but not waited for when it hangs in the driver. */
void nvml_stop(struct nvml *n, uint64_t now_ns);
