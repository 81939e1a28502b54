/* SPDX-License-Identifier: Apache-2.0 */
/* Block devices, as the kernel's control of their bandwidth names them: whole disks, "MAJOR:MINOR". */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * The disk that path is on, or is a node of, or that has the number path ("8:1"); of a partition the
 * whole disk. The arena's; NULL with *e when there is none.
 */
const char *block_of(struct arena *a, const char *path, const char *where, struct err *e);

/* All disks that have a size. The arena's. */
const char **block_list(struct arena *a, size_t *ret_count);
