/* SPDX-License-Identifier: Apache-2.0 */
/* The account of device memory: what this process holds, heap by heap. */
#pragma once

#include "layer/here.h"

bool memory_init(struct device *d);
/* Gives back what the program left. */
void memory_done(struct device *d);
/* In the child of a fork: the device goes on with an account of its own, which nobody reads. */
void memory_after_fork(struct device *d);

/* What the job may still allocate in device-local heaps; PAGE_NO_LIMIT. */
uint64_t memory_left(void);
