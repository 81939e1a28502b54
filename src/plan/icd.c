/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the system's Vulkan driver manifests belong to which GPU: told by the name of their library. */
#include <glob.h>
#include <jansson.h>
#include <string.h>

#include "base/auto.h"
#include "base/fd.h"
#include "job/names.h"
#include "plan/gpu.h"

enum { MANIFEST_MAX = 64 * 1024 };

/* Software drivers, and those of which nothing is known, belong to no GPU. */
static const struct {
	const char *library; /* how its name begins */
	enum gpu_vendor vendor;
} libraries[] = {
    {"libGLX_nvidia", VENDOR_NVIDIA},
    {"libEGL_nvidia", VENDOR_NVIDIA},
    {"libvulkan_nouveau", VENDOR_NVIDIA},
    {"libvulkan_radeon", VENDOR_AMD},
    {"amdvlk", VENDOR_AMD},
    {"libvulkan_intel", VENDOR_INTEL},
    {"libvulkan_virtio", VENDOR_VIRTIO},
    {"libvulkan_gfxstream", VENDOR_VIRTIO},
    {"libvulkan_dzn", VENDOR_DXG},
    {"libvulkan_asahi", VENDOR_OTHER},
    {"libvulkan_broadcom", VENDOR_OTHER},
    {"libvulkan_freedreno", VENDOR_OTHER},
    {"libvulkan_panfrost", VENDOR_OTHER},
    {"libvulkan_powervr", VENDOR_OTHER},
    {"libmali", VENDOR_OTHER},
};

static const char *const directories[] = {"/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d",
					  "/usr/share/vulkan/icd.d"};

const char *icd_library(const struct host_gpu *g)
{
	for (size_t i = 0; i < COUNTOF(libraries); i++)
		if (libraries[i].vendor == g->vendor && g->vendor != VENDOR_OTHER)
			return libraries[i].library;
	return "libvulkan_";
}

static void decref(json_t **j)
{
	json_decref(*j);
}

/* The vendor of one manifest's driver; -1: none that a GPU has, or it can't be read. */
static int vendor_of(const char *manifest)
{
	struct err e = ERR_INIT;
	json_error_t why;
	size_t size;
	AUTO_FREE char *text = NULL;

	if (fd_read_file(-1, manifest, MANIFEST_MAX, &text, &size, &e) < 0)
		return -1;
	__attribute__((cleanup(decref)))
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	const char *library = json_string_value(
	    json_object_get(json_object_get(root, "ICD"), "library_path"));
	for (size_t i = 0; library && i < COUNTOF(libraries); i++)
		if (strncmp(path_base(library), libraries[i].library,
			    strlen(libraries[i].library)) == 0)
			return (int)libraries[i].vendor;
	return -1;
}

void icd_find(struct plan *p, const char *root, const struct host_gpu **missing)
{
	unsigned wanted = 0, found = 0;

	*missing = NULL;
	for (size_t i = 0; i < p->gpu_count; i++)
		wanted |= 1U << p->gpus[i].vendor;
	for (size_t d = 0; wanted && d < COUNTOF(directories); d++) {
		glob_t files;
		if (glob(arena_printf(&p->arena, "%s%s/*.json", root, directories[d]), 0, NULL,
			 &files) != 0)
			continue;
		for (size_t i = 0; i < files.gl_pathc; i++) {
			int vendor = vendor_of(files.gl_pathv[i]);
			if (vendor < 0 || !(wanted & 1U << vendor))
				continue;
			found |= 1U << vendor;
			p->drivers = arena_grow(&p->arena, p->drivers, p->driver_count,
						sizeof *p->drivers);
			p->drivers[p->driver_count++] = arena_strdup(&p->arena, files.gl_pathv[i]);
		}
		globfree(&files);
	}
	for (size_t i = 0; i < p->gpu_count && !*missing; i++)
		if (!(found & 1U << p->gpus[i].vendor))
			*missing = &p->gpus[i];
}
