/* SPDX-License-Identifier: Apache-2.0 */
/* One compilation in a process that does nothing else, so what glslang leaves behind does not matter. */
#include "gpu/glsl.h"

#include <ctype.h>
#include <glslang/Include/glslang_c_interface.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/include-scan.h"

/* Exported by glslang's archive of default limits; its header is C++. */
const glslang_resource_t *glslang_default_resource(void);

/* Where "FILE:3: " ends, which glslang writes after a #line with a name; 0: nowhere. */
static size_t place_length(const char *line, size_t length)
{
	for (size_t i = 1; i < length; i++) {
		size_t end = i + 1;
		if (line[i] != ':')
			continue;
		while (end < length && isdigit((unsigned char)line[end]))
			end++;
		if (end > i + 1 && end + 1 < length && line[end] == ':' && line[end + 1] == ' ')
			return end + 2;
	}
	return 0;
}

/* "ERROR: 0:3: text" becomes "NAME:3: text", "ERROR: FILE:3: text" stays as it is; counts, blank lines and warnings go. */
static bool print_line(const char *line, size_t length, const char *name)
{
	unsigned string, number;
	int skip = 0;

	if (length < 7 || strncmp(line, "ERROR: ", 7) != 0)
		return false;
	line += 7;
	length -= 7;
	while (length > 0 && line[length - 1] == ' ')
		length--;
	if (memmem(line, length, "compilation terminated", 22))
		return false;
	if (sscanf(line, "%9u:%9u: %n", &string, &number, &skip) == 2 && skip > 0 &&
	    (size_t)skip <= length)
		return fprintf(stderr, "%s:%u: %.*s\n", name, number, (int)(length - (size_t)skip),
			       line + skip) > 0;
	if (isdigit((unsigned char)line[0]) && memmem(line, length, "compilation errors", 18))
		return false;
	if (place_length(line, length) > 0)
		return fprintf(stderr, "%.*s\n", (int)length, line) > 0;
	return fprintf(stderr, "%s: %.*s\n", name, (int)length, line) > 0;
}

static void print_log(const char *log, const char *name, const char *otherwise)
{
	bool printed = false;

	for (const char *end; log && *log; log = *end ? end + 1 : end) {
		end = log + strcspn(log, "\n");
		printed |= print_line(log, (size_t)(end - log), name);
	}
	if (!printed)
		(void)fprintf(stderr, "%s: %s\n", name, otherwise);
}

static uint32_t *generate(glslang_program_t *program, const char *name, size_t *ret_count)
{
	glslang_spv_options_t options = {.disable_optimizer = true};

	glslang_program_SPIRV_generate_with_options(program, GLSLANG_STAGE_COMPUTE, &options);
	size_t count = glslang_program_SPIRV_get_size(program);
	uint32_t *words = count ? malloc(count * sizeof *words) : NULL;
	if (!words) {
		print_log(glslang_program_SPIRV_get_messages(program), name,
			  "no SPIR-V came out of it");
		return NULL;
	}
	glslang_program_SPIRV_get(program, words);
	*ret_count = count;
	return words;
}

static uint32_t *compile(glslang_shader_t *shader, const glslang_input_t *input, const char *name,
			 size_t *ret_count)
{
	bool good = glslang_shader_preprocess(shader, input);
	/* The text has been through the macros: once more would expand what they made, too. */
	glslang_shader_set_preamble(shader, "");
	if (!good || !glslang_shader_parse(shader, input)) {
		print_log(glslang_shader_get_info_log(shader), name, "cannot be compiled");
		return NULL;
	}
	glslang_program_t *program = glslang_program_create();
	uint32_t *words = NULL;
	glslang_program_add_shader(program, shader);
	if (glslang_program_link(program, GLSLANG_MSG_SPV_RULES_BIT | GLSLANG_MSG_VULKAN_RULES_BIT))
		words = generate(program, name, ret_count);
	else
		print_log(glslang_program_get_info_log(program), name, "cannot be linked");
	glslang_program_delete(program);
	return words;
}

uint32_t *glsl_compile(const char *source, const char *preamble, const char *name,
		       size_t *ret_count)
{
	struct include_scan scan;

	/*
	 * glslang's own includer reads any file of the host. This process may open none (see main), so
	 * this is only for a message that says what is wrong.
	 */
	include_scan_init(&scan, source, strlen(source));
	if (include_scan_next(&scan)) {
		(void)fprintf(stderr, "%s:%u: #include is not resolved here\n", name,
			      scan.found_line);
		return NULL;
	}
	glslang_input_t input = {
	    .language = GLSLANG_SOURCE_GLSL,
	    .stage = GLSLANG_STAGE_COMPUTE,
	    .client = GLSLANG_CLIENT_VULKAN,
	    .client_version = GLSLANG_TARGET_VULKAN_1_1,
	    .target_language = GLSLANG_TARGET_SPV,
	    .target_language_version = GLSLANG_TARGET_SPV_1_3,
	    .code = source,
	    .default_version = 450,
	    .default_profile = GLSLANG_CORE_PROFILE,
	    .messages = GLSLANG_MSG_SPV_RULES_BIT | GLSLANG_MSG_VULKAN_RULES_BIT |
			GLSLANG_MSG_CASCADING_ERRORS_BIT,
	    .resource = glslang_default_resource(),
	};
	if (!glslang_initialize_process()) {
		(void)fprintf(stderr, "%s: glslang cannot be set up\n", name);
		return NULL;
	}
	glslang_shader_t *shader = glslang_shader_create(&input);
	uint32_t *words = NULL;
	if (shader) {
		glslang_shader_set_preamble(shader, preamble);
		words = compile(shader, &input, name, ret_count);
		glslang_shader_delete(shader);
	} else {
		(void)fprintf(stderr, "%s: glslang cannot be set up\n", name);
	}
	glslang_finalize_process();
	return words;
}
