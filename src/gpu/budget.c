/* SPDX-License-Identifier: Apache-2.0 */
/* See budget.h. The driver is asked each time: its numbers move with what other processes do. */
#include "gpu/budget.h"

#include "base/text.h"
#include "gpu/answer.h"

/* The driver may move memory out of the device then, which is slow; it is no reason to end the job. */
static void warn_if_low(struct budget *b)
{
	uint64_t all = gpu_budget_all(b->gpu);
	char budget[32], held[32];

	if (b->warned || b->gpu->allocated <= all)
		return;
	b->warned = true;
	answer_warning(
	    "the driver's budget of device memory fell to %s while the job holds %s: other programs use the device, and this one may become slow",
	    text_print_size(all, budget, sizeof budget),
	    text_print_size(b->gpu->allocated, held, sizeof held));
}

void budget_answer(struct budget *b, const char *at)
{
	json_t *heaps = device_budget_json(b->gpu->vk, b->gpu->info);
	uint64_t now = now_ns();
	json_t *answer = json_pack("{s:I, s:s, s:I}", "t_ns", (json_int_t)now, "at", at,
				   "allocated", (json_int_t)b->gpu->allocated);

	if (heaps)
		json_object_set_new(answer, "heaps", heaps);
	answer_send("budget", answer);
	warn_if_low(b);
	b->next_ns = now + b->every_ns;
}

uint64_t budget_tick(struct budget *b)
{
	if (b->every_ns == 0)
		return UINT64_MAX;
	uint64_t now = now_ns();
	if (now >= b->next_ns) {
		budget_answer(b, "sample");
		now = now_ns();
	}
	return b->next_ns > now ? b->next_ns - now : 1;
}
