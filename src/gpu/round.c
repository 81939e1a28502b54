/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes next, and in which submission. A dispatch whose time is known to be short shares a
 * submission with others of its queue; any other one goes alone, cut into chunks as far as it may be.
 *
 * Steps are taken in the order of the job, each for its own queue, until one does not fit. Where one needs
 * what another queue does in the same round, the other's submission ends there and the two are
 * tied by a semaphore; a dispatch that is being cut is over only rounds later, so whoever needs it
 * waits for a later round.
 */
#include "gpu/run.h"

/* What can go to the device now; NULL: the host has to look at something first, or all is done. */
static struct step *peek(struct runner *r)
{
	size_t i;

	if (walk_peek(&r->walk, &i) != WALK_DO)
		return NULL;
	struct step *s = &r->steps[i];
	if (s->request->work == WORK_CHECK || (s->request->is_indirect && !s->counted))
		return NULL;
	return s;
}

/* ---- how long ------------------------------------------------------------------------------ */

/* How long a dispatch of this step will take, UINT64_MAX: nothing is known. */
static uint64_t guess(const struct step *s)
{
	uint64_t total = chunk_total(s->groups), ns;

	if (!s->kernel)
		return s->copy.bytes / MOVED_PER_NS;
	if (total == 0 || s->last_ns)
		return s->last_ns;
	/* Another step of the same kernel ran, with other data. */
	ns = pace_guess(&s->kernel->pace, total);
	return ns > UINT64_MAX / 4 ? UINT64_MAX : 4 * ns;
}

/*
 * With a tight limit submissions stay so short that a late dispatch is noticed in time; with any, a late one of
 * many is known only by how late all of them are.
 */
static uint64_t batch_target(const struct runner *r, bool guarded)
{
	uint64_t target = r->run->target_ns < BATCH_NS ? r->run->target_ns : BATCH_NS;
	uint64_t limit = r->run->limit_ns;

	if (guarded && limit == 0)
		return GUARDED_NS;
	return limit && limit / 4 < target ? limit / 4 : target;
}

/* ---- pieces -------------------------------------------------------------------------------- */

static struct piece *last_piece(struct runner *r, const struct lane *l)
{
	return l->piece_count ? &r->round.pieces[l->pieces[l->piece_count - 1]] : NULL;
}

/* One more item begins at most one piece and has it wait for one of each other queue. */
static bool is_full(const struct runner *r)
{
	for (unsigned i = 0; i < r->lane_count; i++)
		if (r->lanes[i].piece_count == GPU_PIECES)
			return true;
	return r->round.semaphore_count + GPU_QUEUES > SEMAPHORES_MAX;
}

static void begin_piece(struct runner *r, struct lane *l, uint8_t waits)
{
	uint8_t number = (uint8_t)r->round.piece_count++;
	struct piece *p = &r->round.pieces[number];

	*p = (struct piece){.lane = (uint8_t)(l - r->lanes), .number = (uint8_t)l->piece_count};
	l->pieces[l->piece_count++] = number;
	for (unsigned i = 0; i < r->lane_count; i++) {
		struct piece *other = waits & 1u << i ? last_piece(r, &r->lanes[i]) : NULL;
		if (!other)
			continue;
		uint8_t semaphore = (uint8_t)r->round.semaphore_count++;
		other->closed = true;
		other->signals[other->signal_count++] = semaphore;
		p->waits[p->wait_count++] = semaphore;
	}
}

/* ---- batches ------------------------------------------------------------------------------- */

static void clear(struct lane *l)
{
	struct batch *b = &l->batch;

	b->count = b->intervals = 0;
	b->guess_ns = 0;
	b->is_chunk = b->last_alone = b->moves = false;
	l->piece_count = 0;
}

static bool time_alone(const struct runner *r, struct kernel *k, uint64_t guess_ns)
{
	if (!r->run->timed)
		return false;
	k->untimed_ns += guess_ns;
	if (k->timed_alone >= SAMPLE_FIRST && k->untimed_ns < r->sample_ns)
		return false;
	k->timed_alone++;
	k->untimed_ns = 0;
	return true;
}

