/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"

static const struct {
	int pid, parent;
} tree[] = {{100, 50}, {101, 100}, {102, 101}, {50, 1}, {200, 50}};

enum { PATH_SIZE = 300 };

static const char *path_of(char *path, const char *proc, int pid, const char *name)
{
	(void)snprintf(path, PATH_SIZE, "%s/%d%s", proc, pid, name);
	return path;
}

int fake_proc_make(char *proc)
{
	char path[PATH_SIZE];

	if (!mkdtemp(proc))
		return -1;
	for (size_t i = 0; i < COUNTOF(tree); i++) {
		(void)mkdir(path_of(path, proc, tree[i].pid, ""), 0700);
		(void)mkdir(path_of(path, proc, tree[i].pid, "/fd"), 0700);
		FILE *f = fopen(path_of(path, proc, tree[i].pid, "/stat"), "w");
		if (!f)
			return -1;
		(void)fprintf(f, "%d (a ) name (R) S %d 1 1 0\n", tree[i].pid, tree[i].parent);
		(void)fclose(f);
	}
	return symlink("/dev/nvidia0", path_of(path, proc, 102, "/fd/3"));
}

int fake_proc_remove(const char *proc)
{
	static const char *const names[] = {"/fd/3", "/fd", "/stat", ""};
	char path[PATH_SIZE];

	for (size_t i = 0; i < COUNTOF(tree); i++)
		for (size_t n = 0; n < COUNTOF(names); n++)
			(void)remove(path_of(path, proc, tree[i].pid, names[n]));
	return rmdir(proc);
}
