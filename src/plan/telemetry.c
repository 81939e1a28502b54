/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Vulkan layer in the sandbox: the library, an implicit manifest that every loader finds without being
 * told (Vulkan-Loader, LoaderLayerInterface.md, "Linux Layer Discovery"), and the place of the socket beside
 * the library. Where the user's own mounts leave no room for them the job goes without, and the report says why.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "page/page.h"
#include "plan/parts.h"

static const char config[] = "/etc/vulkan";

static void auto_closedir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/*
 * disable_environment is required of an implicit manifest. plan_command keeps the variable, like others that
 * switch layers off, out of the job's environment.
 */
static const char manifest[] =
    "{\n"
    "  \"file_format_version\": \"1.1.2\",\n"
    "  \"layer\": {\n"
    "    \"name\": \"" PAGE_LAYER_NAME "\",\n"
    "    \"type\": \"GLOBAL\",\n"
    "    \"library_path\": \"" PAGE_LAYER_DIR "/" PAGE_LAYER_FILE "\",\n"
    "    \"api_version\": \"1.3.0\",\n"
    "    \"implementation_version\": \"1\",\n"
    "    \"description\": \"counts, times and limits what this job does on the GPU\",\n"
    "    \"disable_environment\": { \"VKJAIL_NO_LAYER\": \"1\" }\n"
    "  }\n"
    "}\n";

/* A directory's entries one by one, so that another can stand among them. */
static int show_entries(struct tree *t, const char *dir, const char *const *apart, struct err *e)
{
	__attribute__((cleanup(auto_closedir))) DIR *d = opendir(dir);
	const struct dirent *entry;

	while (d && (entry = readdir(d))) {
		const char *name = entry->d_name;
		bool skip = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
		for (size_t i = 0; apart && apart[i]; i++)
			skip = skip || strcmp(name, apart[i]) == 0;
		const char *path = arena_printf(&t->plan->arena, "%s/%s", dir, name);
		if (skip)
			continue;
		tree_parents(t, path);
		if (plan_show_path(t, path, 0, e) < 0)
			return -1;
	}
	return 0;
}

int plan_vulkan_config(struct tree *t, const struct spec *spec, struct err *e)
{
	/* loader_settings.d can switch layers off or put them in another order. */
	static const char *const apart[][4] = {
	    {NULL},
	    {"implicit_layer.d", "loader_settings.d", NULL},
	    {"icd.d", NULL},
	    {"icd.d", "implicit_layer.d", "loader_settings.d", NULL},
	};
	bool layered = spec->telemetry != TELEMETRY_OFF, chosen = t->plan->drivers_only;

	if (!layered && !chosen)
		return plan_show_path(t, config, 0, e);
	if (access(config, F_OK) < 0)
		return 0;
	if (show_entries(t, config, apart[layered + 2 * chosen], e) < 0)
		return -1;
	return layered ? show_entries(t, PAGE_MANIFEST_DIR, NULL, e) : 0;
}

/* Why it cannot be had; NULL when it can. */
static const char *obstacle(const struct tree *t, const struct spec *spec, const char *library)
{
	if (spec->telemetry == TELEMETRY_OFF)
		return "switched off";
	if (spec->compute || spec->helper)
		return "vkjail-exec measures by itself";
	if (spec->seccomp == SECCOMP_STRICT)
		return "the strict system call filter lets nobody open a socket";
	if (access(library, R_OK) < 0)
		return "the layer's library is not there";
	if (tree_is_foreign(t, PAGE_MANIFEST_DIR) || tree_is_foreign(t, PAGE_LAYER_DIR) ||
	    tree_has(t, PAGE_LAYER_DIR) || tree_has(t, PAGE_MANIFEST_DIR "/" PAGE_MANIFEST_FILE))
		return "a mount of the user's stands where the layer would be";
	return NULL;
}

void plan_telemetry(struct tree *t, const struct spec *spec)
{
	struct plan *p = t->plan;
	struct err e = ERR_INIT;
	const char *library = arena_printf(&p->arena, "%s/" PAGE_LAYER_FILE, t->host->libexec);

	p->telemetry_why = obstacle(t, spec, library);
	if (p->telemetry_why)
		return;
	if (tree_target(t, PAGE_LAYER_DIR "/" PAGE_LAYER_FILE, false, "telemetry", &e) < 0) {
		p->telemetry_why = arena_strdup(&p->arena, e.text);
		return;
	}
	tree_bind(t, library, PAGE_LAYER_DIR "/" PAGE_LAYER_FILE, 0);
	if (tree_target(t, PAGE_MANIFEST_DIR "/" PAGE_MANIFEST_FILE, false, "telemetry", &e) < 0) {
		p->telemetry_why = arena_strdup(&p->arena, e.text);
		return;
	}
	p->steps[p->step_count - 1].source = manifest;
	p->telemetry = true;
}
