/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the driver for tests: its functions, and those of semaphores and events. */
#pragma once

#include "layer_driver.h"

#define DRIVER(type, name) static VKAPI_ATTR type VKAPI_CALL driver_##name
#define ROW(name)                                             \
	{                                                     \
		"vk" #name, (PFN_vkVoidFunction)driver_##name \
	}

struct row {
	const char *name;
	PFN_vkVoidFunction function;
};

/* The last one has no name. */
extern const struct row driver_sync[];
