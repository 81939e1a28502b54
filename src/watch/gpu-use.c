/* SPDX-License-Identifier: Apache-2.0 */
/* See gpu-use.h. */
#include "watch/gpu-use.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"

/* Of all processes together, so that many with long lists do not keep the supervisor from the job's limits. */
struct left {
	int lines, fds;
};
static const struct left most = {.lines = 20000, .fds = 4096};

/* Drivers, not the loader: who maps one has a device in mind. */
static const char *const drivers[] = {"libvulkan_",      "libGLX_nvidia.so",     "libnvidia-glcore",
				      "amdvlk64.so",     "libvk_swiftshader.so", "libcuda.so",
				      "libpowervr_rogue"};

static const char *const nodes[] = {"/dev/dri/render", "/dev/nvidia", "/dev/kfd", "/dev/dxg",
				    "/dev/mali"};

/* The file of a line of maps, when it is a driver's. proc_pid_maps(5): the name is the last field. */
static const char *driver_in(const char *line)
{
	const char *slash = strrchr(line, '/');

	for (size_t i = 0; slash && i < COUNTOF(drivers); i++)
		if (strncmp(slash + 1, drivers[i], strlen(drivers[i])) == 0)
			return slash + 1;
	return NULL;
}

static bool maps_driver(const char *proc, pid_t pid, struct left *left, char *ret, size_t size)
{
	char path[512], line[512];

	(void)snprintf(path, sizeof path, "%s/%d/maps", proc, (int)pid);
	AUTO_FILE FILE *f = fopen(path, "re");
	for (; f && left->lines > 0 && fgets(line, sizeof line, f); left->lines--) {
		line[strcspn(line, "\n")] = '\0';
		const char *name = driver_in(line);
		if (!name)
			continue;
		char shown[100];
		(void)snprintf(
		    ret, size,
		    "a process maps %s, but came past the layer (a driver opened without the loader, or a loader of its own)",
		    text_show(name, shown, sizeof shown));
		return true;
	}
	return false;
}

static bool opens_node(const char *proc, pid_t pid, struct left *left, char *ret, size_t size)
{
	char path[512], link[64];
	bool found = false;

	(void)snprintf(path, sizeof path, "%s/%d/fd", proc, (int)pid);
	DIR *dir = opendir(path);
	struct dirent *d;
	for (; dir && !found && left->fds > 0 && (d = readdir(dir)); left->fds--) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, link, sizeof link - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		for (size_t k = 0; k < COUNTOF(nodes) && !found; k++)
			found = strncmp(link, nodes[k], strlen(nodes[k])) == 0;
		char shown[100];
		if (found)
			(void)snprintf(
			    ret, size,
			    "a process has %s open, but not through a Vulkan loader that takes layers",
			    text_show(link, shown, sizeof shown));
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

bool gpu_use_find(const char *proc, const pid_t *pids, unsigned count, char *ret, size_t size)
{
	struct left left = most;

	for (unsigned i = 0; i < count; i++)
		if (maps_driver(proc, pids[i], &left, ret, size) ||
		    opens_node(proc, pids[i], &left, ret, size))
			return true;
	return false;
}
