/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning and end of timing on a device, and the table of the calls that it answers. */
#include "layer/timing.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layer/timing-parts.h"

struct timing *timing_new(const struct timing_setup *setup)
{
	struct timing *t = calloc(1, sizeof *t);
	uint32_t most = sizeof t->families / sizeof t->families[0];

	if (!t)
		return NULL;
	t->setup = *setup;
	t->setup.families = NULL;
	t->setup.family_count = setup->family_count < most ? setup->family_count : most;
	memcpy(t->families, setup->families, t->setup.family_count * sizeof t->families[0]);
#define NEXT(name) t->name = (PFN_vk##name)setup->get(setup->device, "vk" #name);
#include "layer/timing.def"
#undef NEXT
	/* Whichever name the program knows a function by, the driver has one of the two. */
	t->CmdDispatchBase = t->CmdDispatchBase ? t->CmdDispatchBase : t->CmdDispatchBaseKHR;
	t->CmdDispatchBaseKHR = t->CmdDispatchBaseKHR ? t->CmdDispatchBaseKHR : t->CmdDispatchBase;
	t->QueueSubmit2 = t->QueueSubmit2 ? t->QueueSubmit2 : t->QueueSubmit2KHR;
	t->QueueSubmit2KHR = t->QueueSubmit2KHR ? t->QueueSubmit2KHR : t->QueueSubmit2;
	t->WaitSemaphores = t->WaitSemaphores ? t->WaitSemaphores : t->WaitSemaphoresKHR;
	t->WaitSemaphoresKHR = t->WaitSemaphoresKHR ? t->WaitSemaphoresKHR : t->WaitSemaphores;
	t->SignalSemaphore = t->SignalSemaphore ? t->SignalSemaphore : t->SignalSemaphoreKHR;
	t->SignalSemaphoreKHR = t->SignalSemaphoreKHR ? t->SignalSemaphoreKHR : t->SignalSemaphore;
	if (!t->GetSemaphoreCounterValue)
		t->GetSemaphoreCounterValue = t->GetSemaphoreCounterValueKHR;
	t->unread_tail = &t->unread;
	(void)pthread_mutex_init(&t->lock, NULL);
	t->place = oldest_enter(t);
	return t;
}

void timing_forget(struct timing *t, const struct control_page *control,
		   struct telemetry_page *page)
{
	struct timing anew = {.setup = t->setup, .place = -1};

	memcpy(anew.families, t->families, sizeof anew.families);
#define NEXT(name) anew.name = t->name;
#include "layer/timing.def"
#undef NEXT
	anew.setup.mode = PAGE_TIMING_OFF;
	anew.setup.control = control;
	anew.setup.page = page;
	anew.setup.slot = &page->slots[0];
	anew.setup.began = NULL;
	*t = anew;
	t->unread_tail = &t->unread;
	(void)pthread_mutex_init(&t->lock, NULL);
	record_forget_all();
}

void timing_free(struct timing *t)
{
	struct pool *p;

	(void)pthread_mutex_lock(&t->lock);
	track_idle(t, NULL);
	(void)pthread_mutex_unlock(&t->lock);
	/* From here on the place may be another device's. */
	oldest_leave(t);
	(void)pthread_mutex_lock(&t->lock);
	/* The program should have destroyed all of these; many leave that to the end of the process. */
	for (size_t at = 0; (p = map_next(&t->pools, &at));) {
		while (p->records)
			record_drop(p->records);
		free(p);
	}
	map_done(&t->pools);
	map_done(&t->records);
	stamp_done(t);
	marker_done(t);
	bracket_done(t);
	track_done(t);
	semaphore_done(t);
	pipeline_done(t);
	(void)pthread_mutex_unlock(&t->lock);
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---- names --------------------------------------------------------------------------------- */

enum { BUCKETS = 256 };

/* Programs and loaders ask for some hundred names, most of which are not ours. */
static const struct timing_hook *buckets[BUCKETS];
static pthread_once_t buckets_once = PTHREAD_ONCE_INIT;

static void fill_buckets(void)
{
	const struct timing_hook *const tables[] = {pipeline_hooks,  shader_hooks, record_hooks,
						    generated_hooks, submit_hooks, semaphore_hooks,
						    wait_hooks};

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct timing_hook *h = tables[i]; h->name; h++) {
			unsigned b = name_hash(h->name) % BUCKETS;
			while (buckets[b])
				b = (b + 1) % BUCKETS;
			buckets[b] = h;
		}
}

PFN_vkVoidFunction timing_proc(const char *name)
{
	(void)pthread_once(&buckets_once, fill_buckets);
	for (unsigned b = name_hash(name) % BUCKETS; buckets[b]; b = (b + 1) % BUCKETS)
		if (strcmp(buckets[b]->name, name) == 0)
			return buckets[b]->function;
	return NULL;
}
