/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Vulkan layer in the loop: its words, the end of its processes, and the limits that only it can
 * measure. `kernel` needs no polling: while a submission is under way the timer is set for the moment at
 * which it would pass the limit, and while there is none the next one is asked to say so. Only one that waits for a
 * semaphore begins without a word: while there is one, somebody looks as often as the limit is long.
 */
#include <poll.h>
#include <sys/epoll.h>

#include "watch/timers.h"

enum { LAYER_BACKLOG = 64, LOOK_LEAST_NS = 10000000 };

static int add(struct loop *l, int fd, enum source source, unsigned number)
{
	/* A socket that the child has not bound yet would report a hang-up without end: edges. */
	struct epoll_event ev = {.events = source == SOURCE_LAYER ? EPOLLIN | EPOLLET : EPOLLIN,
				 .data.u32 = (uint32_t)source | number << SOURCE_BITS};
	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

int layer_start(struct loop *l)
{
	const struct telemetry *t = l->watch->telemetry;
	return t ? add(l, t->listen_fd, SOURCE_LAYER, 0) : 0;
}

void layer_accept(struct loop *l)
{
	struct telemetry *t = l->watch->telemetry;

	/* Not more than the backlog at a time, so that a flood of them does not keep the loop from its limits. */
	for (int i = 0; i < LAYER_BACKLOG; i++) {
		int pending = telemetry_accept(t);
		if (pending < 0)
			return;
		(void)add(l, t->pending[pending], SOURCE_WORD, (unsigned)pending);
	}
	/* Those that are left make no new edge. */
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, t->listen_fd, NULL);
	(void)add(l, t->listen_fd, SOURCE_LAYER, 0);
}

static uint64_t kernel_limit(const struct loop *l)
{
	return l->watch->plan->limits.value[LIMIT_KERNEL];
}

/* The job is being ended already, or the limit is not there. */
static bool has_kernel_limit(const struct loop *l)
{
	return kernel_limit(l) < LIMIT_UNSET && l->watch->seen->cause == CAUSE_NONE &&
	       !l->watch->seen->exited;
}

void layer_word(struct loop *l, unsigned pending)
{
	struct telemetry *t = l->watch->telemetry;
	uint64_t now = timers_now();
	unsigned slot;

	switch (telemetry_take(t, pending, now, &slot)) {
	case TELEMETRY_HELLO:
		(void)add(l, t->slots[slot].pidfd, SOURCE_PROCESS, slot);
		break;
	case TELEMETRY_BUSY:
		/* It may not have been written down yet, so nobody looks before it can be too old. */
		if (has_kernel_limit(l) && !l->deadline[TIMER_KERNEL])
			l->deadline[TIMER_KERNEL] = now + kernel_limit(l);
		break;
	case TELEMETRY_LOOK:
		telemetry_events(t);
		/* What is held may be less again by now; that it was passed is what counts. */
		watch_soft(l, LIMIT_DEVICE_MEMORY, telemetry_soft(t));
		break;
	case TELEMETRY_NOTHING:
		break;
	}
}

void layer_process(struct loop *l, unsigned slot)
{
	struct telemetry *t = l->watch->telemetry;
	struct pollfd p = {.fd = t->slots[slot].pidfd, .events = POLLIN};

	/* The slot may be another process' by now. */
	if (p.fd >= 0 && poll(&p, 1, 0) > 0)
		telemetry_ended(t, slot, timers_now());
}

void layer_fire_kernel(struct loop *l, uint64_t now)
{
	struct telemetry *t = l->watch->telemetry;
	struct telemetry_submit s;

	l->deadline[TIMER_KERNEL] = 0;
	if (!t || !has_kernel_limit(l))
		return;
	telemetry_oldest(t, &s);
	if (!s.since_ns)
		telemetry_ring(t, &s);
	if (!s.since_ns && s.waiting)
		l->deadline[TIMER_KERNEL] = now + (kernel_limit(l) > LOOK_LEAST_NS ? kernel_limit(l)
										   : LOOK_LEAST_NS);
	if (!s.since_ns)
		return;
	uint64_t due, started = s.since_ns < now ? s.since_ns : now;
	if (__builtin_add_overflow(started, kernel_limit(l) + s.allowance_ns, &due))
		return;
	if (due > now) {
		l->deadline[TIMER_KERNEL] = due;
		return;
	}
	telemetry_stop(t, &s);
	watch_limit(l, LIMIT_KERNEL, now - started, SIGTERM);
}

bool layer_progress(struct loop *l)
{
	const struct telemetry *t = l->watch->telemetry;
	struct telemetry_submit s;

	if (!t)
		return false;
	uint64_t was = l->idle_gpu;
	l->idle_gpu = telemetry_progress(t);
	telemetry_oldest(t, &s);
	return l->idle_gpu != was || s.since_ns != 0;
}

void layer_sample(struct loop *l, struct usage *u)
{
	struct telemetry *t = l->watch->telemetry;

	outside_sample(l, u);
	if (!t || !t->page)
		return;
	telemetry_look(t, "sample", u->at_ns);
	u->device_bytes = telemetry_memory(t);
	watch_soft(l, LIMIT_DEVICE_MEMORY, u->device_bytes);
}

void layer_end(struct loop *l)
{
	if (l->watch->telemetry)
		telemetry_end(l->watch->telemetry, timers_now());
}
