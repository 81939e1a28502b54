/* SPDX-License-Identifier: Apache-2.0 */
/* `submits` and `gpu-share`: submissions are delayed before they are made, never afterwards. */
#pragma once

/* Waits until the job's next submission may start. No lock is held by the caller. */
void pace_submit(void);
