/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has to do with the Vulkan layer: its orders before, its warnings after. Pure. */
#pragma once

#include "plan/plan.h"
#include "report/verdict.h"

/* What the layer is asked to do, from the limits of the plan. */
struct telemetry_orders layer_orders(const struct plan *p, const struct spec *spec);

/* The warning with that number, from 0 on; false when there is none. Not what the outcome tells anyway. */
bool layer_warning(const struct gpu_said *g, const struct outcome *out, unsigned number, char *text,
		   size_t size);
