/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread a process, while it has a device and something has to be looked at whether the program calls or not:
 * the driver's heap budgets, and, with the limit `kernel`, which submissions have finished.
 */
#pragma once

#include "layer/layer.h"

void watcher_add(struct device *d);
void watcher_remove(struct device *d);
/* In the child of a fork, which has no such thread. */
void watcher_forget(void);
