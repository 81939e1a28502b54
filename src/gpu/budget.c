/* SPDX-License-Identifier: Apache-2.0 */
/* See budget.h. The driver is asked each time: its numbers move with what other processes do. */
#include "gpu/budget.h"

#include "gpu/answer.h"

void budget_answer(struct budget *b, const char *at)
{
	json_t *heaps = device_budget_json(b->gpu->vk, b->gpu->info);
	uint64_t now = now_ns();
	json_t *answer = json_pack("{s:I, s:s, s:I}", "t_ns", (json_int_t)now, "at", at,
				   "allocated", (json_int_t)b->gpu->allocated);

	if (heaps)
		json_object_set_new(answer, "heaps", heaps);
	answer_send("budget", answer);
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
