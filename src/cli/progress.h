/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a compute job is, on stderr while it runs: one line that is drawn again on a terminal, a
 * line every few seconds elsewhere (with -v). Nothing wakes up for it but what the job says.
 */
#pragma once

#include "run/supervise.h"

struct progress_view {
	int fd; /* of our own, -1: none */
	bool terminal;
	uint64_t memory_limit, device_limit; /* LIMIT_UNSET and above: none */
	uint64_t next_ns;
	size_t drawn; /* bytes of the line that stands there now */
};

/* Whether there is anybody to show it to. progress_close in either case. */
bool progress_open(struct progress_view *v, const struct spec *spec);
/* A struct progress_hook's show. Never blocks: what stderr does not take is left out. */
void progress_show(void *view, const struct watch_progress *p);
void progress_close(struct progress_view *v);

/* The words, at most size - 1 bytes of them. Returns buf. */
const char *progress_text(const struct progress_view *v, const struct watch_progress *p, char *buf,
			  size_t size);
