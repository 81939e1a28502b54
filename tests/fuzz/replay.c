/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The corpus of a fuzz target as a test: each file as it is, cut off after each of its bytes, and
 * with single bytes changed. Every input lies in a block of exactly its size, so that a sanitizer
 * (or valgrind) sees the first byte read too many. The target's name is the program's.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/fd.h"

enum { FILE_MAX = 1 << 20, CUTS_MAX = 512, CHANGES_MAX = 512 };

static void feed(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* Evenly spread over long files, so that the end of the file is reached as well. */
static size_t stride(size_t size, size_t most)
{
	return size / most + 1;
}

static void replay(unsigned char *data, size_t size)
{
	static const unsigned char changes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	feed(data, size);
	for (size_t n = 0; n < size; n += stride(size, CUTS_MAX))
		feed(data, n);
	for (size_t i = 0; i < size; i += stride(size, CHANGES_MAX)) {
		unsigned char was = data[i];
		data[i] = changes[i % COUNTOF(changes)];
		feed(data, size);
		data[i] = was;
	}
}

/* A reproducer from the fuzzer, looked at alone. */
static int replay_one(const char *path)
{
	struct err e = ERR_INIT;
	AUTO_FREE char *data = NULL;
	size_t size;

	if (fd_read_file(-1, path, FILE_MAX, &data, &size, &e) < 0) {
		fprintf(stderr, "cannot read %s\n", path);
		return 1;
	}
	feed((unsigned char *)data, size);
	return 0;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir"), *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	char dir[4096], path[8192];
	int count = 0;

	if (argc > 1)
		return replay_one(argv[1]);
	(void)snprintf(dir, sizeof dir, "%s/tests/fuzz/corpus/%.*s", top ? top : ".",
		       (int)strcspn(name, "."), name);
	DIR *d = opendir(dir);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		struct err e = ERR_INIT;
		AUTO_FREE char *data = NULL;
		size_t size;
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		/* Named before it is fed: a crash leaves the name as the last line. */
		printf("# %s\n", entry->d_name);
		(void)fflush(stdout);
		if (fd_read_file(-1, path, FILE_MAX, &data, &size, &e) < 0) {
			printf("not ok %d - cannot read %s\n", ++count, entry->d_name);
			continue;
		}
		replay((unsigned char *)data, size);
		printf("ok %d - %s\n", ++count, entry->d_name);
	}
	if (d)
		(void)closedir(d);
	if (count == 0) {
		printf("Bail out! no corpus in %s\n", dir);
		return 1;
	}
	printf("1..%d\n", count);
	return 0;
}