/* is_new: not only the next chunk of a dispatch, whose chunks are as little ordered as its groups. */
static void add(struct runner *r, struct lane *l, struct step *s, uint64_t guess_ns, bool is_new)
{
	struct batch *b = &l->batch;
	unsigned queue = (unsigned)(l - r->lanes);
	bool alone = b->is_chunk || (s->kernel && time_alone(r, s->kernel, guess_ns));
	struct schedule_order order = {.barrier = false};
	const struct piece *last = last_piece(r, l);
	/* What an interval ends with is a barrier, too. */
	bool parted = b->intervals == 0 || alone || b->last_alone;

	if (parted && b->intervals && r->run->timed)
		schedule_barrier(&r->schedule, queue);
	if (is_new)
		order = schedule_add(&r->schedule, queue, s->uses, s->use_count);
	b->begins_piece[b->count] = !last || last->closed || order.waits;
	if (b->begins_piece[b->count])
		begin_piece(r, l, order.waits);
	if (parted || b->begins_piece[b->count])
		b->interval_piece[b->intervals++] = (uint8_t)(l->piece_count - 1);
	b->last_alone = alone;
	b->moves = b->moves || !s->kernel;
	b->after_barrier[b->count] = order.barrier;
	b->items[b->count] = s;
	b->guesses[b->count++] = guess_ns;
	b->item_end[b->intervals - 1] = b->count;
	b->guess_ns += guess_ns;
	r->round.lanes[r->round.count++] = (uint8_t)queue;
}

/* How many groups the next chunk should have when so many are done. */
static uint64_t chunk_size(const struct runner *r, const struct lane *l, uint64_t done)
{
	const struct step *s = l->split.step;
	uint64_t left = l->split.total - done;
	bool fits = s->last_ns && s->last_ns <= r->run->target_ns;

	return s->whole || fits ? left
				: pace_want(&s->kernel->pace, &r->rules, l->split.total, left);
}

static void next_chunks(struct runner *r, struct lane *l)
{
	struct step *s = l->split.step;
	struct batch *b = &l->batch;
	uint64_t done = l->split.done, want = chunk_size(r, l, done);

	b->is_chunk = true;
	b->part_count = 0;
	add(r, l, s, 0, done == 0);
	do {
		done += chunk_cut(s->groups, done, want, &b->parts[b->part_count++]);
		if (done < l->split.total)
			want = chunk_size(r, l, done);
	} while (
	    done < l->split.total && b->part_count < PARTS_MAX &&
	    pace_together(&s->kernel->pace, &r->rules, b->part_count, done - l->split.done, want));
	/* All in the piece and of the item that was just added. */
	for (b->intervals = 1; b->intervals < b->part_count; b->intervals++) {
		b->interval_piece[b->intervals] = b->interval_piece[0];
		b->item_end[b->intervals] = b->item_end[0];
	}
}

/* ---- filling ------------------------------------------------------------------------------- */

static bool conflict(const struct step *a, const struct step *b)
{
	for (size_t i = 0; i < a->use_count; i++)
		for (size_t o = 0; o < b->use_count; o++)
			if (a->uses[i].buffer == b->uses[o].buffer &&
			    (a->uses[i].writes || b->uses[o].writes))
				return true;
	return false;
}

static bool is_blocked(const struct runner *r, const struct step *s)
{
	if (r->lanes[s->lane].split.step)
		return true;
	for (unsigned i = 0; i < r->lane_count; i++)
		if (r->lanes[i].split.step && conflict(r->lanes[i].split.step, s))
			return true;
	return false;
}

/* Whether there was room for it. */
static bool take(struct runner *r, struct step *s)
{
	struct lane *l = &r->lanes[s->lane];
	struct batch *b = &l->batch;
	uint64_t target = batch_target(r, r->guarded && s->kernel && !b->moves), ns = guess(s);

	if (is_blocked(r, s))
		return false;
	/* A copy cannot be cut; a long one has a submission for itself. */
	if (!s->kernel && b->count == 0 && ns > target)
		ns = target;
	/* What a guard is for is one dispatch that does not take longer than a chunk. */
	if (b->count < BATCH_MAX && ns <= batch_target(r, false) && b->guess_ns <= target &&
	    ns <= target - b->guess_ns) {
		add(r, l, s, ns, true);
		return true;
	}
	if (b->count)
		return false;
	l->split.step = s;
	l->split.total = chunk_total(s->groups);
	next_chunks(r, l);
	return true;
}

void round_fill(struct runner *r)
{
	struct step *s;

	r->round.count = r->round.piece_count = r->round.semaphore_count = 0;
	/* The device is idle. */
	schedule_sync(&r->schedule);
	for (unsigned i = 0; i < r->lane_count; i++) {
		/* The last interval ended with a barrier. */
		if (r->lanes[i].batch.count && r->run->timed)
			schedule_barrier(&r->schedule, i);
		clear(&r->lanes[i]);
		if (r->lanes[i].split.step)
			next_chunks(r, &r->lanes[i]);
	}
	while (!is_full(r) && (s = peek(r)) != NULL && take(r, s)) {
		s->counted = false;
		walk_done(&r->walk);
	}
}
