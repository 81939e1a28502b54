/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of devices, from Linux 6.14 on. Each file has a line for each region, "drm/0000:03:00.0/vram0 1073741824", whose
 * name is its driver's (amdgpu: vram; xe: vram0, vram1, stolen). Documentation/admin-guide/cgroup-v2.rst, "DMEM".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cgroup/cgroup.h"
#include "cgroup/own.h"

enum { TEXT_MAX = 16384 };

bool cgroup_region_next(const char **at, struct cgroup_region *ret)
{
	for (const char *line = *at; line && *line;) {
		const char *end = strchr(line, '\n');
		size_t len = end ? (size_t)(end - line) : strlen(line), name = strcspn(line, " \n");
		const char *value = line + name + 1;
		char *stop;

		*at = end ? end + 1 : line + len;
		if (name > 0 && name + 1 < len && name < sizeof ret->name) {
			(void)snprintf(ret->name, sizeof ret->name, "%.*s", (int)name, line);
			ret->bytes = strtoull(value, &stop, 10);
			if (stop == value || *value == '-')
				ret->bytes = CGROUP_UNKNOWN;
			return true;
		}
		line = *at;
	}
	return false;
}

bool cgroup_region_is_of(const struct cgroup_region *r, const char *pci)
{
	static const char start[] = "drm/";
	const char *address = r->name + strlen(start), *slash = strrchr(r->name, '/');

	if (strncmp(r->name, start, strlen(start)) != 0 || slash < address ||
	    strncmp(slash + 1, "vram", 4) != 0)
		return false;
	size_t len = (size_t)(slash - address);
	return !pci || (strlen(pci) == len && strncmp(address, pci, len) == 0);
}

uint64_t cgroup_device_memory(const struct cgroup *g)
{
	UNINITIALIZED char text[TEXT_MAX];
	struct cgroup_region r;
	uint64_t sum = 0;

	if (!g->place || g->place->version != CGROUP_V2 ||
	    !(g->place->controllers & CGROUP_BIT(CGROUP_DMEM)) ||
	    cgroup_read(g->dir[0], "dmem.current", text, sizeof text) < 0)
		return CGROUP_UNKNOWN;
	for (const char *at = text; cgroup_region_next(&at, &r);)
		if (cgroup_region_is_of(&r, NULL) && r.bytes != CGROUP_UNKNOWN &&
		    __builtin_add_overflow(sum, r.bytes, &sum))
			return INT64_MAX;
	return sum > INT64_MAX ? INT64_MAX : sum;
}

const char *cgroup_regions(struct arena *a)
{
	UNINITIALIZED char text[TEXT_MAX];
	struct mounts m;
	struct err ignored = ERR_INIT;
	const char *found = NULL,
		   *own = own_load(&m, &ignored) == 0 ? own_directory(a, &m, "") : NULL;
	char *path = own ? arena_strdup(a, own) : NULL;

	/* The root has their sizes; where it cannot be seen a group's own numbers name them as well. */
	while (!found && path) {
		AUTO_FD int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0 && (cgroup_read(dir, "dmem.capacity", text, sizeof text) >= 0 ||
				 cgroup_read(dir, "dmem.current", text, sizeof text) >= 0))
			found = arena_strdup(a, text);
		char *slash = strrchr(path, '/');
		if (!slash || slash == path)
			break;
		*slash = '\0';
	}
	own_unload(&m);
	return found;
}
