/* SPDX-License-Identifier: Apache-2.0 */
/* writefile FILE SIZE: writes a file of that size in blocks; "wrote SIZE", or "refused after N: ERRNO" and status 1. */
#include <fcntl.h>
#include <unistd.h>

#include "helpers/args.h"

int main(int argc, char **argv)
{
	if (argc != 3)
		usage("writefile FILE SIZE");
	uint64_t size = number(argv[2]);
	uint64_t done = 0;
	static const char block[4096] = "x";
	int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = fd < 0 ? -1 : 0;
	while (n >= 0 && done < size) {
		n = write(fd, block, size - done < sizeof(block) ? (size_t)(size - done) : sizeof(block));
		done += n > 0 ? (uint64_t)n : 0;
	}
	if (n < 0) {
		printf("refused after %llu: %s\n", (unsigned long long)done, strerrorname_np(errno));
		return 1;
	}
	printf("wrote %llu\n", (unsigned long long)done);
	return close(fd) != 0;
}
