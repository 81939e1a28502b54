/* SPDX-License-Identifier: Apache-2.0 */
/* The job's stdout and stderr through pipes of ours, so that their bytes can be counted and limited. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct relay {
	int read_fd;   /* our end of the pipe; owned; -1 when closed */
	int write_fd;  /* the job's end; owned; closed after launch */
	int target_fd; /* where it goes */
	bool owned;    /* target_fd is a descriptor of our own */
	bool full;   /* the limit was reached: what is kept still goes out, nothing more is read */
	size_t kept; /* bytes that were read and that the target did not take yet */
	char *chunk; /* PIPE_BUF bytes; owned */
};

#define RELAY_INIT ((struct relay){.read_fd = -1, .write_fd = -1, .target_fd = -1})

int relay_open(struct relay *r, int target_fd, struct err *e);

enum relay_result {
	RELAY_MORE,    /* there may be more */
	RELAY_EMPTY,   /* come again when the pipe has something */
	RELAY_BLOCKED, /* come again when the target is writable */
	RELAY_END,     /* the pipe is at its end, or nobody reads the target any more */
	RELAY_LIMIT, /* *used has reached limit and there was more; said once, what may be kept has still to be pumped */
};

/*
 * Moves what is there, without ever blocking, until *used reaches limit. Gives up its turn after
 * a while, so that a flood does not keep the timers waiting.
 */
enum relay_result relay_pump(struct relay *r, uint64_t *used, uint64_t limit);
void relay_done(struct relay *r);
