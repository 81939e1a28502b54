/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over the steps of a job in the order in which they are to be done, round after round of
 * each loop, without a list of them: a job of a million rounds needs no more memory than one.
 * Pure; what the loops depend on is asked of the caller.
 */
#pragma once

#include "gpu/request.h"

enum walk_what {
	WALK_DO,  /* do this step once */
	WALK_ASK, /* has this loop's condition come true? answer with walk_answer */
	WALK_END,
};

struct walk_loop {
	size_t step;
	uint32_t rounds; /* that are over */
};

struct walk {
	const struct request_step *steps;
	size_t count, at;
	struct walk_loop
	    loops[STEP_DEPTH_MAX + 1]; /* groups, and a dispatch inside the innermost */
	unsigned depth;
	bool asking;
	/* Told about each loop that ends; is_over: its condition came true. NULL: nobody wants to know. */
	void (*ended)(void *arg, size_t step, uint32_t rounds, bool is_over);
	void *arg;
};

void walk_start(struct walk *w, const struct request_step *steps, size_t count);
/* The same answer until walk_done or walk_answer is called. */
enum walk_what walk_peek(struct walk *w, size_t *ret_step);
void walk_done(struct walk *w);
void walk_answer(struct walk *w, bool is_over);
/* Rounds of the loop that WALK_ASK is about, so far. */
uint32_t walk_rounds(const struct walk *w);
/* How many dispatches there will be if no condition comes true; UINT64_MAX: that or more. */
uint64_t walk_dispatches(const struct request_step *steps, size_t count);
