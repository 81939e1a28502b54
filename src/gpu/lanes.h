/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes: the queues that steps name, put onto the queues that the device has. */
#pragma once

#include "gpu/pipeline.h"

/* How many different queues the steps name, the one without a name being one of them; 1 or more. */
size_t lanes_named(const struct request *q);
/*
 * The lane of each step, in the order in which their names first stand in the job, around again
 * when the device has fewer. steps: as many as the request has.
 */
void lanes_assign(const struct request *q, unsigned lanes, struct step *steps);
/* Which queue of the device stands for each name, and a warning when some stand for several. */
void lanes_answer(const struct request *q, const struct gpu *g);
