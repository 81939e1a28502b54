/* SPDX-License-Identifier: Apache-2.0 */
/* argv, the environment, and where the command is looked for. */
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "plan/parts.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/*
 * Not passed on. The drivers: some programs read these variables themselves and then skip the
 * loader and every layer, so a driver is chosen by mounting its manifest (--driver). The others name
 * host paths or sockets that are not in the sandbox.
 */
static const char *const dropped[] = {"VK_ICD_FILENAMES",
				      "VK_DRIVER_FILES",
				      "VK_ADD_DRIVER_FILES",
				      "XDG_RUNTIME_DIR",
				      "DBUS_SESSION_BUS_ADDRESS",
				      "SSH_AUTH_SOCK",
				      "OLDPWD"};

static const char *lookup(const struct plan *p, size_t count, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < count; i++)
		if (strncmp(p->envp[i], name, n) == 0 && p->envp[i][n] == '=')
			return p->envp[i] + n + 1;
	return NULL;
}

/* Sets or replaces NAME=VALUE. */
static size_t put(struct plan *p, size_t count, const char *entry)
{
	size_t n = (size_t)(strchr(entry, '=') - entry) + 1;
	for (size_t i = 0; i < count; i++)
		if (strncmp(p->envp[i], entry, n) == 0) {
			p->envp[i] = entry;
			return count;
		}
	p->envp = arena_grow(&p->arena, p->envp, count, sizeof *p->envp);
	p->envp[count] = entry;
	return count + 1;
}

/* Not passed on either when our layer is there: with these the loader would not find it, or leave it out. */
static const char *const layer_off[] = {"VK_LOADER_LAYERS_DISABLE", "VK_IMPLICIT_LAYER_PATH",
					"VKJAIL_NO_LAYER"};

static bool hides_layer(struct plan *p, const char *entry)
{
	for (size_t i = 0; p->telemetry && i < COUNTOF(layer_off); i++) {
		size_t n = strlen(layer_off[i]);
		if (strncmp(entry, layer_off[i], n) != 0 || entry[n] != '=')
			continue;
		plan_warn(p,
			  "%s is not passed to the job, whose Vulkan layer it would keep out; "
			  "--telemetry off leaves it out, --env sets the variable all the same",
			  layer_off[i]);
		return true;
	}
	return false;
}

static bool is_dropped(struct plan *p, const char *entry)
{
	for (size_t i = 0; i < COUNTOF(dropped); i++) {
		size_t n = strlen(dropped[i]);
		if (strncmp(entry, dropped[i], n) == 0 && entry[n] == '=') {
			if (i < 3)
				plan_warn(
				    p,
				    "%s is not passed to the job; choose a driver with --driver FILE",
				    dropped[i]);
			return true;
		}
	}
	return false;
}

/* As it has to be inside; NULL: it counts no GPUs. */
static const char *gpu_variable(const struct plan *p, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < p->gpu_env_count; i++)
		if (strncmp(p->gpu_env[i], name, n) == 0 && p->gpu_env[i][n] == '=')
			return p->gpu_env[i] + n + 1;
	return NULL;
}

static void plan_environment(struct plan *p, const struct spec *spec, const struct host *host)
{
	size_t count = 0;

	for (char **env = environ; !spec->clear_env && *env; env++) {
		if (!strchr(*env, '=') || is_dropped(p, *env) || hides_layer(p, *env))
			continue;
		p->envp = arena_grow(&p->arena, p->envp, count, sizeof *p->envp);
		p->envp[count++] = *env;
	}
	/* Never without: programs such as Taichi abort when they have no home. */
	if (!lookup(p, count, "HOME"))
		count = put(
		    p, count,
		    arena_printf(&p->arena, "HOME=%s", host->home[0] ? host->home : "/tmp"));
	if (!lookup(p, count, "PATH"))
		count = put(p, count, arena_printf(&p->arena, "PATH=%s", default_path));
	if (lookup(p, count, "TMPDIR"))
		count = put(p, count, "TMPDIR=/tmp");
	count = put(p, count, arena_printf(&p->arena, "PWD=%s", p->workdir));
	/* Where fewer GPUs are to be seen they have other numbers; what is not passed on stays away. */
	for (size_t i = 0; !spec->clear_env && i < p->gpu_env_count; i++)
		count = put(p, count, p->gpu_env[i]);
	/* The home directory is a new one each time: Mesa's cache would be written and thrown away. */
	if (spec->compute)
		count = put(p, count, "MESA_SHADER_CACHE_DISABLE=true");
	for (size_t i = 0; i < spec->env_count; i++) {
		const char *value = spec->env[i].value;
		if (!value)
			value = gpu_variable(p, spec->env[i].name);
		if (!value)
			value = getenv(spec->env[i].name);
		if (value)
			count = put(p, count,
				    arena_printf(&p->arena, "%s=%s", spec->env[i].name, value));
	}
	p->envp = arena_grow(&p->arena, p->envp, count, sizeof *p->envp);
	p->envp[count] = NULL;
	/* Last, because the PATH that counts is the job's own. */
	const char *path = lookup(p, count, "PATH");
	const char *name = p->argv[0];
	size_t tries = 0;

	if (strchr(name, '/'))
		path = "";
	for (const char *dir = path, *end; dir; dir = *end ? end + 1 : NULL) {
		end = strchrnul(dir, ':');
		p->exec_paths = arena_grow(&p->arena, p->exec_paths, tries, sizeof *p->exec_paths);
		/* An empty element of PATH is the working directory (environ(7)). */
		p->exec_paths[tries++] = path[0] == '\0' ? name
					 : end == dir    ? arena_printf(&p->arena, "./%s", name)
							 : arena_printf(&p->arena, "%.*s/%s",
									(int)(end - dir), dir, name);
	}
	p->exec_paths = arena_grow(&p->arena, p->exec_paths, tries, sizeof *p->exec_paths);
	p->exec_paths[tries] = NULL;
}

int plan_command(struct plan *p, const struct spec *spec, const struct host *host, struct err *e)
{
	size_t n = spec->command_count;

	if (spec->compute) {
		p->argv = arena_alloc(&p->arena, 2 * sizeof *p->argv);
		p->argv[0] = arena_printf(&p->arena, "%s/vkjail-exec", host->libexec);
		n = 1;
	} else {
		if (n == 0 || spec->command[0][0] == '\0')
			return err_bad(e, "command", "the command is empty");
		p->argv = arena_alloc(&p->arena, (n + 1) * sizeof *p->argv);
		memcpy(p->argv, spec->command, n * sizeof *p->argv);
	}
	p->argv_shell = arena_alloc(&p->arena, (n + 2) * sizeof *p->argv_shell);
	p->argv_shell[0] = "/bin/sh";
	memcpy(p->argv_shell + 2, p->argv + 1, (n - 1) * sizeof *p->argv);
	plan_environment(p, spec, host);
	if (limit_is_set(&p->limits, LIMIT_ADDRESS_SPACE))
		p->image_bytes = plan_image_bytes(p);
	return 0;
}
