/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, for the page. */
#pragma once

#include "layer/here.h"

/* One event, counted always, written down the first times that it repeats itself. seq and who is filled in. */
void event_write(const struct page_event *what);

/* A result of a call of the next layer's that means trouble: written down. Returns it. */
VkResult event_result(struct device *d, enum page_call call, VkResult result);

/* Our own answer while the job is being ended. */
VkResult event_stopped(enum page_call call);

/* Where the answer is given on: costs a comparison when all is well. */
static inline VkResult checked(struct device *d, enum page_call call, VkResult result)
{
	return result >= 0 ? result : event_result(d, call, result);
}
