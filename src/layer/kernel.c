/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels' rows in the page: finding one, naming it, adding times. Many threads of many processes
 * do that at once, so everything is a relaxed atomic, and a row's identity is written before `state`.
 */
#include <string.h>

#include "layer/timing-parts.h"

enum { PROBES = 32 };

static uint64_t load(const _Atomic uint64_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

static void add(_Atomic uint64_t *at, uint64_t by)
{
	(void)atomic_fetch_add_explicit(at, by, memory_order_relaxed);
}

void kernel_count(struct timing *t, enum page_counter which, uint64_t by)
{
	if (by)
		add(&t->setup.slot->count[which], by);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static uint64_t key_with(uint64_t key, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		key = (key ^ bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	return key;
}

static void fill_row(struct page_kernel *k, const struct timing *t, const struct identity *id,
		     uint64_t key)
{
	k->device = t->setup.device_row;
	k->key = key;
	memcpy(k->spirv, id->sha256, sizeof k->spirv);
	k->specialization = id->specialization;
	memcpy(k->entry, id->entry, sizeof k->entry);
	memcpy(k->local_size, id->local_size, sizeof k->local_size);
	k->bindings = id->bindings;
	k->push_bytes = id->push_bytes;
	k->shared_bytes = id->shared_bytes;
	k->kind = id->kind;
	atomic_store_explicit(&k->state, PAGE_ROW_READY, memory_order_release);
}

static void raise_high(struct telemetry_page *page, uint32_t row)
{
	uint32_t high = atomic_load_explicit(&page->kernel_high, memory_order_relaxed);

	while (high <= row &&
	       !atomic_compare_exchange_weak_explicit(&page->kernel_high, &high, row + 1,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

uint32_t kernel_row(struct timing *t, const struct identity *id)
{
	uint64_t key = key_with(UINT64_C(0xcbf29ce484222325), id->sha256, sizeof id->sha256);
	struct telemetry_page *page = t->setup.page;

	key = key_with(key, id->entry, strlen(id->entry));
	key = key_with(key, &id->specialization, sizeof id->specialization);
	key = key_with(key, &id->anonymous, sizeof id->anonymous);
	key = key_with(key, &id->kind, sizeof id->kind);
	key = key_with(key, &t->setup.device_row, sizeof t->setup.device_row);
	for (uint32_t i = 0; i < PROBES; i++) {
		uint32_t row = (uint32_t)((key + i) % PAGE_KERNELS), state = PAGE_ROW_FREE;
		struct page_kernel *k = &page->kernels[row];
		if (atomic_compare_exchange_strong_explicit(&k->state, &state, PAGE_ROW_WRITING,
							    memory_order_acquire,
							    memory_order_acquire)) {
			raise_high(page, row);
			fill_row(k, t, id, key);
			return row;
		}
		/* Somebody is writing it this moment: maybe the same, then there are two rows of it. */
		if (state == PAGE_ROW_READY && k->key == key)
			return row;
	}
	add(&page->kernels_full, 1);
	atomic_store_explicit(&page->kernels[PAGE_KERNELS].state, PAGE_ROW_READY,
			      memory_order_release);
	return PAGE_KERNELS;
}

enum named { NOT_YET, WHOLE, WRITING };

void kernel_name(struct timing *t, uint32_t row, const char *name)
{
	struct page_kernel *k = &t->setup.page->kernels[row];
	uint32_t named = NOT_YET;
	size_t length = strnlen(name, sizeof k->name - 1);

	if (row == PAGE_KERNELS || length == 0 ||
	    !atomic_compare_exchange_strong_explicit(&k->named, &named, WRITING,
						     memory_order_acquire, memory_order_relaxed))
		return;
	memcpy(k->name, name, length);
	k->name[length] = '\0';
	atomic_store_explicit(&k->named, WHOLE, memory_order_release);
}

uint32_t kernel_row_generated(struct timing *t, uint32_t row)
{
	struct identity id = {.kind = PAGE_KERNEL_GENERATED};

	if (row == UINT32_MAX) {
		id.kind |= PAGE_KERNEL_CHOSEN;
		return kernel_row(t, &id);
	}
	struct page_kernel *of = &t->setup.page->kernels[row];
	if (row == PAGE_KERNELS)
		return row;
	id.kind |= of->kind;
	id.anonymous = of->key;
	memcpy(id.sha256, of->spirv, sizeof id.sha256);
	id.specialization = of->specialization;
	memcpy(id.entry, of->entry, sizeof id.entry - 1);
	memcpy(id.local_size, of->local_size, sizeof id.local_size);
	id.bindings = of->bindings;
	id.push_bytes = of->push_bytes;
	id.shared_bytes = of->shared_bytes;
	uint32_t made = kernel_row(t, &id);
	if (atomic_load_explicit(&of->named, memory_order_acquire) == WHOLE)
		kernel_name(t, made, of->name);
	return made;
}

/* ---- times --------------------------------------------------------------------------------- */

static void add_time(struct page_kernel *k, uint64_t ns, bool first)
{
	if (first) {
		add(&k->first, 1);
		add(&k->first_ns, ns);
		word_max(&k->first_max_ns, ns);
		return;
	}
	ns = ns ? ns : 1; /* 0 stands for "none yet" */
	add(&k->total_ns, ns);
	word_min(&k->min_ns, ns);
	word_max(&k->max_ns, ns);
	add(&k->bucket[page_bucket(ns)], 1);
	add(&k->timed, 1);
}

void kernel_time(struct timing *t, uint32_t row, uint64_t ns, bool first)
{
	kernel_count(t, PAGE_COUNT_DISPATCHES_TIMED, 1);
	add_time(&t->setup.page->kernels[row], ns, first);
}

void kernel_time_by_host(struct timing *t, uint32_t row, uint64_t ns, bool first)
{
	struct page_kernel *k = &t->setup.page->kernels[row];

	add(&k->by_host, 1);
	add_time(k, ns, first);
}

void kernel_lost(struct timing *t, uint32_t row, uint64_t times)
{
	if (!times)
		return;
	add(&t->setup.page->kernels[row].lost, times);
	kernel_count(t, PAGE_COUNT_DISPATCHES_LOST, times);
}

void kernel_submitted(struct timing *t, const struct use *u, int times)
{
	struct page_kernel *k = &t->setup.page->kernels[u->pipeline->row];
	uint64_t by = (uint64_t)(int64_t)times;

	add(&k->dispatches, u->count * by);
	kernel_count(t, PAGE_COUNT_DISPATCHES, u->count * by);
	if (u->indirect)
		add(&k->indirect, u->indirect * by);
	if (u->most) {
		add(&k->generated_least, u->least * by);
		add(&k->generated_most, u->most * by);
	}
	if (!u->group_total)
		return;
	add(&k->group_total, u->group_total * by);
	for (unsigned i = 0; i < 3; i++)
		atomic_store_explicit(&k->groups[i], u->groups[i], memory_order_relaxed);
}

uint64_t kernel_mean(const struct timing *t, uint32_t row)
{
	const struct page_kernel *k = &t->setup.page->kernels[row];
	uint64_t timed = load(&k->timed);
	uint64_t total = load(&k->total_ns);

	return timed && total > timed ? total / timed : timed != 0;
}

/* ---- how often ----------------------------------------------------------------------------- */

uint64_t kernel_step(const struct timing *t, uint32_t row)
{
	uint64_t mean = kernel_mean(t, row);
	uint64_t cost = atomic_load_explicit(&t->cost_ns, memory_order_relaxed);

	if (!mean || !cost)
		return UNKNOWN_STEP;
	uint64_t step = cost * COST_SHARE / mean;
	return step < 1 ? 1 : step;
}

bool kernel_wants(struct timing *t, uint32_t row, uint64_t dispatches)
{
	struct kernel_pace *pace = &t->pace[row];
	int64_t skip = atomic_load_explicit(&pace->skip, memory_order_relaxed);

	if (t->setup.mode != PAGE_TIMING_SAMPLED)
		return t->setup.mode == PAGE_TIMING_ALL;
	skip -= (int64_t)dispatches;
	if (skip < 0) {
		uint32_t asked = atomic_fetch_add_explicit(&pace->asked, 1, memory_order_relaxed);
		skip = asked + 1 < FIRST_TIMED ? 0 : (int64_t)kernel_step(t, row) - 1;
		atomic_store_explicit(&pace->skip, skip, memory_order_relaxed);
		return true;
	}
	atomic_store_explicit(&pace->skip, skip, memory_order_relaxed);
	return false;
}
