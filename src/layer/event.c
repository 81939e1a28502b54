/* SPDX-License-Identifier: Apache-2.0 */
/* See event.h and docs/protocol.md: events are a ring that many processes write. */
#include "layer/event.h"

#include <unistd.h>

enum { REPEATS = 16, KNOWN = 64 };

/* How often each event happened in this process. A row is taken for ever; when all are, what is new is only counted. */
static struct {
	_Atomic uint64_t key;
	_Atomic uint32_t times;
} known[KNOWN];

static bool is_worn_out(const struct page_event *e)
{
	uint64_t key = (uint64_t)(uint32_t)e->result << 32 | (uint64_t)(e->kind + 1) << 16 |
		       e->call;

	for (unsigned i = 0; i < KNOWN; i++) {
		uint64_t old = 0;
		if (atomic_compare_exchange_strong(&known[i].key, &old, key) || old == key)
			return atomic_fetch_add(&known[i].times, 1) >= REPEATS;
	}
	return true;
}

void event_write(const struct page_event *what)
{
	struct telemetry_page *p = here_page();

	here_count(PAGE_COUNT_EVENTS, 1);
	if (is_worn_out(what))
		return;
	uint64_t n = atomic_fetch_add(&p->event_head, 1);
	struct page_event *e = &p->events[n % PAGE_EVENTS];
	atomic_store_explicit(&e->seq, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	e->at_ns = now_ns();
	e->kind = what->kind;
	e->call = what->call;
	e->result = what->result;
	e->slot = atomic_load_explicit(&here.slot_index, memory_order_relaxed);
	e->pid = here_slot()->pid;
	e->device = what->device;
	e->heap = what->heap;
	e->bytes = what->bytes;
	atomic_store_explicit(&e->seq, n + 1, memory_order_release);
}

/* The first loss in this process is kept apart: it decides how the job ended, whatever the ring forgets. */
static void lost(enum page_call call)
{
	struct page_slot *s = here_slot();
	uint64_t none = 0;

	if (!atomic_compare_exchange_strong(&s->lost_ns, &none, now_ns()))
		return;
	atomic_store(&s->lost_call, call);
	here_tell(PAGE_WORD_LOOK);
}

VkResult event_result(struct device *d, enum page_call call, VkResult result)
{
	const struct page_event e = {
	    .kind = PAGE_EVENT_RESULT,
	    .call = call,
	    .result = result,
	    .device = (uint16_t)(d ? d->row : PAGE_DEVICES),
	    .heap = PAGE_HEAPS,
	};

	if (!page_result_name(result))
		return result;
	event_write(&e);
	if (result == VK_ERROR_DEVICE_LOST)
		lost(call);
	return result;
}

VkResult event_stopped(enum page_call call)
{
	const struct page_event e = {
	    .kind = PAGE_EVENT_STOPPED,
	    .call = call,
	    .result = VK_ERROR_DEVICE_LOST,
	    .device = PAGE_DEVICES,
	    .heap = PAGE_HEAPS,
	};

	event_write(&e);
	return VK_ERROR_DEVICE_LOST;
}
