/* SPDX-License-Identifier: Apache-2.0 */
/* read-job FILE...: what vkjail's reader says to each job file, without needing what it names. */
#include "job/spec.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct spec s;
		struct err e = ERR_INIT;
		char buf[1024];
		spec_init(&s);
		if (spec_read_file(&s, argv[i], &e) == 0 && spec_finish(&s, &e) == 0)
			printf("%s: fine\n", argv[i]);
		else
			printf("%s: refused: %s\n", argv[i], err_render(&e, buf, sizeof buf));
		spec_done(&s);
	}
	return 0;
}
