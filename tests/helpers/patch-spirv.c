/* SPDX-License-Identifier: Apache-2.0 */
/* patch-spirv X Y Z <MODULE >MODULE: gl_NumWorkGroups written in, as vkjail-exec does it. */
#include <stdio.h>
#include <stdlib.h>

#include "gpu/spirv-patch.h"

int main(int argc, char **argv)
{
	static uint32_t words[1 << 20];
	uint32_t groups[3] = {0}, *out;
	const char *why;
	size_t count = fread(words, 4, sizeof words / 4, stdin);

	for (int i = 0; i < 3 && i + 1 < argc; i++)
		groups[i] = (uint32_t)strtoul(argv[i + 1], NULL, 10);
	if (spirv_patch_groups(words, count, groups, &out, &count, &why) < 0) {
		(void)fprintf(stderr, "%s\n", why);
		return 1;
	}
	return fwrite(out, 4, count, stdout) == count && fflush(stdout) == 0 ? 0 : 2;
}
