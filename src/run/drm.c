/* SPDX-License-Identifier: Apache-2.0 */
/* See drm.h. */
#include "run/drm.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/auto.h"
#include "watch/fdinfo.h"

bool drm_tells_memory(const char *node, char ret_driver[static DRM_DRIVER_SIZE])
{
	AUTO_FD int fd = open(node, O_RDWR | O_CLOEXEC);
	struct fdinfo_client c;
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	if (fd < 0 || !fdinfo_read_file(path, &c) || !c.has_memory)
		return false;
	(void)snprintf(ret_driver, DRM_DRIVER_SIZE, "%s", c.driver);
	return true;
}
