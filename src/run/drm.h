/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's driver of a GPU tells about whoever has its node open. */
#pragma once

#include <stdbool.h>

enum { DRM_DRIVER_SIZE = 16 };

/*
 * Whether it tells of memory, in fdinfo, as a run looks at it. Opens the node for that moment. On true ret_driver is the
 * driver's name.
 */
bool drm_tells_memory(const char *node, char ret_driver[static DRM_DRIVER_SIZE]);
