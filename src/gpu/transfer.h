/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between host and buffers that the host cannot see: a ring of staging buffers, so that the device copies
 * one while the next is filled or emptied. However large a buffer is, this is all the host memory it takes.
 */
#pragma once

#include "gpu/gpu.h"

enum { TRANSFER_SLOTS = 2, TRANSFER_SLOT_BYTES = 16 << 20 };

struct transfer_slot {
	struct gpu_buffer buffer;
	VkCommandBuffer commands;
	VkFence fence;
	bool busy;
	uint64_t bytes; /* of the copy under way */
};

struct transfer {
	struct gpu *gpu;
	VkCommandPool pool;
	struct transfer_slot slots[TRANSFER_SLOTS];
	uint64_t slot_bytes;
};

/* Where the bytes come from or go to; called with pieces in order, of which all but the last are a multiple of unit. */
struct transfer_end {
	int (*move)(void *arg, unsigned char *bytes, uint64_t n, struct fail *f);
	void *arg;
	uint64_t unit;
};

/* t is zeroed but for its gpu; staging is made when it is first needed. */
int transfer_up(struct transfer *t, const struct gpu_buffer *to, uint64_t bytes,
		const struct transfer_end *from, struct fail *f);
int transfer_down(struct transfer *t, const struct gpu_buffer *from, uint64_t bytes,
		  const struct transfer_end *to, struct fail *f);
void transfer_done(struct transfer *t);
