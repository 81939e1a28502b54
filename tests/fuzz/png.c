/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures: the header is believed only as far as the bounds, and decoding stays in its memory. */
#include "fuzz.h"

#include <stdlib.h>

#include "gpu/png.h"

enum { DECODE_MAX = 1 << 20 };

static void decode(int fd, size_t size, enum compute_type type)
{
	struct bytes b = {.kind = BYTES_FILE, .fd = fd, .name = "x.png", .size = size};
	struct shape shape;
	struct err e = ERR_INIT;

	if (png_peek(&b, type, &shape, &e) == 0 && shape.bytes <= DECODE_MAX) {
		unsigned char *out = malloc(shape.bytes ? shape.bytes : 1);
		if (!out)
			abort();
		(void)png_read(&b, &shape, out, &e);
		free(out);
	}
	bytes_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);

	decode(fd, size, TYPE_U8);
	decode(fd, size, TYPE_U16);
	return 0;
}
