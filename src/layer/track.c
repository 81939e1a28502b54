/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is under way on each queue. Every submission with kernels in it signals a fence: the program's, or
 * ours where it has none. A signalled fence says that it and all before it on the queue have
 * finished (Vulkan specification, "Fences"), which is all that is needed, on any device, without
 * features or semaphores of our own. When the program waits for a fence it tells us at the same time;
 * for the others we ask when something else is submitted or a thread watches.
 */
#include <stdlib.h>

#include "layer/timing-parts.h"

struct timed_queue *track_queue(struct timing *t, VkQueue handle, uint32_t family)
{
	struct timed_queue *q = map_get(&t->queues, key_of(handle));

	if (q)
		return q;
	q = calloc(1, sizeof *q);
	if (!q || map_put(&t->queues, key_of(handle), q) < 0) {
		free(q);
		return NULL;
	}
	q->handle = handle;
	q->family = family;
	q->tail = &q->head;
	return q;
}

struct submission *track_new(struct timing *t, struct timed_queue *q)
{
	struct submission *s = t->free_submissions;

	if (s)
		t->free_submissions = s->next;
	else
		s = calloc(1, sizeof *s);
	if (s)
		*s = (struct submission){.queue = q,
					 .number = q->issued + 1,
					 .needs = s->needs,
					 .need_size = s->need_size,
					 .runs = s->runs,
					 .run_size = s->run_size,
					 .marked = s->marked,
					 .timed = s->timed};
	return s;
}

void track_free(struct timing *t, struct submission *s)
{
	semaphore_forget(t, s);
	marker_put(t, s->marker);
	s->marker = NULL;
	bracket_put(t, s->bracket);
	bracket_put(t, s->calibration);
	for (size_t i = 0; i < s->run_count; i++)
		record_unref(s->runs[i].record);
	s->run_count = 0;
	s->next = t->free_submissions;
	t->free_submissions = s;
}

static void note_kernel(struct submission *s, uint32_t row)
{
	uint32_t n = s->kernel_count < PAGE_CANDIDATES ? s->kernel_count : PAGE_CANDIDATES;

	for (uint32_t i = 0; i < n; i++)
		if (s->kernels[i] == row)
			return;
	if (n < PAGE_CANDIDATES)
		s->kernels[n] = (uint16_t)row;
	s->kernel_count++;
}

static void note_uses(struct submission *s, struct record *r)
{
	for (size_t i = 0; i < r->use_count; i++) {
		struct use *u = &r->uses[i];
		if (!u->count)
			continue;
		s->dispatches += u->count;
		note_kernel(s, u->pipeline->row);
		if (!atomic_load_explicit(&u->pipeline->submitted, memory_order_relaxed) &&
		    !atomic_exchange(&u->pipeline->submitted, 1))
			u->first = true;
		s->first |= u->first;
	}
}

int track_run(struct submission *s, struct record *r)
{
	if (s->run_count == s->run_size) {
		size_t size = s->run_size ? 2 * s->run_size : 4;
		struct run *more = realloc(s->runs, size * sizeof *more);
		if (!more)
			return -1;
		s->runs = more;
		s->run_size = size;
	}
	record_ref(r);
	s->runs[s->run_count++] = (struct run){.record = r, .epoch = r->epoch};
	note_uses(s, r);
	for (size_t i = 0; i < r->child_count; i++)
		if (track_run(s, r->children[i]) < 0)
			return -1;
	return 0;
}

static void count_uses(struct timing *t, const struct record *r, int times)
{
	for (size_t i = 0; i < r->use_count; i++)
		if (r->uses[i].count)
			kernel_submitted(t, &r->uses[i], times);
}

static void read_run(struct record *r, const struct run *run, bool has_times)
{
	/* Recorded anew: its times were read then. Pending: they are still being written. */
	if (r->epoch != run->epoch || r->pending > 0 || !r->runs)
		return;
	if (has_times)
		stamp_harvest(r);
	else
		stamp_lose(r);
}

/* Whatever became of its times: the next run of the command buffer is not its pipelines' first one. */
static void end_firsts(const struct submission *s)
{
	for (size_t i = 0; i < s->run_count; i++) {
		struct record *r = s->runs[i].record;
		for (size_t n = 0; r->epoch == s->runs[i].epoch && !r->pending && n < r->use_count;
		     n++)
			r->uses[n].first = false;
	}
}

/*
 * Reads the times of what is over. There are drivers that finish everything on the device before they give any (lavapipe
 * does), and so never come back while something waits for the program itself, which may be the
 * thread that is here. Until that has begun times stay where they are; of the first of too many they are lost.
 */
