/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VK_EXT_memory_budget: what the driver says is recorded; what the program gets is clamped to what the job
 * has left, and made up from our own account where the driver has none.
 */
#pragma once

#include "layer/here.h"

/* Asks the driver, which must have the extension, and writes the answer down. */
void budget_read(const struct device *d);
