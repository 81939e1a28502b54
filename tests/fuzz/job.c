/* SPDX-License-Identifier: Apache-2.0 */
/* Job files: YAML, the tree, the tables, and what spec_finish makes of them. */
#include "fuzz.h"

#include <stdio.h>

#include "base/err.h"
#include "job/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec spec;
	struct err e = ERR_INIT;
	char path[64], line[1024];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fuzz_file(data, size));
	spec_init(&spec);
	if (spec_read_file(&spec, path, &e) < 0 || spec_finish(&spec, &e) < 0)
		(void)err_render(&e, line, sizeof line);
	spec_done(&spec);
	return 0;
}
