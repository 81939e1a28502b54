/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gl_NumWorkGroups in a dispatch that is cut into chunks: the device would tell the chunk's count, so
 * the whole grid's is written into the module instead. Pure, bounded, safe on any bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether any variable of the module holds the number of work groups. */
bool spirv_wants_groups(const uint32_t *words, size_t count);

/*
 * A copy (malloc'ed) in which that variable is a constant of this value. Where the module uses it
 * in a way that is not followed here: -1, and why in words ("it passes gl_NumWorkGroups on by reference").
 * From a module that the validator accepts comes one that it accepts.
 */
int spirv_patch_groups(const uint32_t *words, size_t count, const uint32_t groups[static 3],
		       uint32_t **ret, size_t *ret_count, const char **ret_why);
