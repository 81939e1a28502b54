/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a submission has begun that waits for something the layer cannot see: a binary semaphore that another process
 * or a window system signals. Nobody can be asked for its state. So a command buffer of ours stands before all others of
 * the batch, and sets an event that the host looks at: it comes after the wait as they do (Vulkan
 * specification, "Semaphore Waiting", "Events").
 */
#include <stdlib.h>

#include "layer/timing-parts.h"

static VkCommandBuffer record(struct timing *t, VkCommandPool pool, VkEvent event)
{
	VkCommandBuffer c = bracket_buffer(t, pool);

	if (!c)
		return VK_NULL_HANDLE;
	/* All stages: whichever ones the wait names, this is behind it. */
	t->CmdSetEvent(c, event, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
	if (t->EndCommandBuffer(c) == VK_SUCCESS)
		return c;
	t->FreeCommandBuffers(t->setup.device, pool, 1, &c);
	return VK_NULL_HANDLE;
}

static struct marker *marker_new(struct timing *t, uint32_t family)
{
	static const VkEventCreateInfo info = {.sType = VK_STRUCTURE_TYPE_EVENT_CREATE_INFO};
	struct marker *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->family = family;
	if (t->CreateEvent(t->setup.device, &info, NULL, &m->event) != VK_SUCCESS) {
		free(m);
		return NULL;
	}
	m->commands = record(t, bracket_pool(t, family), m->event);
	if (!m->commands) {
		t->DestroyEvent(t->setup.device, m->event, NULL);
		free(m);
		return NULL;
	}
	m->older = t->all_markers;
	t->all_markers = m;
	return m;
}

bool marker_fits(const struct timing *t, const struct timed_queue *q, const struct batches *b,
		 uint32_t i)
{
	return submit_counts_all(t) && submit_can_add(b, i) && t->setup.set_loader_data &&
	       t->CreateEvent && t->GetEventStatus && q->family < t->setup.family_count &&
	       (t->families[q->family].queueFlags & (VK_QUEUE_COMPUTE_BIT | VK_QUEUE_GRAPHICS_BIT));
}

struct marker *marker_get(struct timing *t, uint32_t family)
{
	struct marker **at = &t->free_markers;

	while (*at && (*at)->family != family)
		at = &(*at)->next;
	struct marker *m = *at;
	if (!m)
		return marker_new(t, family);
	*at = m->next;
	m->next = NULL;
	return m;
}

bool marker_passed(const struct timing *t, VkEvent event)
{
	/* On a lost device as well: nothing waits there any more. */
	return t->GetEventStatus(t->setup.device, event) != VK_EVENT_RESET;
}

void marker_put(struct timing *t, struct marker *m)
{
	/* One that cannot be reset would say at once that the next submission has begun. */
	if (!m || t->ResetEvent(t->setup.device, m->event) != VK_SUCCESS)
		return;
	m->next = t->free_markers;
	t->free_markers = m;
}

void marker_done(struct timing *t)
{
	while (t->all_markers) {
		struct marker *m = t->all_markers;
		t->all_markers = m->older;
		t->FreeCommandBuffers(t->setup.device, bracket_pool(t, m->family), 1, &m->commands);
		t->DestroyEvent(t->setup.device, m->event, NULL);
		free(m);
	}
}
