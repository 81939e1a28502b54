/* SPDX-License-Identifier: Apache-2.0 */
/* GLSL compute shaders to SPIR-V through glslang's C interface. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * source is zero-terminated; preamble, lines of GLSL, works as if it stood before it and does not
 * count in line numbers. Returns the words (malloc'ed) or NULL after writing messages of the form
 * NAME:LINE: text to stderr.
 */
uint32_t *glsl_compile(const char *source, const char *preamble, const char *name,
		       size_t *ret_count);
