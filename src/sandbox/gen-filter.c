/* SPDX-License-Identifier: Apache-2.0 */
/* Runs while vkjail is built: writes the compiled profiles as C arrays (filter-data.h) to stdout. */
#include <stdio.h>

#include "sandbox/filter.h"

static void print_program(const char *name, const char *kind, const struct sock_filter *insns,
			  unsigned len)
{
	printf("static const struct sock_filter filter_data_%s%s[] = {\n", name, kind);
	for (unsigned i = 0; i < len; i++)
		printf("\t{0x%02x, %u, %u, 0x%08x},\n", insns[i].code, insns[i].jt, insns[i].jf,
		       insns[i].k);
	printf("};\n");
}

static int print_profile(const char *name, enum spec_seccomp profile, struct err *e)
{
	struct filter f;

	if (filter_compile(profile, &f, e))
		return -1;
	print_program(name, "", f.insns, f.len);
	print_program(name, "_asking", f.asking, f.len);
	free(f.insns); /* filter_done lives beside the embedded program, which is not there yet */
	return 0;
}

static int print_second(const char *name, enum filter_second which, struct err *e)
{
	struct filter f;

	if (filter_second_compile(which, &f, e))
		return -1;
	print_program(name, "", f.insns, f.len);
	free(f.insns);
	return 0;
}

int main(void)
{
	struct err e = ERR_INIT;
	char line[1024];

	printf("/* Made by gen-filter from the profiles' tables. */\n");
	if (print_profile("default", SECCOMP_DEFAULT, &e) ||
	    print_profile("strict", SECCOMP_STRICT, &e) ||
	    print_second("second_software", FILTER_SECOND_SOFTWARE, &e) ||
	    print_second("second_hardware", FILTER_SECOND_HARDWARE, &e)) {
		fprintf(stderr, "gen-filter: %s\n", err_render(&e, line, sizeof line));
		return 1;
	}
	return fflush(stdout) || ferror(stdout);
}
