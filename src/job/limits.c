/* SPDX-License-Identifier: Apache-2.0 */
/* The table of limits, made from limits.def. */
#include "job/limits.h"

#define DURATION LIMIT_DURATION
#define BYTES    LIMIT_BYTES
#define COUNT    LIMIT_COUNT_OF
#define PERCENT  LIMIT_PERCENT

const struct limit_info limit_table[LIMIT_COUNT] = {
#define LIMIT(id, key, unit, def, reason, help) [LIMIT_##id] = {key, unit, def, reason, help},
#include "job/limits.def"
#undef LIMIT
};
