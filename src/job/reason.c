/* SPDX-License-Identifier: Apache-2.0 */
/* The table of reasons, made from reason.def. */
#include "job/reason.h"

const struct reason_info reason_table[REASON_COUNT] = {
#define REASON(id, name, status, help) [REASON_##id] = {name, status, help},
#include "job/reason.def"
#undef REASON
};
