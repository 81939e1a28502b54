/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both limits are the whole job's: two moments in the shared page say when the next submission may start, one for each
 * limit. A submission moves the first one on by its distance; time for which the device was
 * busy moves the second one on by the rest that it owes.
 */
#include "layer/pace.h"

#include "layer/here.h"

/* Moves the moment on by step, from now at the earliest, and returns where it was. */
static uint64_t move_on(_Atomic uint64_t *moment, uint64_t now, uint64_t step)
{
	uint64_t old = atomic_load(moment), start;

	do
		start = old > now ? old : now;
	while (!atomic_compare_exchange_weak(moment, &old, start + step));
	return start;
}

static _Atomic uint64_t charged; /* of this process' time at work */

void pace_forget(void)
{
	atomic_store(&charged, 0);
}

/* Only ever forward: a thread that looked earlier and comes later must not have the rest charged twice. */
uint64_t pace_charge(uint64_t busy)
{
	uint64_t before = atomic_load(&charged);

	while (busy > before)
		if (atomic_compare_exchange_weak(&charged, &before, busy))
			return busy - before;
	return 0;
}

static void wait_until(uint64_t at_ns, uint64_t now)
{
	if (at_ns <= now)
		return;
	sleep_until(at_ns);
	here_count(PAGE_COUNT_SUBMITS_DELAYED, 1);
	here_count(PAGE_COUNT_DELAY_NS, now_ns() - now);
}

void pace_submit(void)
{
	const struct control_page *c = here_control();
	uint64_t every = atomic_load_explicit(&c->submit_every_ns, memory_order_relaxed);
	uint32_t share = atomic_load_explicit(&c->share_percent, memory_order_relaxed);
	struct telemetry_page *p = here_page();

	if (every == 0 && (share == 0 || share >= 100))
		return;
	uint64_t now = now_ns(), at = 0;
	if (share > 0 && share < 100) {
		/* t of work owes t * (100 - share) / share of rest. */
		uint64_t busy = atomic_load(&here_slot()->count[PAGE_COUNT_BUSY_NS]);
		uint64_t rest = pace_charge(busy) * (100 - share) / share;
		at = rest ? move_on(&p->share_tat_ns, now, rest) + rest
			  : atomic_load(&p->share_tat_ns);
	}
	if (every) {
		uint64_t start = move_on(&p->submit_tat_ns, now, every);
		at = start > at ? start : at;
	}
	wait_until(at, now);
}
