/* SPDX-License-Identifier: Apache-2.0 */
/* In which order steps are done, and what waits for what: loops, conditions, barriers, queues. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "gpu/schedule.h"
#include "gpu/walk.h"

/* ---- loops --------------------------------------------------------------------------------- */

#define RUN(times)                                  \
	{                                           \
		.work = WORK_RUN, .repeat = (times) \
	}
#define UNTIL(times, n)                                                       \
	{                                                                     \
		.work = WORK_RUN, .repeat = (times), .until = {.every = (n) } \
	}
#define GROUP(times, steps)                                             \
	{                                                               \
		.work = WORK_GROUP, .repeat = (times), .inner = (steps) \
	}
#define GROUP_UNTIL(times, st, n)                                                              \
	{                                                                                      \
		.work = WORK_GROUP, .repeat = (times), .inner = (st), .until = {.every = (n) } \
	}
#define COPY                                   \
	{                                      \
		.work = WORK_COPY, .repeat = 1 \
	}

/* The steps as digits in the order in which they are done; '?' after a digit: its loop was asked about. */
static void trace(const struct request_step *steps, size_t count, unsigned over_at, char *out,
		  size_t size)
{
	struct walk w;
	size_t used = 0, step;
	unsigned asked = 0;

	walk_start(&w, steps, count);
	for (enum walk_what what; (what = walk_peek(&w, &step)) != WALK_END;) {
		assert_true(used + 2 < size);
		out[used++] = (char)('0' + step);
		if (what == WALK_DO) {
			walk_done(&w);
			continue;
		}
		out[used++] = '?';
		walk_answer(&w, ++asked == over_at);
	}
	out[used] = '\0';
}

static void loops(void **state)
{
	static const struct {
		struct request_step steps[8];
		size_t count;
		unsigned over_at; /* this question is answered with yes; 0: none */
		const char *order;
		uint64_t dispatches;
	} rows[] = {
	    {{RUN(1)}, 0, 0, "", 0},
	    {{RUN(1), RUN(1)}, 2, 0, "01", 2},
	    {{RUN(3), COPY, RUN(2)}, 3, 0, "000122", 5},
	    {{RUN(0), RUN(1)}, 2, 0, "1", 1},
	    {{GROUP(0, 1), RUN(1), RUN(1)}, 3, 0, "2", 1},
	    {{GROUP(2, 2), RUN(2), COPY, RUN(1)}, 4, 0, "1121123", 5},
	    {{GROUP(2, 2), GROUP(3, 1), COPY}, 3, 0, "222222", 0},
	    {{GROUP(2, 3), GROUP(2, 2), GROUP(2, 1), RUN(1)}, 4, 0, "33333333", 8},
	    {{GROUP(1, 4), GROUP(2, 1), COPY, GROUP(2, 1), RUN(3)}, 5, 0, "22444444", 6},
	    {{GROUP(2, 0), RUN(1)}, 2, 0, "1", 1},
	    /* Asked after each round, after the last one too; the answer ends the loop. */
	    {{UNTIL(3, 1), RUN(1)}, 2, 0, "00?00?00?1", 4},
	    {{UNTIL(3, 1), RUN(1)}, 2, 2, "00?00?1", 4},
	    {{UNTIL(5, 2), RUN(1)}, 2, 0, "000?000?01", 6},
	    {{UNTIL(1, 1)}, 1, 0, "00?", 1},
	    {{GROUP_UNTIL(4, 2, 2), RUN(1), COPY, RUN(1)}, 4, 1, "12120?3", 5},
	    /* A loop inside a loop is asked about anew each time, and ends alone. */
	    {{GROUP(2, 1), UNTIL(2, 1)}, 2, 1, "11?11?11?", 4},
	    {{GROUP_UNTIL(2, 1, 1), UNTIL(2, 2)}, 2, 2, "111?0?", 4},
	    {{GROUP_UNTIL(2, 2, 1), GROUP_UNTIL(2, 1, 1), RUN(1)}, 3, 0, "21?21?0?21?21?0?", 4},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		char order[64];
		struct request_step steps[8];
		memcpy(steps, rows[i].steps, sizeof steps);
		trace(steps, rows[i].count, rows[i].over_at, order, sizeof order);
		if (strcmp(order, rows[i].order) != 0)
			fail_msg("row %zu: '%s', expected '%s'", i, order, rows[i].order);
		if (rows[i].dispatches &&
		    walk_dispatches(steps, rows[i].count) != rows[i].dispatches)
			fail_msg("row %zu: %llu dispatches", i,
				 (unsigned long long)walk_dispatches(steps, rows[i].count));
	}
}

