/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vkjail-compile glsl|spirv NAME ENTRY [--source-bytes=N] [-DMACRO[=VALUE]]...: source on stdin,
 * SPIR-V words on stdout, messages on stderr. With N, what follows the source says what the device
 * takes: it is read after the compilation, because opening a device takes as long. The text is hostile until proven otherwise, so the limits come first: glslang crashes,
 * hangs, exhausts memory and reads files when it is told to.
 */
#include <errno.h>
#include <spirv-tools/libspirv.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/fd.h"
#include "base/text.h"
#include "gpu/glsl.h"

enum { SOURCE_MAX = 4 << 20, CPU_SECONDS = 5 };
#define MEMORY_MAX (UINT64_C(512) << 20)

static int limit_self(void)
{
	const struct {
		__rlimit_resource_t what;
		rlim_t soft, hard;
	} limits[] = {
	    {RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS + 1},
#ifndef VKJAIL_SANITIZED /* shadow memory does not fit, and the leak check reads /proc */
	    {RLIMIT_AS, MEMORY_MAX, MEMORY_MAX},
	    {RLIMIT_NOFILE, 0, 0}, /* those that are open stay open; no other can be */
#endif
	    {RLIMIT_FSIZE, 0, 0},
	    {RLIMIT_CORE, 0, 0},
	};

	for (size_t i = 0; i < COUNTOF(limits); i++) {
		struct rlimit have, want = {limits[i].soft, limits[i].hard};
		if (getrlimit(limits[i].what, &have) < 0)
			return -1;
		/* A caller's tighter limit stays. */
		if (want.rlim_max > have.rlim_max)
			want.rlim_max = have.rlim_max;
		if (want.rlim_cur > want.rlim_max)
			want.rlim_cur = want.rlim_max;
		if (setrlimit(limits[i].what, &want) < 0)
			return -1;
	}
	return 0;
}

/* ---- what is asked for --------------------------------------------------------------------- */

struct order {
	bool glsl, has_size;
	const char *name, *entry;
	size_t size; /* of the source, with has_size */
	struct arena arena;
	const char *preamble; /* one #define a line */
};

static int usage(void)
{
	(void)fprintf(stderr, "usage: vkjail-compile glsl|spirv NAME ENTRY [--source-bytes=N] "
			      "[-DMACRO[=VALUE]]... <source >words\n");
	return -1;
}

static int read_option(struct order *o, const char *arg)
{
	static const char size[] = "--source-bytes=";
	struct err e = ERR_INIT;
	uint64_t n;

	if (strncmp(arg, size, sizeof size - 1) == 0) {
		if (text_count(arg + sizeof size - 1, NULL, &n, &e) < 0 || n > SOURCE_MAX)
			return usage();
		o->has_size = true;
		o->size = (size_t)n;
		return 0;
	}
	if (strncmp(arg, "-D", 2) != 0 || strchr(arg, '\n') || !o->glsl)
		return usage();
	size_t name = strcspn(arg + 2, "=");
	o->preamble = arena_printf(&o->arena, "%s#define %.*s %s\n", o->preamble, (int)name,
				   arg + 2, arg[2 + name] ? arg + 3 + name : "");
	return 0;
}

static int read_order(struct order *o, int argc, char **argv)
{
	*o = (struct order){.preamble = ""};
	if (argc < 4 || (strcmp(argv[1], "glsl") != 0 && strcmp(argv[1], "spirv") != 0))
		return usage();
	o->glsl = strcmp(argv[1], "glsl") == 0;
	o->name = argv[2];
	o->entry = argv[3];
	for (int i = 4; i < argc; i++)
		if (read_option(o, argv[i]) < 0)
			return -1;
	return 0;
}

/* Exactly size bytes, zero-terminated, or NULL with a message. */
static char *read_part(size_t size, const char *name)
{
	AUTO_FREE char *data = malloc(size + 1);
	size_t used = 0;

	if (!data) {
		(void)fprintf(stderr, "%s: out of memory\n", name);
		return NULL;
	}
	while (used < size) {
		ssize_t n = read(STDIN_FILENO, data + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			(void)fprintf(stderr, "%s: the source ends after %zu of %zu bytes\n", name,
				      used, size);
			return NULL;
		}
		used += (size_t)n;
	}
	data[size] = '\0';
	return TAKE_PTR(data);
}

