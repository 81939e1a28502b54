/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vkjail-compile glsl|spirv NAME ENTRY: source on stdin, SPIR-V words on stdout, messages on
 * stderr. The text is hostile until proven otherwise, so the limits come first: glslang crashes,
 * hangs, exhausts memory and reads files when it is told to.
 */
#include <errno.h>
#include <spirv-tools/libspirv.h>
#include <sys/resource.h>

#include "base/auto.h"
#include "base/fd.h"
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

/* Drivers do not validate; what is not valid can crash them. */
static int validate(const uint32_t *words, size_t count, const char *name)
{
	spv_diagnostic problem = NULL;
	spv_context context = spvContextCreate(SPV_ENV_VULKAN_1_3);
	spv_const_binary_t binary = {words, count};

	if (!context) {
		(void)fprintf(stderr, "%s: SPIRV-Tools cannot be set up\n", name);
		return -1;
	}
	spv_result_t rc = spvValidate(context, &binary, &problem);
	if (rc != SPV_SUCCESS) {
		const char *text = problem && problem->error ? problem->error : "no reason given";
		(void)fprintf(stderr, "%s: not valid SPIR-V: %.*s\n", name,
			      (int)strcspn(text, "\n"), text);
	}
	spvDiagnosticDestroy(problem);
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

int main(int argc, char **argv)
{
	AUTO_FREE char *source = NULL;
	AUTO_FREE uint32_t *words = NULL;
	struct err e = ERR_INIT;
	char text[1200];
	size_t size, count = 0;

	if (limit_self() < 0) {
		(void)fprintf(stderr, "vkjail-compile: cannot limit itself: %s\n",
			      err_errno_name(errno));
		return 1;
	}
	if (argc != 4 || (strcmp(argv[1], "glsl") != 0 && strcmp(argv[1], "spirv") != 0)) {
		(void)fprintf(stderr,
			      "usage: vkjail-compile glsl|spirv NAME ENTRY <source >words\n");
		return 1;
	}
	const char *name = argv[2];
	bool glsl = strcmp(argv[1], "glsl") == 0;
	if (fd_read_all(STDIN_FILENO, name, SOURCE_MAX, &source, &size, &e) < 0) {
		(void)fprintf(stderr, "%s\n", err_render(&e, text, sizeof text));
		return 1;
	}
	if (size == 0) {
		(void)fprintf(stderr, "%s: is empty\n", name);
		return 1;
	}
	if (glsl && strlen(source) != size) {
		(void)fprintf(stderr, "%s: is neither GLSL text nor SPIR-V: it has zero bytes\n",
			      name);
		return 1;
	}
	if (glsl && strcmp(argv[3], "main") != 0) {
		(void)fprintf(stderr, "%s: the entry point of GLSL is always 'main', not '%s'\n",
			      name, argv[3]);
		return 1;
	}
	words = glsl ? glsl_compile(source, name, &count) : copy_words(source, size, name, &count);
	if (!words || validate(words, count, name) < 0)
		return 1;
	if (fd_write_all(STDOUT_FILENO, words, count * sizeof *words) < 0) {
		(void)fprintf(stderr, "%s: cannot write the result: %s\n", name,
			      err_errno_name(errno));
		return 1;
	}
	return 0;
}
