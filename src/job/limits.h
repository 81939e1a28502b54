/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a job: which there are, and their values in one job. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "job/reason.h"

#define LIMIT_NONE  UINT64_MAX       /* "none": lifted on purpose */
#define LIMIT_UNSET (UINT64_MAX - 1) /* nothing asked for */

enum limit_unit {
	LIMIT_DURATION,
	LIMIT_BYTES,
	LIMIT_COUNT_OF,
	LIMIT_PERCENT,
	LIMIT_CPUS_OF,
	LIMIT_BANDWIDTH,
	LIMIT_RATE
};

enum limit {
#define LIMIT(id, key, unit, def, reason, help) LIMIT_##id,
#include "job/limits.def"
#undef LIMIT
};

enum {
#define LIMIT(id, key, unit, def, reason, help) +1
	LIMIT_COUNT = 0
#include "job/limits.def"
#undef LIMIT
};

struct limit_info {
	const char *key;
	enum limit_unit unit;
	uint64_t def;
	enum reason reason;
	const char *help;
};

extern const struct limit_info limit_table[LIMIT_COUNT];

/* Nanoseconds, bytes or a count, by the limit's unit; LIMIT_NONE and LIMIT_UNSET are no values. */
struct limits {
	uint64_t value[LIMIT_COUNT];
	uint64_t soft
	    [LIMIT_COUNT]; /* what is told, or ends the job gracefully, before value is reached */
};

/* The limits that can have a soft value as well. */
static inline int limit_may_be_soft(enum limit id)
{
	return id == LIMIT_WALL || id == LIMIT_CPU || id == LIMIT_MEMORY ||
	       id == LIMIT_DEVICE_MEMORY;
}

/* The limits on block devices. */
static inline int limit_is_io(enum limit id)
{
	return id == LIMIT_IO_READ || id == LIMIT_IO_WRITE || id == LIMIT_IO_READ_OPS ||
	       id == LIMIT_IO_WRITE_OPS;
}

/* "1GiB", "30s", "64", "150%". buf of at least 32 bytes; returns buf. */
const char *limit_print(enum limit id, uint64_t value, char *buf, size_t size);

static inline int limit_is_set(const struct limits *l, enum limit id)
{
	return l->value[id] < LIMIT_UNSET;
}