static void note_end(void *arg, size_t step, uint32_t rounds, bool is_over)
{
	char *text = arg;
	size_t used = strlen(text);

	(void)snprintf(text + used, 64 - used, "%zu:%u%s ", step, rounds, is_over ? "!" : "");
}

/* Who ends a loop, and after how many rounds, is told, of inner loops each time. */
static void ends_of_loops(void **state)
{
	static const struct {
		struct request_step steps[4];
		size_t count;
		unsigned over_at;
		const char *ends;
	} rows[] = {
	    {{RUN(1), COPY}, 2, 0, ""},
	    {{UNTIL(5, 2)}, 1, 0, "0:5 "},
	    {{UNTIL(5, 2)}, 1, 2, "0:4! "},
	    {{GROUP_UNTIL(4, 1, 1), RUN(1)}, 2, 3, "0:3! "},
	    {{GROUP(2, 1), UNTIL(3, 1)}, 2, 2, "1:2! 1:3 0:2 "},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		char text[64] = "";
		unsigned asked = 0;
		size_t step;
		struct walk w;
		walk_start(&w, rows[i].steps, rows[i].count);
		w.ended = note_end;
		w.arg = text;
		for (enum walk_what what; (what = walk_peek(&w, &step)) != WALK_END;)
			if (what == WALK_DO)
				walk_done(&w);
			else
				walk_answer(&w, ++asked == rows[i].over_at);
		if (strcmp(text, rows[i].ends) != 0)
			fail_msg("row %zu: '%s', expected '%s'", i, text, rows[i].ends);
	}
}

/* A thousand million rounds of a group of groups cost nothing but their own time. */
static void long_loops(void **state)
{
	static const struct request_step steps[] = {GROUP(1000000000, 4), GROUP(1000000000, 3),
						    GROUP(1000000000, 2), GROUP(9, 1), RUN(9)};
	struct walk w;
	size_t step;

	(void)state;
	assert_true(walk_dispatches(steps, COUNTOF(steps)) == UINT64_MAX);
	walk_start(&w, steps, COUNTOF(steps));
	for (unsigned i = 0; i < 100000; i++) {
		assert_int_equal(walk_peek(&w, &step), WALK_DO);
		assert_int_equal(step, 4);
		walk_done(&w);
	}
	assert_true(sizeof w < 256);
}

/* ---- barriers and queues ------------------------------------------------------------------- */

/*
 * Pieces of work as words: "0r1w2" reads buffer 1 and writes buffer 2 on queue 0; '=' is the host
 * waiting for everything. Of each piece come back its needs: '|' a barrier, '<N' a wait for queue N.
 */
static void plan(const char *text, unsigned queues, char *out, size_t size)
{
	static struct schedule s;
	size_t used = 0;

	schedule_init(&s, queues);
	for (const char *p = text; *p;) {
		struct access uses[8];
		size_t count = 0;
		unsigned queue = (unsigned)(*p - '0');
		if (*p == '=') {
			schedule_sync(&s);
			p++;
			continue;
		}
		if (*p++ == ' ')
			continue;
		for (; *p == 'r' || *p == 'w' || *p == 'x'; p += 2)
			uses[count++] = (struct access){.buffer = (uint16_t)(p[1] - '0'),
							.reads = *p != 'w',
							.writes = *p != 'r'};
		struct schedule_order o = schedule_add(&s, queue, uses, count);
		assert_true(used + 16 < size);
		if (o.barrier)
			out[used++] = '|';
		for (unsigned q = 0; q < SCHEDULE_QUEUES; q++)
			if (o.waits & 1u << q)
				used += (size_t)snprintf(out + used, size - used, "<%u", q);
		out[used++] = '.';
	}
	out[used] = '\0';
}

