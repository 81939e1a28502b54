/* SPDX-License-Identifier: Apache-2.0 */
/* See progress.h. What is done is what the kernels' times were counted for. */
#include "gpu/progress.h"

#include "gpu/answer.h"
#include "gpu/walk.h"

static uint64_t total_of(const struct request *q)
{
	uint64_t total = walk_dispatches(q->steps, q->step_count);

	return total == UINT64_MAX ? 0 : total;
}

void progress_start(struct progress *p, const struct request *q, const struct kernel *kernels)
{
	*p = (struct progress){
	    .every_ns = q->progress_ns && q->progress_ns < PROGRESS_SHORTEST_NS
			    ? PROGRESS_SHORTEST_NS
			    : q->progress_ns,
	    .start_ns = now_ns(),
	    .kernels = kernels,
	    .kernel_count = q->kernel_count,
	    .steps = q->step_count,
	    .total = total_of(q),
	};
	p->next_ns = p->start_ns + p->every_ns;
}

void progress_tick(struct progress *p, const struct step *now, size_t index, double part)
{
	uint64_t at, dispatches = 0;

	if (p->every_ns == 0 || (at = now_ns()) < p->next_ns)
		return;
	for (size_t i = 0; i < p->kernel_count; i++)
		dispatches += p->kernels[i].stats.count;
	if (dispatches == p->said_dispatches && part <= p->said_part)
		return;
	p->said_dispatches = dispatches;
	p->said_part = part;
	p->next_ns = at + p->every_ns;
	answer_send("progress",
		    json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:I}", "kernel",
			      now->kernel->request->name, "step", (json_int_t)index + 1, "steps",
			      (json_int_t)p->steps, "dispatches", (json_int_t)dispatches, "total",
			      (json_int_t)p->total, "part", part, "elapsed_ns",
			      (json_int_t)(at - p->start_ns)));
}
