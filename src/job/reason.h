/* SPDX-License-Identifier: Apache-2.0 */
/* Why a job ended: the table of reasons and the exit status of each. */
#pragma once

#include <stddef.h>

enum { STATUS_OWN = -1, STATUS_SIGNAL = -2 };

enum reason {
#define REASON(id, name, status, help) REASON_##id,
#include "job/reason.def"
#undef REASON
};

enum {
#define REASON(id, name, status, help) +1
	REASON_COUNT = 0
#include "job/reason.def"
#undef REASON
};

struct reason_info {
	const char *name;
	int status;
	const char *help;
};

extern const struct reason_info reason_table[REASON_COUNT];
