/* SPDX-License-Identifier: Apache-2.0 */
/* print-completion bash|zsh: the completion scripts, made while building. Not installed. */
#include "cli/opt.h"

int main(int argc, char **argv)
{
	if (argc != 2 || !opt_print_completion(stdout, argv[1])) {
		fputs("usage: print-completion bash|zsh\n", stderr);
		return 2;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
