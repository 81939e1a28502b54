/* SPDX-License-Identifier: Apache-2.0 */
/* See watcher.h. */
#include "layer/watcher.h"

#include <limits.h>
#include <signal.h>
#include <time.h>

#include "layer/budget.h"
#include "layer/here.h"
#include "layer/timing.h"

enum {
	STACK = 256 << 10,
	MOST_OFTEN_NS = 10000000,
	LEAST_OFTEN_NS = 250000000,
	FIRST_LOOK_NS = 1000000,
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* of CLOCK_MONOTONIC */
	bool has_changed;       /* it is made once: a thread that ends may not have left it yet */
	pthread_t thread;
	uintptr_t running; /* the number of the thread that is to go on; 0: none */
	uintptr_t started; /* threads ever */
	struct device *first;
	_Atomic bool times; /* there was a device whose queues have no timestamps */
} watcher = {.lock = PTHREAD_MUTEX_INITIALIZER};

void watcher_forget(void)
{
	(void)pthread_mutex_init(&watcher.lock, NULL);
	watcher.has_changed = false;
	atomic_store(&watcher.times, false);
	watcher.running = 0;
	watcher.first = NULL;
}

/* How long until the next look at the budgets, 0 for never. */
static uint64_t budget_every(void)
{
	uint64_t every = atomic_load(&here_control()->budget_ns);

	return every && every < MOST_OFTEN_NS ? MOST_OFTEN_NS : every;
}

static uint64_t between(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* The time at work is needed as it is, not as the program notices it. */
static bool counts_time(void)
{
	uint32_t share = atomic_load(&here_control()->share_percent);

	return (share > 0 && share < 100) || atomic_load(&watcher.times);
}

/*
 * How long until the next look at what has finished, 0 for never. With the limit `kernel`: often enough that a submission which is
 * done does not look unfinished when its time is over. Where the time at work is charged: so that it is
 * about an eighth too long at most, whether a submission takes a millisecond or a minute.
 */
static uint64_t finish_every(uint64_t now)
{
	uint64_t kernel = atomic_load(&here_control()->kernel_ns);
	uint64_t every = kernel ? between(kernel / 8, MOST_OFTEN_NS, LEAST_OFTEN_NS) : 0;

	if (!counts_time() || !timing_is_busy())
		return every;
	uint64_t changed = timing_changed_ns();
	uint64_t soon = between((now > changed ? now - changed : 0) / 8, FIRST_LOOK_NS,
				LEAST_OFTEN_NS);
	return every && every < soon ? every : soon;
}

static void wait_until(uint64_t at)
{
	const struct timespec t = {.tv_sec = (time_t)(at / 1000000000u),
				   .tv_nsec = (long)(at % 1000000000u)};

	(void)pthread_cond_timedwait(&watcher.changed, &watcher.lock, &t);
}

static void read_budgets(void)
{
	for (const struct device *d = watcher.first; d; d = d->next_watched)
		if (d->has_budget)
			budget_read(d);
}

/* With the lock held but for the waiting: a device that is being taken out is not looked at any more. */
static void *look(void *number)
{
	uint64_t budgets_at = 0;

	(void)pthread_mutex_lock(&watcher.lock);
	while (watcher.running == (uintptr_t)number) {
		uint64_t now = now_ns(), budgets = budget_every();
		if (budgets && now >= budgets_at) {
			read_budgets();
			budgets_at = now + budgets;
		}
		uint64_t at = budgets ? budgets_at : now + 1000000000u;
		if (finish_every(now))
			timing_poll_all();
		/* What was found changes how long until the next time. */
		uint64_t finish = finish_every(now);
		if (finish && at > now + finish)
			at = now + finish;
		wait_until(at);
	}
	(void)pthread_mutex_unlock(&watcher.lock);
	return NULL;
}

static void make_changed(void)
{
	pthread_condattr_t clock;

	if (watcher.has_changed)
		return;
	(void)pthread_condattr_init(&clock);
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&watcher.changed, &clock);
	(void)pthread_condattr_destroy(&clock);
	watcher.has_changed = true;
}

/* It takes no signals, which are the program's. Where no thread can be had, budgets are read when the program asks for them. */
static void start_thread(void)
{
	pthread_attr_t attributes;
	sigset_t all, before;

	if (pthread_attr_init(&attributes) != 0)
		return;
	make_changed();
	/* The driver's functions run on it. */
	(void)pthread_attr_setstacksize(&attributes, STACK + PTHREAD_STACK_MIN);
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	watcher.running = ++watcher.started;
	if (pthread_create(&watcher.thread, &attributes, look, (void *)watcher.running) != 0)
		watcher.running = 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
}

static void kick(void)
{
	(void)pthread_mutex_lock(&watcher.lock);
	if (watcher.running)
		(void)pthread_cond_broadcast(&watcher.changed);
	(void)pthread_mutex_unlock(&watcher.lock);
}

void (*watcher_kick(bool by_host))(void)
{
	if (by_host)
		atomic_store(&watcher.times, true);
	return counts_time() ? kick : NULL;
}

void watcher_add(struct device *d)
{
	if (d->has_budget)
		budget_read(d);
	if ((!d->has_budget || budget_every() == 0) && finish_every(0) == 0 && !counts_time())
		return;
	(void)pthread_mutex_lock(&watcher.lock);
	d->next_watched = watcher.first;
	watcher.first = d;
	if (!watcher.running)
		start_thread();
	(void)pthread_mutex_unlock(&watcher.lock);
}

void watcher_remove(struct device *d)
{
	(void)pthread_mutex_lock(&watcher.lock);
	for (struct device **at = &watcher.first; *at; at = &(*at)->next_watched)
		if (*at == d) {
			*at = d->next_watched;
			break;
		}
	bool last = !watcher.first && watcher.running;
	pthread_t thread = watcher.thread;
	if (last) {
		watcher.running = 0;
		(void)pthread_cond_broadcast(&watcher.changed);
	}
	(void)pthread_mutex_unlock(&watcher.lock);
	/* This library stays mapped (-z nodelete), but the driver's may go once the device is gone. */
	if (last)
		(void)pthread_join(thread, NULL);
}
