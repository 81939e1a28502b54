/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a job as its programs see it: the supervisor has set control.stop. */
#pragma once

#include "layer/here.h"

static inline enum page_stop stopping(void)
{
	return (enum page_stop)atomic_load_explicit(&here_control()->stop, memory_order_relaxed);
}

/*
 * Before a submission. true: it is refused with VK_ERROR_DEVICE_LOST. Where submissions are held it does not return;
 * a signal's default action or SIGKILL ends the process in there.
 */
bool stop_submit(void);
