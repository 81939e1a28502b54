/* SPDX-License-Identifier: Apache-2.0 */
/* The table of limits, made from limits.def. */
#include "job/limits.h"

#include <stdio.h>

#include "base/text.h"

#define DURATION  LIMIT_DURATION
#define BYTES     LIMIT_BYTES
#define COUNT     LIMIT_COUNT_OF
#define PERCENT   LIMIT_PERCENT
#define CPUS      LIMIT_CPUS_OF
#define BANDWIDTH LIMIT_BANDWIDTH
#define RATE      LIMIT_RATE

const struct limit_info limit_table[LIMIT_COUNT] = {
#define LIMIT(id, key, unit, def, reason, help) [LIMIT_##id] = {key, unit, def, reason, help},
#include "job/limits.def"
#undef LIMIT
};

const char *limit_print(enum limit id, uint64_t value, char *buf, size_t size)
{
	const char *unit = "";

	switch (limit_table[id].unit) {
	case LIMIT_DURATION:
		return text_print_duration(value, buf, size);
	case LIMIT_BYTES:
		return text_print_size(value, buf, size);
	case LIMIT_BANDWIDTH: {
		char bytes[32];
		(void)snprintf(buf, size, "%s/s", text_print_size(value, bytes, sizeof bytes));
		return buf;
	}
	case LIMIT_PERCENT:
		unit = "%";
		break;
	case LIMIT_RATE:
		unit = "/s";
		break;
	case LIMIT_COUNT_OF:
	case LIMIT_CPUS_OF:
		break;
	}
	(void)snprintf(buf, size, "%llu%s", (unsigned long long)value, unit);
	return buf;
}
