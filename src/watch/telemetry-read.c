/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the job wrote into the telemetry page. Each word is read once, then the copy is checked: indices
 * against the constants of page.h, sums against overflow, strings to the end of their array.
 */
#include "watch/telemetry-read.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "watch/series.h"

/* Of the compiler that works inside of a kernel's first dispatch, as that of software drivers does. */
#define FIRST_NS      1000000000ull
#define FIRST_MOST_NS 60000000000ull

/* VK_PHYSICAL_DEVICE_TYPE_CPU */
enum { TYPE_CPU = 4 };

static uint64_t read64(const _Atomic uint64_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

/* Identity, which is written once by who keeps to the rules. Volatile: what was checked is what is used. */
static uint32_t read32(const uint32_t *at)
{
	return *(const volatile uint32_t *)at;
}

/* Garbage must not make a large number a small one. JSON has 63 bits. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	uint64_t r;
	return __builtin_add_overflow(a, b, &r) || r > INT64_MAX ? INT64_MAX : r;
}

static void copy_string(char *to, size_t size, const char *from, size_t from_size)
{
	size_t n = strnlen(from, from_size);
	n = n < size ? n : size - 1;
	memcpy(to, from, n);
	/* The bytes may have changed while they were copied. */
	to[n] = '\0';
}

void telemetry_read_slot(struct telemetry *t, const struct page_slot *s,
			 struct telemetry_process *p)
{
	for (size_t i = 0; i < PAGE_COUNTERS; i++)
		t->count[i] = sum(t->count[i], read64(&s->count[i]));
	uint32_t call = atomic_load_explicit(&s->lost_call, memory_order_relaxed);
	if (call && !t->said.lost) {
		t->said.lost = true;
		t->said.lost_call = page_call_names[call < PAGE_CALLS ? call : 0];
	}
	if (!p)
		return;
	p->api_version = read32(&s->api_version);
	copy_string(p->app, sizeof p->app, s->app, sizeof s->app);
	copy_string(p->engine, sizeof p->engine, s->engine, sizeof s->engine);
}

void telemetry_read_said(struct telemetry *t)
{
	t->said.refused = t->count[PAGE_COUNT_REFUSED];
	t->said.refused_bytes = t->count[PAGE_COUNT_REFUSED_BYTES];
	t->said.driver_refused = t->count[PAGE_COUNT_DRIVER_REFUSED];
	t->said.driver_refused_bytes = t->count[PAGE_COUNT_DRIVER_REFUSED_BYTES];
	t->said.memory_peak = sum(read64(&t->page->memory_peak), 0);
}

/* ---- events and budgets ------------------------------------------------------------------- */

/* The event with that number; false when it is not there yet, or no more. */
static bool read_event(const struct telemetry *t, uint64_t number, struct telemetry_event *ret)
{
	const struct page_event *at = &t->page->events[number % PAGE_EVENTS];
	struct page_event copy;

	if (atomic_load_explicit(&at->seq, memory_order_acquire) != number + 1)
		return false;
	memcpy(&copy, at, sizeof copy);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&at->seq, memory_order_relaxed) != number + 1 ||
	    copy.kind > PAGE_EVENT_STOPPED)
		return false;
	*ret = (struct telemetry_event){
	    .at_ns = copy.at_ns,
	    .kind = (enum page_event_kind)copy.kind,
	    .call = copy.call < PAGE_CALLS ? (enum page_call)copy.call : PAGE_CALL_NONE,
	    .result = copy.result,
	    .pid = copy.pid,
	    .device = copy.device,
	    .heap = copy.heap,
	    .bytes = sum(copy.bytes, 0),
	};
	return true;
}

void telemetry_events(struct telemetry *t)
{
	uint64_t head = read64(&t->page->event_head);

	/* A head that makes no sense is one that the job wrote. */
	if (head < t->next_event || head - t->next_event > INT64_MAX)
		return;
	if (head - t->next_event > PAGE_EVENTS) {
		t->events_unread = sum(t->events_unread, head - t->next_event - PAGE_EVENTS);
		t->next_event = head - PAGE_EVENTS;
	}
	for (; t->next_event < head; t->next_event++) {
		struct telemetry_event event;
		if (!read_event(t, t->next_event, &event)) {
			t->events_unread = sum(t->events_unread, 1);
			continue;
		}
		t->events_seen = sum(t->events_seen, 1);
		if (t->event_count < TELEMETRY_EVENTS)
			t->events[t->event_count++] = event;
		else
			t->events_dropped = sum(t->events_dropped, 1);
	}
}

