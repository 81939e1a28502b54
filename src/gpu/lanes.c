/* SPDX-License-Identifier: Apache-2.0 */
/* See lanes.h. There are few names, so the first step with the same one is looked for each time. */
#include "gpu/lanes.h"

#include "base/auto.h"
#include "gpu/answer.h"

static bool is_work(const struct request_step *s)
{
	return s->work == WORK_RUN || s->work == WORK_COPY || s->work == WORK_CLEAR;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static size_t first_with(const struct request *q, const char *name)
{
	size_t i = 0;

	while (!is_work(&q->steps[i]) || !is_same(q->steps[i].queue, name))
		i++;
	return i;
}

/* The number of the name of a step's queue among all of them. */
static size_t number_of(const struct request *q, size_t step)
{
	size_t first = first_with(q, q->steps[step].queue), number = 0;

	for (size_t i = 0; i < first; i++)
		number += is_work(&q->steps[i]) && first_with(q, q->steps[i].queue) == i;
	return number;
}

size_t lanes_named(const struct request *q)
{
	size_t count = 0;

	for (size_t i = 0; i < q->step_count; i++)
		count += is_work(&q->steps[i]) && first_with(q, q->steps[i].queue) == i;
	return count ? count : 1;
}

void lanes_assign(const struct request *q, unsigned lanes, struct step *steps)
{
	for (size_t i = 0; i < q->step_count; i++) {
		if (!is_work(&q->steps[i]))
			continue;
		size_t first = first_with(q, q->steps[i].queue);
		if (first < i)
			steps[i].lane = steps[first].lane;
		else
			steps[i].lane = (uint8_t)(number_of(q, i) % lanes);
	}
}

void lanes_answer(const struct request *q, const struct gpu *g)
{
	size_t named = lanes_named(q), number = 0;

	if (named == 1)
		return;
	for (size_t i = 0; i < q->step_count; i++) {
		const char *name = q->steps[i].queue;
		if (!is_work(&q->steps[i]) || first_with(q, name) != i)
			continue;
		const struct gpu_queue *at = &g->queues[number++ % g->queue_count];
		json_t *answer = json_pack("{s:I, s:I}", "family", (json_int_t)at->family, "index",
					   (json_int_t)at->index);
		if (name)
			json_object_set_new(answer, "name", json_string(name));
		answer_send("queue", answer);
	}
	if (g->queue_count == 1)
		answer_warning(
		    "steps of all queues are put into one queue of the device, in the order of the job");
	else if (named > g->queue_count)
		answer_warning(
		    "the steps of %zu queues share %u queues of the device, in the order of the job",
		    named, g->queue_count);
}
