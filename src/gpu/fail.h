/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a declarative job ended: the error value plus what the supervisor's verdict needs. One is
 * filled once, by the first cause, and becomes the `end` answer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <vulkan/vulkan_core.h>

#include "base/err.h"

enum end_reason {
	END_DONE,
	END_BAD_JOB,
	END_DEVICE_MEMORY,
	END_DEVICE_LOST,
	END_KERNEL_TIME,
	END_CANCELLED,
	END_CHECK_FAILED,
	END_FAILED,
};

struct fail {
	enum end_reason reason;
	struct err err;
	const char *where;  /* place in the job file, NULL: none; borrowed from the request */
	const char *kernel; /* borrowed */
	const char *call;   /* the Vulkan call that failed, NULL: none */
	VkResult result;
	bool pending; /* the device still works: nothing may be freed, the process must just end */
	uint64_t observed_ns;
	uint64_t bytes; /* what that call asked for */
	uint64_t needed, available;
};

#define FAIL_INIT ((struct fail){.reason = END_DONE, .err = ERR_INIT})

const char *end_reason_name(enum end_reason reason);
const char *vk_result_name(VkResult result);

/* All return -1. where may be NULL. */
int fail_set(struct fail *f, enum end_reason reason, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* *e is what some pure part of the program said. */
int fail_err(struct fail *f, enum end_reason reason, const char *where, const struct err *e);
/* The reason follows from the result; what says in words what could not be done ("create a buffer of 5 bytes"). */
int fail_vk(struct fail *f, VkResult result, const char *call, const char *what);