static void read_times(struct timing *t)
{
	while (t->unread && (!t->open_waits || t->unread_count > UNREAD_MOST)) {
		struct submission *s = t->unread;
		bool has_times = s->has_times && !t->open_waits;
		t->unread = s->next;
		if (!t->unread)
			t->unread_tail = &t->unread;
		t->unread_count--;
		if (s->calibration)
			calibration_harvest(t, s, has_times);
		for (size_t i = 0; i < s->run_count; i++)
			read_run(s->runs[i].record, &s->runs[i], has_times);
		if (s->bracket && has_times)
			bracket_harvest(t, s);
		end_firsts(s);
		track_free(t, s);
	}
}

/*
 * After a change, or to see whether there is one: the first one of a queue may have begun meanwhile, on each queue, as what one
 * waits for another one signals. A queue does not begin what comes later before that.
 */
static void settle(struct timing *t, bool changed)
{
	const struct timed_queue *q;

	for (size_t at = 0; (q = map_next(&t->queues, &at));)
		if (q->head && !q->head->since_ns && !semaphore_waits(t, q->head)) {
			q->head->since_ns = now_ns();
			changed = true;
		}
	/* Before times are read: see there. */
	if (changed)
		oldest_update(t);
	read_times(t);
}

int track_append(struct timing *t, struct submission *s)
{
	struct timed_queue *q = s->queue;

	if (!s->owns_fence && map_put(&t->fences, (uint64_t)s->fence, s) < 0)
		return -1;
	for (size_t i = 0; i < s->run_count; i++) {
		struct record *r = s->runs[i].record;
		/* Queries are ordered on a queue, not between two of them (Vulkan specification, "Queries"). */
		if (r->pending && r->queue != q)
			track_poll(t, r->queue);
		r->is_mixed |= r->pending && r->queue != q;
		r->queue = q;
		r->pending++;
		r->runs++;
		if (++r->submits > 1 && r->may_repeat && r->is_primary)
			t->repeats = true;
		count_uses(t, r, 1);
	}
	s->in_call = true;
	q->issued = s->number;
	*q->tail = s;
	q->tail = &s->next;
	if (q->head == s)
		settle(t, true);
	return 0;
}

static void keep_fence(struct timing *t, VkFence fence)
{
	if (t->free_fence_count == t->free_fence_size) {
		size_t size = t->free_fence_size ? 2 * t->free_fence_size : 16;
		VkFence *more = realloc(t->free_fences, size * sizeof(VkFence));
		if (!more) {
			t->DestroyFence(t->setup.device, fence, NULL);
			return;
		}
		t->free_fences = more;
		t->free_fence_size = size;
	}
	t->free_fences[t->free_fence_count++] = fence;
}

VkFence track_fence(struct timing *t)
{
	static const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
	VkFence fence = VK_NULL_HANDLE;

	if (t->free_fence_count) {
		fence = t->free_fences[--t->free_fence_count];
		if (t->ResetFences(t->setup.device, 1, &fence) == VK_SUCCESS)
			return fence;
		t->DestroyFence(t->setup.device, fence, NULL);
	}
	if (t->CreateFence(t->setup.device, &info, NULL, &fence) != VK_SUCCESS)
		return VK_NULL_HANDLE;
	return fence;
}

/*
 * On a queue without timestamps: how long it took as the host saw it. That is a kernel's own time only where no other dispatch is
 * in the submission.
 */
static void time_by_host(struct timing *t, const struct submission *s, uint64_t ns)
{
	uint32_t family = s->queue->family;

	if (t->setup.mode == PAGE_TIMING_OFF || !s->dispatches || family >= t->setup.family_count ||
	    t->families[family].timestampValidBits > 0)
		return;
	if (s->dispatches == 1) {
		kernel_time_by_host(t, s->kernels[0], ns, s->first);
		return;
	}
	kernel_count(t, PAGE_COUNT_HOST_SUBMITS, 1);
	kernel_count(t, PAGE_COUNT_HOST_SUBMITS_NS, ns);
}

/* The queue's first one is over; has_times: it ran to its end. To be settled afterwards. */
static void retire(struct timing *t, struct timed_queue *q, bool has_times)
{
	struct submission *s = q->head;

	q->head = s->next;
	if (!q->head)
		q->tail = &q->head;
	if (s->owns_fence)
		keep_fence(t, s->fence);
	else
		(void)map_take(&t->fences, (uint64_t)s->fence);
	q->done_ns = now_ns();
	q->done = q->done < s->number ? s->number : q->done;
	if (s->since_ns)
		kernel_count(t, PAGE_COUNT_BUSY_NS, q->done_ns - s->since_ns);
	if (s->since_ns && has_times)
		time_by_host(t, s, q->done_ns - s->since_ns);
	semaphore_forget(t, s);
	for (size_t i = 0; i < s->run_count; i++)
		if (s->runs[i].record->epoch == s->runs[i].epoch)
			s->runs[i].record->pending--;
	s->has_times = has_times;
	s->next = NULL;
	*t->unread_tail = s;
	t->unread_tail = &s->next;
	t->unread_count++;
}

