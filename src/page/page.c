/* SPDX-License-Identifier: Apache-2.0 */
/* The names behind the numbers in the page. Linked into both the supervisor and the layer. */
#include "page/page.h"

#include <stddef.h>

const char *const page_call_names[PAGE_CALLS] = {
    [PAGE_CALL_NONE] = "",
#define CALL(name) [PAGE_CALL_##name] = #name,
#include "page/call.def"
#undef CALL
};

const char *const page_counter_keys[PAGE_COUNTERS] = {
#define COUNTER(id, key, help) [PAGE_COUNT_##id] = key,
#include "page/counter.def"
#undef COUNTER
};

const char *page_result_name(int32_t result)
{
	switch (result) {
#define RESULT(name, number) \
	case number:         \
		return #name;
#include "page/result.def"
#undef RESULT
	default:
		return NULL;
	}
}
