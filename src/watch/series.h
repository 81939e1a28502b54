/* SPDX-License-Identifier: Apache-2.0 */
/* Heap budgets over time: a bounded list that always covers the whole run, and keeps its peaks. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { SERIES_MAX = 512 };

/*
 * Takes `reading`, one of the `budget` claims. When the list is full neighbouring samples merge (the
 * later time, the highest allocated and usage, the lowest budget), *interval_ns becomes the mean
 * distance of those that are left, and what comes sooner than that is merged with the last one.
 * The fixed points (start, allocated, end) stay as they are. False: dropped, there is no room.
 */
bool series_add(json_t *list, json_t *reading, uint64_t *interval_ns);
