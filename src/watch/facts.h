/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about one run when it is over. Two kinds, never mixed: observed, which the kernel
 * or our own code saw, and claimed (claims.h), which came from inside the sandbox.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "job/limits.h"
#include "watch/fdinfo.h"
#include "watch/nvml.h"
#include "sandbox/proto.h"

enum cause_kind {
	CAUSE_NONE,   /* nobody but the job itself */
	CAUSE_LIMIT,  /* a limit was reached */
	CAUSE_CANCEL, /* vkjail got a signal */
};

/* One reading of the whole process tree. */
struct usage {
	uint64_t at_ns; /* CLOCK_MONOTONIC */
	uint64_t cpu_ns;
	uint64_t memory_bytes;
	unsigned processes, threads;
	bool memory_exact;          /* shared pages counted once */
	uint64_t device_bytes;      /* of the GPU, as the Vulkan layer counts */
	uint64_t device_seen_bytes; /* the same as drivers tell from outside of the job */
};

enum { SAMPLES_MAX = 512 };

/* When the buffer is full, neighbours merge (the higher memory stays) and the interval doubles. */
struct samples {
	struct usage
	    *at; /* SAMPLES_MAX of them, from the first sample on; owned by who owns the struct */
	unsigned count;
	uint64_t interval_ns;
	uint64_t taken;
};

struct observed {
	bool launched;    /* the child exists */
	bool step_failed; /* it could not set the sandbox up, or not execute */
	unsigned step;
	int step_os;
	unsigned step_detail;

	bool exited;     /* pid 1 told how the main process ended */
	int status;      /* wait status of it */
	int init_status; /* of pid 1, should it have been killed */
	bool unkillable; /* still there after SIGKILL */

	enum cause_kind cause;
	enum limit limit;  /* CAUSE_LIMIT */
	uint64_t value;    /* CAUSE_LIMIT: the value that was too high, in the limit's unit */
	bool soft;         /* CAUSE_LIMIT: the soft value it was */
	int cancel_signal; /* CAUSE_CANCEL */
	uint64_t soft_ns[LIMIT_COUNT],
	    soft_value[LIMIT_COUNT];  /* when a soft value was passed, and with what; 0: not */
	uint64_t cause_ns, killed_ns; /* when it was decided, when SIGKILL was sent; 0: not */

	uint64_t launch_ns, started_ns, ended_ns, gone_ns; /* CLOCK_MONOTONIC; 0: not known */
	int64_t launch_real_ns;                            /* CLOCK_REALTIME */
	struct rusage rusage; /* of pid 1 and everything it waited for */
	struct usage peak;    /* highest values seen in samples, each for itself */
	struct samples samples;
	bool grouped;             /* it had a control group */
	struct cgroup_stat group; /* what that counted, at the end */
	uint64_t pressure_ns,
	    pressure_bytes;  /* when its processes first had to wait for memory, and what it held */
	uint64_t refused_ns; /* when its limit on processes first refused one */
	uint64_t output_bytes;
	bool output_counted;
	const struct denied *
	    denied; /* calls that the filter refused; NULL: not known. Borrowed from the child's page */
	uint64_t tmp_bytes_peak;
	bool tmp_counted;
	struct fdinfo_sum drm;                /* owned by who owns the struct */
	struct nvml nvml;                     /* the same */
	uint64_t dmem_bytes, dmem_peak_bytes; /* of the group, in GPUs' own memory */
	bool dmem_counted;
	const char *value_by; /* CAUSE_LIMIT: who observed value, where several may; NULL */
	char gpu_use
	    [256]; /* what was seen of a driver in the job while the layer had said nothing; "" */
};
