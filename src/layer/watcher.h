/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread a process, while it has a device and something has to be looked at whether the program calls or not:
 * the driver's heap budgets, and, with the limits `kernel` and `gpu-share` or on a device without timestamps, which
 * submissions have finished.
 */
#pragma once

#include "layer/layer.h"

void watcher_add(struct device *d);
void watcher_remove(struct device *d);
/*
 * To be called when something begins, for timing_setup.began; NULL: nobody needs that. by_host: a device is being made whose
 * submissions the host has to time.
 */
void (*watcher_kick(bool by_host))(void);
/* In the child of a fork, which has no such thread. */
void watcher_forget(void);
