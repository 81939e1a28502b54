/* SPDX-License-Identifier: Apache-2.0 */
/* flood BYTES [stderr|both]: writes that many bytes (0: without end) in lines of 64, as fast as they are taken. */
#include <unistd.h>

#include "helpers/args.h"

int main(int argc, char **argv)
{
	if (argc < 2)
		usage("flood BYTES [stderr|both]");
	uint64_t left = number(argv[1]);
	const char *where = argc > 2 ? argv[2] : "stdout";
	int both = strcmp(where, "both") == 0;
	int fd = strcmp(where, "stderr") == 0 ? 2 : 1;
	char block[4096];
	memset(block, 'x', sizeof(block));
	for (size_t i = 63; i < sizeof(block); i += 64)
		block[i] = '\n';
	if (left == 0)
		left = UINT64_MAX;
	while (left > 0) {
		size_t want = left < sizeof(block) ? (size_t)left : sizeof(block);
		ssize_t n = write(fd, block, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return 1;
		left -= (uint64_t)n;
		fd = both ? 3 - fd : fd;
	}
	return 0;
}
