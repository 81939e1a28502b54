/* SPDX-License-Identifier: Apache-2.0 */
/* Times of one kernel's dispatches: exact count and sum, percentiles over a bounded sample. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Past this many dispatches every second one, then every fourth, ... is kept for the percentiles. */
enum { STATS_KEPT = 4096 };

struct stats {
	uint64_t count; /* all, the first included */
	uint64_t timed; /* those with a time of their own */
	uint64_t total, min, max, first;
	uint64_t stride; /* every stride-th is kept */
	size_t kept;
	uint64_t ns[STATS_KEPT];
};

struct stats_summary {
	uint64_t count, timed, total, min, p50, p95, p99, max, first;
};

void stats_init(struct stats *s);
void stats_add(struct stats *s, uint64_t ns);
/* A dispatch that was timed together with others; ns is its share. Not one for the percentiles. */
void stats_add_shared(struct stats *s, uint64_t ns);
/*
 * The first dispatch is part of total but not of min, p50, p95, p99 and max when there are more: it can
 * hold cold caches and page faults. Sorts what was kept.
 */
void stats_finish(struct stats *s, struct stats_summary *ret);
