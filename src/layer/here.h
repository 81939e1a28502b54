/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This process as the supervisor knows it: the shared pages and its slot. Before the first instance, and
 * in the child of a fork until it makes one of its own, they are empty ones that nobody reads, so that
 * callers need not ask.
 */
#pragma once

#include "layer/layer.h"

struct here {
	_Atomic(const struct control_page *) control;
	_Atomic(struct telemetry_page *) page;
	_Atomic(struct page_slot *) slot;
	_Atomic uint32_t slot_index;
};

extern struct here here;

/*
 * Getting the pages, unless this process has them, in two steps, because the driver can make the instance while the
 * supervisor answers. hello asks for them; join takes them, whoever asked. false: nobody is there, or refuses.
 */
bool here_hello(void);
bool here_join(const VkApplicationInfo *app);

/* What the child of a fork does (pthread_atfork). */
void here_forget(void);

/* PAGE_WORD_BUSY or PAGE_WORD_LOOK. A connection of its own: 20 microseconds. */
void here_tell(enum page_word word);

static inline const struct control_page *here_control(void)
{
	return atomic_load_explicit(&here.control, memory_order_relaxed);
}

static inline struct telemetry_page *here_page(void)
{
	return atomic_load_explicit(&here.page, memory_order_relaxed);
}

static inline struct page_slot *here_slot(void)
{
	return atomic_load_explicit(&here.slot, memory_order_relaxed);
}

static inline void here_count(enum page_counter c, uint64_t n)
{
	atomic_fetch_add_explicit(&here_slot()->count[c], n, memory_order_relaxed);
}

/* Sleeps until then (CLOCK_MONOTONIC), or until the job is being ended. */
void sleep_until(uint64_t at_ns);