static void order(void **state)
{
	static const struct {
		const char *pieces, *needs;
		unsigned queues;
	} rows[] = {
	    /* One queue: only what was written before, or read before it is written, needs a barrier. */
	    {"0r1w2 0r1w3", "..", 1},
	    {"0w1 0r1", ".|.", 1},
	    {"0r1 0w1", ".|.", 1},
	    {"0w1 0w1", ".|.", 1},
	    {"0r1 0r1", "..", 1},
	    {"0x1 0x1 0x1", ".|.|.", 1},
	    {"0w1 0w2 0r1 0r2", "..|..", 1},
	    {"0w1 0r1 0r1 0w1", ".|..|.", 1},
	    {"0w1 0w2 0r2 0r1", "..|..", 1},
	    {"0w1 0r1w2 0r1w3 0r2r3", ".|..|.", 1},
	    {"0w1w2 0r3 0r2", "..|.", 1},
	    {"0 0w1 0 0r1", "...|.", 1},
	    /* The host's waiting changes nothing here: what was written must still become visible. */
	    {"0w1 = 0r1", ".|.", 1},
	    /* Two queues. */
	    {"0r1w2 1r1w3", "..", 2},
	    {"0w1 1r1", ".<0.", 2},
	    {"0r1 1w1", ".<0.", 2},
	    {"0w1 1r1 1r1", ".<0..", 2},
	    {"0w1 0w2 1r1 1r2", "..<0..", 2},
	    {"0w1 1r1 0w2 1r2", ".<0..<0.", 2},
	    {"0w1 1r1w2 0r2", ".<0.<1.", 2},
	    {"0w1 1r1 1r1w2 1r2", ".<0..|.", 2},
	    {"0w1 1r1 0w1", ".<0.|<1.", 2},
	    {"0w1 = 1r1", "..", 2},
	    {"0w1 = 1r1w2 = 0w1 0r2", "..|..", 2},
	    /* Waiting for one that has waited for another is waiting for both. */
	    {"0w1 1r1w2 2r2r1", ".<0.<1.", 3},
	    {"0w1 1w2 2r1r2", "..<0<1.", 3},
	    {"0w1 1r1w2 0w3 2r2r3", ".<0..<0<1.", 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		char needs[128];
		plan(rows[i].pieces, rows[i].queues, needs, sizeof needs);
		if (strcmp(needs, rows[i].needs) != 0)
			fail_msg("row %zu, '%s': '%s', expected '%s'", i, rows[i].pieces, needs,
				 rows[i].needs);
	}
}

/*
 * Against the definition: random work is given to the planner, and a model in which a piece is known to be over
 * only through its barriers and waits must find every pair of pieces that clash in order.
 */
enum { PIECES = 60, QUEUES = 3, BUFFERS = 5 };

struct piece {
	unsigned queue;
	struct access uses[3];
	size_t count;
	bool after[PIECES]; /* which earlier pieces are surely over when this one starts */
};

static bool clash(const struct piece *a, const struct piece *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < b->count; k++)
			if (a->uses[i].buffer == b->uses[k].buffer &&
			    (a->uses[i].writes || b->uses[k].writes))
				return true;
	return false;
}

static void take_over(struct piece *p, const struct piece *all, size_t from)
{
	p->after[from] = true;
	for (size_t i = 0; i < from; i++)
		p->after[i] = p->after[i] || all[from].after[i];
}

/* A wait happens before everything that its queue does later; so does a barrier. */
static void model(struct piece *all, size_t at, const struct schedule_order *o)
{
	struct piece *p = &all[at];

	for (size_t i = 0; i < at; i++) {
		bool own = all[i].queue == p->queue;
		if (own ? o->barrier : (o->waits & 1u << all[i].queue) != 0)
			take_over(p, all, i);
		if (!own)
			continue;
		for (size_t k = 0; k < i; k++)
			p->after[k] = p->after[k] || all[i].after[k];
	}
}

static void random_work(void **state)
{
	static struct schedule s;
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		static struct piece all[PIECES];
		memset(all, 0, sizeof all);
		schedule_init(&s, QUEUES);
		for (size_t at = 0; at < PIECES; at++) {
			struct piece *p = &all[at];
			seed = seed * 1664525 + 1013904223;
			p->queue = (seed >> 8) % QUEUES;
			p->count = 1 + (seed >> 12) % 3;
			for (size_t i = 0; i < p->count; i++) {
				seed = seed * 1664525 + 1013904223;
				bool writes = (seed >> 21 & 3) == 0;
				p->uses[i] = (struct access){
				    .buffer = (uint16_t)((seed >> 8) % BUFFERS),
				    .reads = !writes || (seed >> 20 & 1),
				    .writes = writes,
				};
			}
			struct schedule_order o = schedule_add(&s, p->queue, p->uses, p->count);
			model(all, at, &o);
			for (size_t i = 0; i < at; i++)
				if (clash(p, &all[i]) && !p->after[i])
					fail_msg("round %u: piece %zu may overtake %zu", round, at,
						 i);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(loops),
	    cmocka_unit_test(ends_of_loops),
		cmocka_unit_test(long_loops),
	    cmocka_unit_test(order),
	    cmocka_unit_test(random_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
