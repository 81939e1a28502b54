/* SPDX-License-Identifier: Apache-2.0 */
/* `submits` and `gpu-share`: submissions are delayed before they are made, never afterwards. */
#pragma once

#include <stdint.h>

/* Waits until the job's next submission may start. No lock is held by the caller. */
void pace_submit(void);
/* What of the process' time at work, which is `busy` by now, is still to be charged: each nanosecond once. */
uint64_t pace_charge(uint64_t busy);
/* In the child of a fork, whose time at work begins with 0. */
void pace_forget(void);