/* The heaps of the first device, when its driver tells. */
static json_t *read_heaps(const struct telemetry *t)
{
	const struct page_device *d = &t->page->devices[0];
	uint32_t count = read32(&d->heap_count);

	if (atomic_load_explicit(&d->state, memory_order_acquire) != PAGE_ROW_READY ||
	    !read32(&d->has_budget) || read64(&d->budget_at_ns) == 0)
		return NULL;
	json_t *list = json_array();
	for (uint32_t i = 0; i < count && i < PAGE_HEAPS; i++)
		(void)json_array_append_new(
		    list, json_pack("{s:I,s:I}", "budget",
				    (json_int_t)sum(read64(&d->heaps[i].budget), 0), "usage",
				    (json_int_t)sum(read64(&d->heaps[i].usage), 0)));
	return list;
}

static void look_at_budgets(struct telemetry *t, const char *at, uint64_t now)
{
	json_t *reading = json_pack("{s:I,s:s,s:I}", "t_ns", (json_int_t)now, "at", at, "allocated",
				    (json_int_t)telemetry_memory(t));
	json_t *heaps = read_heaps(t);

	if (heaps)
		(void)json_object_set_new(reading, "heaps", heaps);
	if (!t->budgets)
		t->budgets = json_array();
	t->budgets_taken++;
	(void)series_add(t->budgets, reading, &t->budget_interval_ns);
}

void telemetry_look(struct telemetry *t, const char *at, uint64_t now)
{
	if (!t->page)
		return;
	telemetry_events(t);
	look_at_budgets(t, at, now);
	for (unsigned i = 0; i < PAGE_SLOTS; i++) {
		if (t->slots[i].pidfd < 0 || t->slots[i].number >= TELEMETRY_PROCESSES)
			continue;
		struct telemetry_process *p = &t->processes[t->slots[i].number];
		uint64_t bytes = sum(read64(&t->page->slots[i].counted), 0);
		if (bytes > p->peak_bytes)
			p->peak_bytes = bytes;
	}
}

uint64_t telemetry_soft(const struct telemetry *t)
{
	uint64_t held = telemetry_memory(t);

	if (!t->page || read64(&t->page->soft_ns) == 0)
		return 0;
	return held > t->orders.memory_soft ? held : t->orders.memory_soft;
}

uint64_t telemetry_memory(const struct telemetry *t)
{
	return t->page ? sum(page_counted(t->page), 0) : 0;
}

/* ---- what is under way -------------------------------------------------------------------- */

uint64_t telemetry_progress(const struct telemetry *t)
{
	static const enum page_counter counters[] = {PAGE_COUNT_SUBMITS, PAGE_COUNT_BUSY_NS,
						     PAGE_COUNT_ALLOCATIONS};
	uint64_t all = t->hellos;

	for (unsigned i = 0; t->page && i < PAGE_SLOTS; i++)
		for (size_t c = 0; t->slots[i].pidfd >= 0 && c < COUNTOF(counters); c++)
			all += read64(&t->page->slots[i].count[counters[c]]);
	return all;
}

/* False when it is being written. */
static bool read_submit(const struct page_submit *at, struct page_submit *ret)
{
	uint32_t seq = atomic_load_explicit(&at->seq, memory_order_acquire);

	memcpy(ret, at, sizeof *ret);
	atomic_thread_fence(memory_order_acquire);
	return seq % 2 == 0 && atomic_load_explicit(&at->seq, memory_order_relaxed) == seq;
}

/* A kernel's first dispatch on a software driver has the driver's compiler in it, and so may take longer. */
static uint64_t allowance(const struct telemetry *t, const struct page_submit *s)
{
	const struct page_kernel *k = &t->page->kernels[s->kernels[0] % PAGE_KERNELS];
	uint32_t device = read32(&k->device);

	if (!s->first)
		return 0;
	if (s->kernel_count && device < PAGE_DEVICES &&
	    read32(&t->page->devices[device].type) != TYPE_CPU)
		return 0;
	uint64_t ns = (s->kernel_count ? s->kernel_count : 1) * FIRST_NS;
	return ns > FIRST_MOST_NS ? FIRST_MOST_NS : ns;
}

