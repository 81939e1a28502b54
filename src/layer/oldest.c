/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The submission that is under way for the longest time, for the limit `kernel`: one for the whole process, in
 * its slot of the page. A process has few devices; each keeps its own oldest here, and whoever
 * changes one writes the least of them.
 *
 * Locks, outer to inner: list (who is there), timing.lock, page (what is written).
 */
#include <string.h>
#include <unistd.h>

#include "layer/timing-parts.h"

enum { DEVICES = 16 };

static struct {
	pthread_mutex_t list, page;
	pid_t pid; /* of the process that these devices belong to: a child has none of them */
	struct timing *devices[DEVICES];
	struct oldest {
		uint64_t since_ns, dispatches;
		uint32_t kernel_count, first;
		uint32_t waiting; /* queues */
		uint16_t kernels[PAGE_CANDIDATES];
	} oldest[DEVICES];
	_Atomic bool busy;
	_Atomic uint64_t changed_ns;
} all = {.list = PTHREAD_MUTEX_INITIALIZER, .page = PTHREAD_MUTEX_INITIALIZER};

static void write_slot(struct page_submit *out, const struct oldest *o, uint32_t waiting)
{
	(void)atomic_fetch_add_explicit(&out->seq, 1, memory_order_acquire); /* odd */
	atomic_thread_fence(memory_order_release);
	out->since_ns = o ? o->since_ns : 0;
	out->dispatches = o ? o->dispatches : 0;
	out->kernel_count = o ? o->kernel_count : 0;
	out->first = o ? o->first : 0;
	out->waiting = waiting;
	if (o)
		memcpy(out->kernels, o->kernels, sizeof out->kernels);
	(void)atomic_fetch_add_explicit(&out->seq, 1, memory_order_release);
}

void timing_after_fork(void)
{
	(void)pthread_mutex_init(&all.list, NULL);
	(void)pthread_mutex_init(&all.page, NULL);
	memset(all.devices, 0, sizeof all.devices);
	memset(all.oldest, 0, sizeof all.oldest);
	atomic_store(&all.busy, false);
}

int oldest_enter(struct timing *t)
{
	int place = 0;

	(void)pthread_mutex_lock(&all.list);
	all.pid = getpid();
	while (place < DEVICES && all.devices[place])
		place++;
	if (place < DEVICES)
		all.devices[place] = t;
	(void)pthread_mutex_unlock(&all.list);
	return place < DEVICES ? place : -1;
}

void oldest_leave(struct timing *t)
{
	if (t->place < 0)
		return;
	(void)pthread_mutex_lock(&all.list);
	all.devices[t->place] = NULL;
	(void)pthread_mutex_lock(&all.page);
	all.oldest[t->place] = (struct oldest){0};
	(void)pthread_mutex_unlock(&all.page);
	(void)pthread_mutex_unlock(&all.list);
	t->place = -1;
}

/* The queue's own oldest one, and whether there is one that waits: what is behind it does so as well. */
static const struct submission *look_at(const struct timing *t, uint32_t *ret_waiting)
{
	const struct submission *s = NULL;
	const struct timed_queue *q;

	*ret_waiting = 0;
	for (size_t at = 0; (q = map_next(&t->queues, &at));) {
		*ret_waiting += q->head && !q->head->since_ns;
		if (q->head && q->head->since_ns && q->head->has_work &&
		    (!s || q->head->since_ns < s->since_ns))
			s = q->head;
	}
	return s;
}

void oldest_update(struct timing *t)
{
	const struct oldest *first = NULL;
	uint32_t waiting = 0;

	if (t->place < 0)
		return;
	(void)pthread_mutex_lock(&all.page);
	struct oldest *mine = &all.oldest[t->place];
	const struct submission *s = look_at(t, &mine->waiting);
	mine->since_ns = s ? s->since_ns : 0;
	if (s) {
		mine->dispatches = s->dispatches;
		mine->kernel_count = s->kernel_count;
		mine->first = s->first;
		memcpy(mine->kernels, s->kernels, sizeof mine->kernels);
	}
	for (int i = 0; i < DEVICES; i++) {
		const struct oldest *o = &all.oldest[i];
		waiting += o->waiting;
		if (o->since_ns && (!first || o->since_ns < first->since_ns))
			first = o;
	}
	write_slot(&t->setup.slot->oldest, first, waiting);
	atomic_store_explicit(&all.busy, first != NULL || waiting, memory_order_relaxed);
	atomic_store_explicit(&all.changed_ns, now_ns(), memory_order_relaxed);
	(void)pthread_mutex_unlock(&all.page);
}

void timing_poll_all(void)
{
	(void)pthread_mutex_lock(&all.list);
	for (int i = 0; i < DEVICES && all.pid == getpid(); i++) {
		struct timing *t = all.devices[i];
		if (!t)
			continue;
		(void)pthread_mutex_lock(&t->lock);
		track_poll_device(t);
		(void)pthread_mutex_unlock(&t->lock);
	}
	(void)pthread_mutex_unlock(&all.list);
}

bool timing_is_busy(void)
{
	return atomic_load_explicit(&all.busy, memory_order_relaxed);
}

uint64_t timing_changed_ns(void)
{
	return atomic_load_explicit(&all.changed_ns, memory_order_relaxed);
}
