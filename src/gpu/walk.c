/* SPDX-License-Identifier: Apache-2.0 */
/* A position and a small stack of loops; see walk.h. */
#include "gpu/walk.h"

void walk_start(struct walk *w, const struct request_step *steps, size_t count)
{
	*w = (struct walk){.steps = steps, .count = count};
}

/* The first position behind the innermost loop, or of the whole when there is none. */
static size_t end_of_loop(const struct walk *w)
{
	if (w->depth == 0)
		return w->count;
	size_t step = w->loops[w->depth - 1].step;
	return step + 1 + w->steps[step].inner;
}

/* A round of the innermost loop is over: the next one, or out of it. */
static void next_round(struct walk *w, bool is_over)
{
	const struct walk_loop *l = &w->loops[w->depth - 1];
	const struct request_step *s = &w->steps[l->step];

	if (!is_over && l->rounds < s->repeat) {
		w->at = l->step + (s->work == WORK_GROUP);
		return;
	}
	if (w->ended)
		w->ended(w->arg, l->step, l->rounds, is_over);
	w->at = end_of_loop(w);
	w->depth--;
}

/* After the position has moved: as many loops end here as have their end here. */
static void end_rounds(struct walk *w)
{
	while (w->depth && w->at == end_of_loop(w)) {
		struct walk_loop *l = &w->loops[w->depth - 1];
		uint32_t every = w->steps[l->step].until.every;

		l->rounds++;
		w->asking = every && l->rounds % every == 0;
		if (w->asking)
			return;
		next_round(w, false);
		/* Back at the start of a round: its end is another one. */
		if (w->depth && &w->loops[w->depth - 1] == l)
			return;
	}
}

static void skip(struct walk *w)
{
	w->at += 1 + w->steps[w->at].inner;
	end_rounds(w);
}

static bool is_inside(const struct walk *w, size_t step)
{
	return w->depth && w->loops[w->depth - 1].step == step;
}

enum walk_what walk_peek(struct walk *w, size_t *ret_step)
{
	while (!w->asking && w->at < w->count) {
		const struct request_step *s = &w->steps[w->at];
		bool is_loop = s->work == WORK_GROUP ||
			       (s->work == WORK_RUN && (s->repeat != 1 || s->until.every));

		if (!is_loop || is_inside(w, w->at)) {
			*ret_step = w->at;
			return WALK_DO;
		}
		if (s->repeat == 0 || (s->work == WORK_GROUP && s->inner == 0)) {
			skip(w);
			continue;
		}
		w->loops[w->depth++] = (struct walk_loop){.step = w->at};
		w->at += s->work == WORK_GROUP;
	}
	if (!w->asking)
		return WALK_END;
	*ret_step = w->loops[w->depth - 1].step;
	return WALK_ASK;
}

void walk_done(struct walk *w)
{
	w->at++;
	end_rounds(w);
}

void walk_answer(struct walk *w, bool is_over)
{
	size_t depth = w->depth;

	w->asking = false;
	next_round(w, is_over);
	if (w->depth < depth)
		end_rounds(w);
}

uint32_t walk_rounds(const struct walk *w)
{
	return w->depth ? w->loops[w->depth - 1].rounds : 0;
}

uint64_t walk_dispatches(const struct request_step *steps, size_t count)
{
	uint64_t total = 0, each;

	for (size_t i = 0; i < count; i += 1 + steps[i].inner) {
		const struct request_step *s = &steps[i];
		each = s->work == WORK_RUN     ? 1
		       : s->work == WORK_GROUP ? walk_dispatches(s + 1, s->inner)
					       : 0;
		if (__builtin_mul_overflow(each, s->repeat, &each) ||
		    __builtin_add_overflow(total, each, &total))
			return UINT64_MAX;
	}
	return total;
}
