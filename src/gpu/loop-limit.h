/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lavapipe of Mesa 22.3 ends all loops of an invocation after 65,535 iterations, without an error:
 * long kernels compute wrong results. No version number is trusted; a short loop is run.
 */
#pragma once

#include "gpu/gpu.h"

/* *ret: the iterations after which loops end, or -1 when they run as written (or the driver is another). */
int loop_limit_find(struct gpu *g, long long *ret, struct fail *f);
