/* SPDX-License-Identifier: Apache-2.0 */
/* A physical device's row in the page. */
#pragma once

#include "layer/here.h"

/* The row that stands for this device; made when it is new. PAGE_DEVICES: there is no room. */
unsigned row_of(struct instance *i, VkPhysicalDevice physical);

/* Whether the driver itself has VK_EXT_memory_budget. */
bool row_has_budget(struct instance *i, VkPhysicalDevice physical);