void telemetry_oldest(const struct telemetry *t, struct telemetry_submit *ret)
{
	bool waiting = false;

	*ret = (struct telemetry_submit){.since_ns = 0};
	for (unsigned i = 0; t->page && i < PAGE_SLOTS; i++) {
		struct page_submit s;
		if (t->slots[i].pidfd < 0)
			continue;
		/* One that is being written may have begun without a word. */
		if (!read_submit(&t->page->slots[i].oldest, &s)) {
			waiting = true;
			continue;
		}
		waiting |= s.waiting != 0;
		if (!s.since_ns)
			continue;
		uint64_t extra = allowance(t, &s);
		if (ret->since_ns && s.since_ns + extra >= ret->since_ns + ret->allowance_ns)
			continue;
		*ret = (struct telemetry_submit){
		    .since_ns = s.since_ns, .allowance_ns = extra, .kernel_count = s.kernel_count};
		for (uint32_t k = 0; k < s.kernel_count && k < PAGE_CANDIDATES; k++)
			if (s.kernels[k] < PAGE_KERNELS)
				ret->kernels[ret->candidates++] = s.kernels[k];
	}
	ret->waiting = waiting;
}

/* ---- names -------------------------------------------------------------------------------- */

static void hash_text(const uint8_t *hash, char *buf)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 32; i++) {
		buf[2 * i] = digits[hash[i] >> 4];
		buf[2 * i + 1] = digits[hash[i] & 15];
	}
	buf[64] = '\0';
}

/* What is not a dispatch of the kernel itself says so behind its name. */
static void mark_generated(const struct page_kernel *k, char *buf, size_t size)
{
	size_t used = strnlen(buf, size);

	if (k->kind & PAGE_KERNEL_CHOSEN)
		(void)snprintf(buf, size, "generated commands");
	else if (k->kind & PAGE_KERNEL_GENERATED && used < size)
		(void)snprintf(buf + used, size - used, " (generated)");
}

/*
 * The user's name for it, else its own, else the entry point unless that is everybody's, else the start of its
 * hash; what differs by constants only has their hash behind it, and a driver's binary says that it is one.
 */
void telemetry_kernel_name(const struct telemetry *t, const struct page_kernel *k, char *buf,
			   size_t size)
{
	char hash[KERNEL_HASH_DIGITS + 1], own[sizeof k->name + 1], entry[sizeof k->entry + 1];

	hash_text(k->spirv, hash);
	copy_string(own, sizeof own, k->name, sizeof k->name);
	copy_string(entry, sizeof entry, k->entry, sizeof k->entry);
	const char *given = t->names ? kernel_names_find(t->names, hash) : NULL;
	const char *what = k->kind & PAGE_KERNEL_BINARY ? "binary " : "";
	if (given)
		(void)snprintf(buf, size, "%s", given);
	else if (atomic_load_explicit(&k->named, memory_order_acquire) && own[0])
		(void)snprintf(buf, size, "%s", own);
	else if (entry[0] && strcmp(entry, "main") != 0)
		(void)snprintf(buf, size, "%s", entry);
	else if (k->specialization)
		(void)snprintf(buf, size, "%s%.16s+%08x", what, hash,
			       (unsigned)(k->specialization ^ k->specialization >> 32));
	else
		(void)snprintf(buf, size, "%s%.16s", what, hash);
	mark_generated(k, buf, size);
}

void telemetry_read_culprit(const struct telemetry *t, const struct telemetry_submit *s, char *buf,
			    size_t size)
{
	size_t used = 0;
	char name[TELEMETRY_NAME], shown[TELEMETRY_NAME];

	buf[0] = '\0';
	for (unsigned i = 0; t->page && i < s->candidates && used + 8 < size; i++) {
		struct page_kernel k;
		memcpy(&k, &t->page->kernels[s->kernels[i]], sizeof k);
		telemetry_kernel_name(t, &k, name, sizeof name);
		(void)text_show(name, shown, sizeof shown);
		int n = snprintf(buf + used, size - used, "%s'%s'",
				 i                     ? ", "
				 : s->kernel_count > 1 ? "one of "
						       : "",
				 shown);
		used += n > 0 ? (size_t)n : 0;
	}
	if (used < size && s->kernel_count > s->candidates && s->candidates)
		(void)snprintf(buf + used, size - used, " and %u more",
			       s->kernel_count - s->candidates);
}
