/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of .safetensors files: a tensor that is found lies within the file. */
#include "fuzz.h"

#include <stdlib.h>

#include "gpu/safetensors.h"

static void look(const uint8_t *data, size_t size, uint64_t data_size, const char *want)
{
	struct tensor t;
	struct err e = ERR_INIT;

	const struct safetensors_header header = {(const char *)data, size, data_size};

	if (safetensors_parse(&header, "x.safetensors", want, &t, &e) == 0 && t.offset > data_size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tensor t;
	struct err e = ERR_INIT;

	look(data, size, 64, NULL);
	look(data, size, 4096, "a");
	(void)safetensors_find(fuzz_file(data, size), "x.safetensors", size, NULL, &t, &e);
	return 0;
}
