/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the telemetry page; private to src/watch. */
#pragma once

#include "watch/telemetry.h"

/* Adds the slot's counters to those of the dead; *p (may be NULL) gets what is said about the process. */
void telemetry_read_slot(struct telemetry *t, const struct page_slot *s,
			 struct telemetry_process *p);

/* Fills in t->said, once all slots were added. */
void telemetry_read_said(struct telemetry *t);

/* "'a'", or "one of 'a', 'b'", of the kernels in the submission. */
void telemetry_read_culprit(const struct telemetry *t, const struct telemetry_submit *s, char *buf,
			    size_t size);
