/* SPDX-License-Identifier: Apache-2.0 */
/* Runs while vkjail is built: writes the compiled profiles as C arrays (filter-data.h) to stdout. */
#include <stdio.h>

#include "sandbox/filter.h"

static int print_profile(const char *name, enum spec_seccomp profile, struct err *e)
{
	struct filter f;

	if (filter_compile(profile, &f, e))
		return -1;
	printf("static const struct sock_filter filter_data_%s[] = {\n", name);
	for (unsigned i = 0; i < f.len; i++)
		printf("\t{0x%02x, %u, %u, 0x%08x},\n", f.insns[i].code, f.insns[i].jt,
		       f.insns[i].jf, f.insns[i].k);
	printf("};\n");
	free(f.insns); /* filter_done lives beside the embedded program, which is not there yet */
	return 0;
}

int main(void)
{
	struct err e = ERR_INIT;
	char line[1024];

	printf("/* Made by gen-filter from the profiles' tables. */\n");
	if (print_profile("default", SECCOMP_DEFAULT, &e) ||
	    print_profile("strict", SECCOMP_STRICT, &e)) {
		fprintf(stderr, "gen-filter: %s\n", err_render(&e, line, sizeof line));
		return 1;
	}
	return fflush(stdout) || ferror(stdout);
}
