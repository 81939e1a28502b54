/* SPDX-License-Identifier: Apache-2.0 */
/* See watcher.h. */
#include "layer/watcher.h"

#include <limits.h>
#include <signal.h>
#include <time.h>

#include "layer/budget.h"
#include "layer/here.h"

enum { STACK = 256 << 10, MOST_OFTEN_NS = 10000000 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	uintptr_t running; /* the number of the thread that is to go on; 0: none */
	uintptr_t started; /* threads ever */
	struct device *first;
} watcher = {.lock = PTHREAD_MUTEX_INITIALIZER};

void watcher_forget(void)
{
	(void)pthread_mutex_init(&watcher.lock, NULL);
	watcher.running = 0;
	watcher.first = NULL;
}

static void wait_for(uint64_t ns)
{
	uint64_t at = now_ns() + (ns < MOST_OFTEN_NS ? MOST_OFTEN_NS : ns);
	const struct timespec t = {.tv_sec = (time_t)(at / 1000000000u),
				   .tv_nsec = (long)(at % 1000000000u)};

	(void)pthread_cond_timedwait(&watcher.changed, &watcher.lock, &t);
}

static void *look(void *number)
{
	(void)pthread_mutex_lock(&watcher.lock);
	while (watcher.running == (uintptr_t)number) {
		for (const struct device *d = watcher.first; d; d = d->next_watched)
			budget_read(d);
		wait_for(atomic_load(&here_control()->budget_ns));
	}
	(void)pthread_mutex_unlock(&watcher.lock);
	return NULL;
}

/* It takes no signals, which are the program's. Where no thread can be had, budgets are read when the program asks for them. */
static void start_thread(void)
{
	pthread_attr_t attributes;
	pthread_condattr_t clock;
	sigset_t all, before;

	if (pthread_attr_init(&attributes) != 0)
		return;
	(void)pthread_condattr_init(&clock);
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&watcher.changed, &clock);
	(void)pthread_condattr_destroy(&clock);
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

void watcher_add(struct device *d)
{
	if (!d->has_budget)
		return;
	budget_read(d);
	if (atomic_load(&here_control()->budget_ns) == 0)
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