static char *read_source(const struct order *o, size_t *ret_size)
{
	AUTO_FREE char *source = NULL;
	struct err e = ERR_INIT;
	char text[1200];

	*ret_size = o->size;
	if (o->has_size)
		source = read_part(o->size, o->name);
	else if (fd_read_all(STDIN_FILENO, o->name, SOURCE_MAX, &source, ret_size, &e) < 0)
		(void)fprintf(stderr, "%s\n", err_render(&e, text, sizeof text));
	if (!source)
		return NULL;
	if (*ret_size == 0) {
		(void)fprintf(stderr, "%s: is empty\n", o->name);
		return NULL;
	}
	if (o->glsl && strlen(source) != *ret_size) {
		(void)fprintf(stderr, "%s: is neither GLSL text nor SPIR-V: it has zero bytes\n",
			      o->name);
		return NULL;
	}
	return TAKE_PTR(source);
}

/* ---- validation ---------------------------------------------------------------------------- */

struct target {
	spv_target_env env;
	const char *vulkan;
	bool scalar;
};

/* "1.2 scalar" */
static int read_target(const struct order *o, struct target *ret)
{
	static const struct target known[] = {
	    {SPV_ENV_VULKAN_1_1, "1.1", false},
	    {SPV_ENV_VULKAN_1_2, "1.2", false},
	    {SPV_ENV_VULKAN_1_3, "1.3", false},
	};
	AUTO_FREE char *text = NULL;
	struct err e = ERR_INIT;
	char shown[1200];
	size_t size;

	*ret = known[0];
	if (!o->has_size)
		return 0;
	if (fd_read_all(STDIN_FILENO, "the device's Vulkan version", 32, &text, &size, &e) < 0) {
		(void)fprintf(stderr, "%s\n", err_render(&e, shown, sizeof shown));
		return -1;
	}
	for (size_t i = 0; i < COUNTOF(known); i++)
		if (strncmp(text, known[i].vulkan, 3) == 0) {
			*ret = known[i];
			ret->scalar = strcmp(text + 3, " scalar") == 0;
			if (ret->scalar || text[3] == '\0')
				return 0;
		}
	(void)fprintf(stderr, "%s: is to be validated for an unknown version of Vulkan\n", o->name);
	return -1;
}

/* Drivers do not validate; what is not valid can crash them. */
static int validate(const uint32_t *words, size_t count, const char *name,
		    const struct target *target)
{
	spv_diagnostic problem = NULL;
	spv_context context = spvContextCreate(target->env);
	spv_validator_options options = spvValidatorOptionsCreate();
	spv_const_binary_t binary = {words, count};

	if (!context || !options) {
		(void)fprintf(stderr, "%s: SPIRV-Tools cannot be set up\n", name);
		return -1;
	}
	spvValidatorOptionsSetScalarBlockLayout(options, target->scalar);
	spv_result_t rc = spvValidateWithOptions(context, options, &binary, &problem);
	if (rc != SPV_SUCCESS) {
		const char *text = problem && problem->error ? problem->error : "no reason given";
		(void)fprintf(stderr, "%s: not valid SPIR-V for Vulkan %s: %.*s\n", name,
			      target->vulkan, (int)strcspn(text, "\n"), text);
	}
	spvDiagnosticDestroy(problem);
	spvValidatorOptionsDestroy(options);
	spvContextDestroy(context);
	return rc == SPV_SUCCESS ? 0 : -1;
}

static uint32_t *copy_words(const char *data, size_t size, const char *name, size_t *ret_count)
{
	uint32_t *words = size && size % 4 == 0 ? malloc(size) : NULL;

	if (!words) {
		(void)fprintf(stderr,
			      "%s: a SPIR-V module is made of 4-byte words, this has %zu bytes\n",
			      name, size);
		return NULL;
	}
	memcpy(words, data, size);
	*ret_count = size / 4;
	return words;
}

static int run(const struct order *o)
{
	AUTO_FREE uint32_t *words = NULL;
	struct target target;
	size_t size, count = 0;
	AUTO_FREE char *source = read_source(o, &size);

	if (!source)
		return -1;
	if (o->glsl && strcmp(o->entry, "main") != 0) {
		(void)fprintf(stderr, "%s: the entry point of GLSL is always 'main', not '%s'\n",
			      o->name, o->entry);
		return -1;
	}
	words = o->glsl ? glsl_compile(source, o->preamble, o->name, &count)
			: copy_words(source, size, o->name, &count);
	if (!words || read_target(o, &target) < 0 || validate(words, count, o->name, &target) < 0)
		return -1;
	if (fd_write_all(STDOUT_FILENO, words, count * sizeof *words) < 0) {
		(void)fprintf(stderr, "%s: cannot write the result: %s\n", o->name,
			      err_errno_name(errno));
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct order o = {.preamble = ""};

	if (limit_self() < 0) {
		(void)fprintf(stderr, "vkjail-compile: cannot limit itself: %s\n",
			      err_errno_name(errno));
		return 1;
	}
	int rc = read_order(&o, argc, argv);
	if (rc == 0)
		rc = run(&o);
	arena_done(&o.arena);
	return rc < 0 ? 1 : 0;
}
