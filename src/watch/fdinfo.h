/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel's GPU drivers tell about open nodes of /dev/dri, in /proc/PID/fdinfo/FD (kernel:
 * Documentation/gpu/drm-usage-stats.rst). That is the kernel's word, not the job's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	FDINFO_CLIENTS = 256,
	FDINFO_ENGINES = 16,
	/* Looked at in one reading, all processes together: a job may have a million open, and limits have to be held meanwhile. */
	FDINFO_DESCRIPTORS = 16384,
};

/* One open node. Descriptors that were duplicated or inherited are one client. */
struct fdinfo_client {
	char driver[16], pdev[32];
	uint64_t id;
	uint64_t local_bytes; /* resident in the device's own memory, without what others share */
	uint64_t bytes;       /* resident anywhere that the device uses */
	uint64_t engine_ns;   /* of all engines; 0 where the driver counts cycles only */
	bool has_local, has_memory;
	/* Engines that count cycles: busy ones and all of them. */
	unsigned engines;
	struct {
		char name[16];
		uint64_t busy, total;
	} engine[FDINFO_ENGINES];
};

/* Text of one fdinfo file; false when it is not that of a GPU node with statistics. */
bool fdinfo_parse(const char *text, struct fdinfo_client *ret);

/* The same of such a file, "/proc/PID/fdinfo/FD". */
bool fdinfo_read_file(const char *path, struct fdinfo_client *ret);

/* What a job had, over all its clients; those that are gone keep what they did. */
struct fdinfo_sum {
	unsigned clients;
	struct fdinfo_client *at; /* FDINFO_CLIENTS of them, malloc'ed with the first */
	bool *now;                /* seen in the last reading */
	uint64_t memory_bytes;    /* in the last reading */
	uint64_t memory_peak_bytes;
	uint64_t engine_ns; /* of cycles: their share of the time between two readings */
	uint64_t read_ns;
	uint64_t readings_cut; /* that had more than FDINFO_DESCRIPTORS to look at */
	bool
	    nvidia; /* a process has a node of NVIDIA's open, or does not let itself be looked at */
	bool nvidia_here; /* a client of NVIDIA's driver told how much memory it has */
};

void fdinfo_done(struct fdinfo_sum *s);

/*
 * Reads the nodes of these processes. proc is "/proc". When it was done last is kept for engines that
 * count in cycles.
 */
void fdinfo_read(struct fdinfo_sum *s, const char *proc, const pid_t *pids, unsigned count,
		 uint64_t now_ns);
