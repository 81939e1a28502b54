/* SPDX-License-Identifier: Apache-2.0 */
/* The search for #include lines, in text that may be no GLSL: what is found lies within the text. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/include-scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct include_scan s;

	include_scan_init(&s, (const char *)data, size);
	while (include_scan_next(&s))
		if (s.found_at > s.found_end || s.found_end > size || s.name < (const char *)data ||
		    s.name + s.name_size > (const char *)data + size)
			abort();
	return 0;
}
