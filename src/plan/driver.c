/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chosen Vulkan drivers: their manifests become the only ones that the loader in the sandbox can
 * find. (Vulkan-Loader, LoaderDriverInterface.md: manifests, library_path.)
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/fd.h"
#include "plan/parts.h"

enum { MANIFEST_MAX = 64 * 1024 };

static void decref(json_t **j)
{
	json_decref(*j);
}

#define AUTO_JSON __attribute__((cleanup(decref)))

/* Shows the directory of the driver's library, and makes library_path absolute in the manifest. */
static int place_library(struct tree *t, const char *manifest, json_t *icd, struct err *e)
{
	const char *library = json_string_value(json_object_get(icd, "library_path"));
	char joined[PATH_MAX];

	if (!library)
		return err_bad(e, manifest,
			       "has no ICD.library_path, so it is not a Vulkan driver manifest");
	if (!strchr(library, '/'))
		return 0; /* found by the dynamic linker, as outside */
	const char *slash = strrchr(manifest, '/');
	(void)snprintf(joined, sizeof joined, "%.*s/%s",
		       library[0] == '/' ? 0 : (int)(slash - manifest), manifest, library);
	AUTO_FREE char *real = realpath(joined, NULL);
	if (!real) {
		(void)err_os(e, errno, manifest, "cannot use the driver library '%s' it names",
			     library);
		return err_as_bad(e);
	}
	if (json_object_set_new(icd, "library_path", json_string(real)) < 0)
		return err_os(e, ENOMEM, manifest, "cannot prepare the manifest");
	*strrchr(real, '/') = '\0';
	if (real[0] == '\0')
		return err_bad(e, manifest, "its library must not lie in the root directory");
	if (tree_target(t, real, true, manifest, e) < 0)
		return -1;
	tree_bind(t, real, real, 0);
	return 0;
}

/* The other drivers of the system get out of sight under an empty directory. */
static int hide_others(struct tree *t, struct err *e)
{
	static const char *const others[] = {"/usr/share/vulkan/icd.d",
					     "/usr/local/share/vulkan/icd.d"};
	struct stat st;

	for (size_t i = 0; i < COUNTOF(others); i++) {
		if (stat(others[i], &st) < 0)
			continue;
		if (tree_target(t, others[i], true, "driver", e) < 0)
			return -1;
		plan_step(t->plan, STEP_TMPFS)->target = others[i] + 1;
	}
	return 0;
}

static int place_manifest(struct tree *t, const char *manifest, const char *name, struct err *e)
{
	struct arena *a = &t->plan->arena;
	json_error_t why;
	size_t size;

	AUTO_FREE char *path = realpath(manifest, NULL);
	if (!path) {
		(void)err_os(e, errno, manifest, "cannot use the driver manifest");
		return err_as_bad(e);
	}
	AUTO_FREE char *text = NULL;
	if (fd_read_file(-1, path, MANIFEST_MAX, &text, &size, e) < 0)
		return -1;
	AUTO_JSON json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return err_bad(e, path, "line %d: not a driver manifest: %s", why.line, why.text);
	json_t *icd = json_object_get(root, "ICD");
	if (place_library(t, path, icd, e) < 0)
		return -1;
	AUTO_FREE char *rewritten = json_dumps(root, JSON_INDENT(1));
	if (!rewritten)
		return err_os(e, ENOMEM, path, "cannot prepare the manifest");
	if (tree_target(t, name, false, "driver", e) < 0)
		return -1;
	t->plan->steps[t->plan->step_count - 1].source = arena_strdup(a, rewritten);
	return 0;
}

int plan_drivers(struct tree *t, const char *const *manifests, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = arena_printf(&t->plan->arena,
						"/etc/vulkan/icd.d/driver-%zu.json", i);
		if (place_manifest(t, manifests[i], i ? name : "/etc/vulkan/icd.d/driver.json", e) <
		    0)
			return -1;
	}
	return hide_others(t, e);
}
