/* SPDX-License-Identifier: Apache-2.0 */
/* What names and paths of a job may look like, and how paths are put together. Pure text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

bool name_is_job(const char *s);    /* [A-Za-z0-9._-]{1,64}, not starting with '-' or '.' */
bool name_is_buffer(const char *s); /* the same without dots: a reference is BUFFER.shape[0] */
bool name_is_identifier(
    const char *s);               /* C identifier: shader entry points, constants, environment */
bool name_is_host(const char *s); /* letters, digits, '-' and '.', 1 to 64 characters */

/* path itself when absolute (or dir is "."), else dir/path. */
const char *path_join(struct arena *a, const char *dir, const char *path);

/* An absolute path without "//", "." and ".." parts, by text alone. */
const char *path_normal(struct arena *a, const char *absolute);

bool path_has_dotdot(const char *path);

/* The directory part of a file's path: "." when it has none. */
const char *path_dir(struct arena *a, const char *file);

const char *path_base(const char *file);

/* Where "%d" or "%04d" stands in the last part of a path: at ... + size, with that many digits at least. */
struct sequence {
	size_t at, size;
	int digits;
};

/* How many such places there are; the first is in *ret. Other percent signs are just that. */
int sequence_find(const char *path, struct sequence *ret);
/* path, which has one, for the file with this number. */
const char *sequence_name(struct arena *a, const char *path, uint64_t number);
/* Whether one of its files could be this one; path may be a sequence too. */
bool sequence_is(const char *pattern, const char *path);
