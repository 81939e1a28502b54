/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting one dispatch into chunks: which work groups, and how many of them take about the time that
 * was asked for. Pure; time is what the caller measured.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunk {
	uint32_t base[3], count[3];
};

/* How fast one kernel is, as far as it is known. Zeroed: not at all. */
struct pace {
	double rate;     /* work groups a nanosecond */
	uint64_t proven; /* the most groups that ran in one chunk */
	unsigned even;   /* how many chunks in a row were about as fast as expected */
};

struct pace_rules {
	uint64_t target_ns;
	uint64_t floor;   /* fewer groups than this leave parts of the device idle */
	uint64_t align;   /* a multiple of this many groups is spread evenly over the device */
	uint64_t span_ns; /* of the chunks that are submitted together; 0: each for itself */
};

/* All groups of a grid; UINT64_MAX when there are more than can be counted. */
uint64_t chunk_total(const uint32_t groups[static 3]);

/*
 * The chunk after the first `done` groups, in the order x, y, z: at most `want` groups (and at least
 * one), which form a part of a row, some rows or some layers. Returns its number of groups.
 */
uint64_t chunk_cut(const uint32_t groups[static 3], uint64_t done, uint64_t want,
		   struct chunk *ret);

uint64_t chunk_groups(const struct chunk *c);

/* How many of the `left` groups of a dispatch of `total` the next chunk should have. */
uint64_t pace_want(const struct pace *p, const struct pace_rules *r, uint64_t total, uint64_t left);
/*
 * Whether a chunk of `next` groups may go with `count` others, of `groups` in all, into one submission: as many as were
 * even in a row, so that a kernel that is not is looked at after each.
 */
bool pace_together(const struct pace *p, const struct pace_rules *r, unsigned count,
		   uint64_t groups, uint64_t next);
/* So many groups took so long. */
void pace_learn(struct pace *p, uint64_t groups, uint64_t ns);
/* How long so many groups would take, UINT64_MAX: not known. */
uint64_t pace_guess(const struct pace *p, uint64_t groups);