/* All that are known to be over, in their order, up to one that the layer below still reads from. */
static void drain(struct timing *t, struct timed_queue *q)
{
	const struct submission *before = q->head;

	while (q->head && q->head->is_over && !q->head->in_call)
		retire(t, q, true);
	if (q->head != before)
		settle(t, true);
}

static void take_out(struct timing *t, struct submission *s)
{
	struct timed_queue *q = s->queue;
	struct submission **at = &q->head;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (q->tail == &s->next)
		q->tail = at;
	if (s->owns_fence)
		keep_fence(t, s->fence);
	else
		(void)map_take(&t->fences, (uint64_t)s->fence);
	if (s->calibration)
		t->calibration = UNCALIBRATED;
}

static void undo(struct timing *t, struct submission *s)
{
	take_out(t, s);
	for (size_t i = 0; i < s->run_count; i++) {
		struct record *r = s->runs[i].record;
		if (r->epoch != s->runs[i].epoch)
			continue;
		r->pending--;
		r->runs--;
		r->submits--;
		count_uses(t, r, -1);
	}
	semaphore_undo(t, s);
	track_free(t, s);
	settle(t, true);
}

void track_untold(struct timing *t, struct submission *s)
{
	struct timed_queue *q = s->queue;

	take_out(t, s);
	/* The device may still write into them: they are not used again. */
	s->bracket = s->calibration = NULL;
	s->marker = NULL;
	for (size_t i = 0; i < s->run_count; i++) {
		struct record *r = s->runs[i].record;
		if (r->epoch != s->runs[i].epoch)
			continue;
		r->pending--;
		stamp_lose(r);
	}
	/* Whoever waits for it must not be taken for one that waits for ever. */
	q->done = q->done < s->number ? s->number : q->done;
	track_free(t, s);
	settle(t, true);
}

void track_called(struct timing *t, struct submission *s, bool succeeded)
{
	s->in_call = false;
	if (succeeded)
		drain(t, s->queue);
	else
		undo(t, s);
}

/* false: nothing has changed. */
static bool poll(struct timing *t, struct timed_queue *q)
{
	const struct submission *before = q->head;

	while (q->head && !q->head->in_call) {
		VkResult r = q->head->is_over ? VK_SUCCESS
					      : t->GetFenceStatus(t->setup.device, q->head->fence);
		if (r == VK_NOT_READY)
			break;
		retire(t, q, r == VK_SUCCESS); /* a lost device finishes nothing any more */
	}
	return q->head != before;
}

void track_poll(struct timing *t, struct timed_queue *q)
{
	if (poll(t, q))
		settle(t, true);
}

void track_poll_device(struct timing *t)
{
	struct timed_queue *q;
	bool changed = false;

	for (size_t at = 0; (q = map_next(&t->queues, &at));)
		changed |= poll(t, q);
	settle(t, changed);
}

void track_idle(struct timing *t, const struct timed_queue *only)
{
	struct timed_queue *q;

	for (size_t at = 0; (q = map_next(&t->queues, &at));) {
		for (struct submission *s = q->head; s && (!only || q == only); s = s->next)
			s->is_over = true;
		drain(t, q);
	}
}

void track_signalled(struct timing *t, VkFence fence)
{
	struct submission *last = map_get(&t->fences, (uint64_t)fence);

	if (!last)
		return;
	for (struct submission *s = last->queue->head; s != last; s = s->next)
		s->is_over = true;
	last->is_over = true;
	drain(t, last->queue);
}

void track_done(struct timing *t)
{
	struct submission *s;
	void *q;

	for (size_t at = 0; (q = map_next(&t->queues, &at));)
		free(q);
	map_done(&t->queues);
	map_done(&t->fences);
	map_done(&t->foreign);
	while ((s = t->free_submissions)) {
		t->free_submissions = s->next;
		free(s->needs);
		free(s->runs);
		free(s->marked.at);
		free(s->timed.at);
		free(s);
	}
	for (size_t i = 0; i < t->free_fence_count; i++)
		t->DestroyFence(t->setup.device, t->free_fences[i], NULL);
	free(t->free_fences);
}
