/* SPDX-License-Identifier: Apache-2.0 */
/* A program whose .bss alone is 1 GiB, and which uses all of it: nothing is allocated, it is there from exec on. */
#include <stddef.h>

enum { SIZE = 1 << 30, PAGE = 4096 };

static volatile unsigned char big[SIZE];

int main(void)
{
	for (size_t i = 0; i < SIZE; i += PAGE)
		big[i] = 1;
	return 0;
}
