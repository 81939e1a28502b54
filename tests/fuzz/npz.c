/* SPDX-License-Identifier: Apache-2.0 */
/* .npz archives: the directory, the members, what inflates. */
#include "fuzz.h"

#include "gpu/npz.h"

enum { READ_MAX = 1 << 20 };

static void take(int fd, size_t size, const char *want)
{
	struct bytes b = {.fd = -1};
	struct err e = ERR_INIT;
	unsigned char piece[4096];
	size_t got = 1, all = 0;

	if (npz_find(fd, "x.npz", size, want, &b, &e) < 0)
		return;
	while (got > 0 && all < READ_MAX && bytes_some(&b, piece, sizeof piece, &got, &e) == 0)
		all += got;
	if (got == 0)
		(void)bytes_finish(&b, &e);
	bytes_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);

	take(fd, size, NULL);
	take(fd, size, "a");
	return 0;
}
