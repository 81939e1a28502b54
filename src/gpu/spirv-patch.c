/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variable goes from storage class Input to Private with an initializer, and with it the type
 * of what access chains make of it; its BuiltIn decoration and, before SPIR-V 1.4, its place in the
 * entry points' interfaces go. Everything else is copied word by word.
 */
#include "gpu/spirv-patch.h"

#include <stdlib.h>
#include <string.h>

#include "gpu/spirv-ops.h"
#include "gpu/spirv.h"

enum { HEADER = 5, VERSION_1_4 = 0x00010400, ADDED_IDS = 6, ADDED_WORDS = 3 * 4 + 6 + 2 * 4 };

enum mark {
	MARK_NONE,
	MARK_GROUPS,  /* the variable */
	MARK_CHAIN,   /* a pointer to one of its components */
	MARK_POINTER, /* a pointer type to storage class Input; value[] says to what */
	MARK_VECTOR,  /* a vector of three; value[] says of what */
};

struct patch {
	const uint32_t *words;
	size_t count;
	uint32_t bound;
	unsigned char *marks;
	uint32_t *values;
	bool in_functions, declared;
	uint32_t vector_pointer, component_pointer, composite; /* the ids that are added */
	const uint32_t *groups;
	uint32_t *out;
	size_t used;
	const char *why;
};

static uint32_t word(const struct patch *p, size_t at, size_t i)
{
	return i < p->words[at] >> 16 ? p->words[at + i] : 0;
}

static size_t length(const struct patch *p, size_t at)
{
	size_t n = p->words[at] >> 16;

	return n == 0 || n > p->count - at ? 0 : n;
}

static enum mark mark_of(const struct patch *p, uint32_t id)
{
	return id < p->bound ? (enum mark)p->marks[id] : MARK_NONE;
}

static void set_mark(struct patch *p, uint32_t id, enum mark mark, uint32_t value)
{
	if (id >= p->bound)
		return;
	p->marks[id] = (unsigned char)mark;
	p->values[id] = value;
}

static int refuse(struct patch *p, const char *why)
{
	p->why = why;
	return -1;
}

static void put(struct patch *p, uint32_t w)
{
	p->out[p->used++] = w;
}

static void copy(struct patch *p, size_t at, size_t n)
{
	memcpy(p->out + p->used, p->words + at, n * sizeof *p->out);
	p->used += n;
}

static bool is_groups_decoration(const struct patch *p, size_t at)
{
	return (p->words[at] & 0xffff) == OP_DECORATE && word(p, at, 2) == DECORATION_BUILT_IN &&
	       word(p, at, 3) == BUILT_IN_NUM_WORKGROUPS && word(p, at, 1) != 0;
}

bool spirv_wants_groups(const uint32_t *words, size_t count)
{
	struct patch p = {.words = words, .count = count};
	size_t n;

	if (count < HEADER || words[0] != SPIRV_MAGIC)
		return false;
	for (size_t at = HEADER; at < count && (n = length(&p, at)) != 0; at += n) {
		unsigned op = words[at] & 0xffff;
		if (is_groups_decoration(&p, at) ||
		    (op == OP_MEMBER_DECORATE && word(&p, at, 3) == DECORATION_BUILT_IN &&
		     word(&p, at, 4) == BUILT_IN_NUM_WORKGROUPS))
			return true;
	}
	return false;
}

/* ---- the declarations ---------------------------------------------------------------------- */

/* The interface without the variable: all ids after the name, which ends with a zero byte. */
static int entry_point(struct patch *p, size_t at, size_t n)
{
	size_t start = p->used, i = 3;

	if (p->words[1] >= VERSION_1_4) {
		copy(p, at, n);
		return 0;
	}
	while (i < n && (p->words[at + i] & 0xff000000) != 0)
		i++;
	if (i >= n)
		return refuse(p, "it has an entry point without a name");
	copy(p, at, i + 1);
	for (i++; i < n; i++)
		if (mark_of(p, p->words[at + i]) != MARK_GROUPS)
			put(p, p->words[at + i]);
	p->out[start] = (uint32_t)(p->used - start) << 16 | OP_ENTRY_POINT;
	return 0;
}

/* Before the first such variable: the three numbers, the vector of them, both pointer types. */
static void declare(struct patch *p, uint32_t vector, uint32_t component)
{
	uint32_t id = p->bound;

	for (int i = 0; i < 3; i++) {
		put(p, 4 << 16 | OP_CONSTANT);
		put(p, component);
		put(p, id + (uint32_t)i);
		put(p, p->groups[i]);
	}
	p->composite = id + 3;
	put(p, 6 << 16 | OP_CONSTANT_COMPOSITE);
	put(p, vector);
	put(p, p->composite);
	for (uint32_t i = 0; i < 3; i++)
		put(p, id + i);
	p->vector_pointer = id + 4;
	p->component_pointer = id + 5;
	for (int i = 0; i < 2; i++) {
		put(p, 4 << 16 | OP_TYPE_POINTER);
		put(p, i ? p->component_pointer : p->vector_pointer);
		put(p, CLASS_PRIVATE);
		put(p, i ? component : vector);
	}
	p->declared = true;
}

static int variable(struct patch *p, size_t at)
{
	uint32_t pointer = word(p, at, 1);

	if (mark_of(p, pointer) != MARK_POINTER || word(p, at, 3) != CLASS_INPUT ||
	    mark_of(p, p->values[pointer]) != MARK_VECTOR || length(p, at) != 4)
		return refuse(p, "its gl_NumWorkGroups is declared in an unusual way");
	if (p->declared)
		return refuse(p, "it declares gl_NumWorkGroups more than once");
	declare(p, p->values[pointer], p->values[p->values[pointer]]);
	put(p, 5 << 16 | OP_VARIABLE);
	put(p, p->vector_pointer);
	put(p, word(p, at, 2));
	put(p, CLASS_PRIVATE);
	put(p, p->composite);
	return 0;
}

/* ---- the uses ------------------------------------------------------------------------------ */

static bool is_ours(const struct patch *p, uint32_t id)
{
	enum mark mark = mark_of(p, id);

	return mark == MARK_GROUPS || mark == MARK_CHAIN;
}

static int chain(struct patch *p, size_t at, size_t n)
{
	if (n != 5 || mark_of(p, word(p, at, 3)) != MARK_GROUPS)
		return refuse(p, "it takes a part of gl_NumWorkGroups in an unusual way");
	set_mark(p, word(p, at, 2), MARK_CHAIN, 0);
	put(p, p->words[at]);
	put(p, p->component_pointer);
	copy(p, at + 2, n - 2);
	return 0;
}

/* What may hold plain numbers that look like our ids, and cannot hold a pointer. */
static bool is_plain(unsigned op)
{
	return op == OP_VECTOR_SHUFFLE || op == OP_COMPOSITE_EXTRACT || op == OP_COMPOSITE_INSERT ||
	       op == OP_SWITCH || op == OP_LINE || op == OP_LOOP_MERGE || op == OP_EXT_INST ||
	       op == OP_BRANCH_CONDITIONAL;
}

static int in_function(struct patch *p, size_t at, size_t n)
{
	unsigned op = p->words[at] & 0xffff;

	if ((op == OP_ACCESS_CHAIN || op == OP_IN_BOUNDS_ACCESS_CHAIN) &&
	    is_ours(p, word(p, at, 3)))
		return chain(p, at, n);
	if (!is_plain(op) && op != OP_LOAD)
		for (size_t i = 1; i < n; i++)
			if (is_ours(p, p->words[at + i]))
				return refuse(p, "it passes gl_NumWorkGroups on by reference");
	copy(p, at, n);
	return 0;
}

static int instruction(struct patch *p, size_t at, size_t n)
{
	unsigned op = p->words[at] & 0xffff;

	p->in_functions |= op == OP_FUNCTION;
	if (p->in_functions)
		return in_function(p, at, n);
	if (is_groups_decoration(p, at))
		return 0;
	if (op == OP_ENTRY_POINT)
		return entry_point(p, at, n);
	if (op == OP_VARIABLE && mark_of(p, word(p, at, 2)) == MARK_GROUPS)
		return variable(p, at);
	copy(p, at, n);
	return 0;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* Types come before the variable, its decoration and the entry points as well: one walk ahead. */
static int look(struct patch *p)
{
	size_t n;

	for (size_t at = HEADER; at < p->count; at += n) {
		unsigned op = p->words[at] & 0xffff;
		n = length(p, at);
		if (n == 0)
			return refuse(p, "it is cut off");
		if (op == OP_TYPE_POINTER && word(p, at, 2) == CLASS_INPUT)
			set_mark(p, word(p, at, 1), MARK_POINTER, word(p, at, 3));
		else if (op == OP_TYPE_VECTOR && word(p, at, 3) == 3)
			set_mark(p, word(p, at, 1), MARK_VECTOR, word(p, at, 2));
		else if (is_groups_decoration(p, at))
			set_mark(p, word(p, at, 1), MARK_GROUPS, 0);
	}
	return 0;
}

static int rewrite(struct patch *p)
{
	size_t n;

	copy(p, 0, HEADER);
	p->out[3] = p->bound + ADDED_IDS;
	for (size_t at = HEADER; at < p->count; at += n) {
		n = length(p, at);
		if (instruction(p, at, n) < 0)
			return -1;
	}
	return p->declared ? 0 : refuse(p, "its gl_NumWorkGroups is declared in an unusual way");
}

int spirv_patch_groups(const uint32_t *words, size_t count, const uint32_t groups[static 3],
		       uint32_t **ret, size_t *ret_count, const char **ret_why)
{
	struct patch p = {.words = words, .count = count, .groups = groups};
	int rc = -1;

	if (count < HEADER || words[0] != SPIRV_MAGIC || words[3] == 0 ||
	    words[3] > SPIRV_BOUND_MAX - ADDED_IDS) {
		*ret_why = "it is not SPIR-V";
		return -1;
	}
	p.bound = words[3];
	p.marks = calloc(p.bound, sizeof *p.marks);
	p.values = calloc(p.bound, sizeof *p.values);
	/* The variable grows by one word, everything else keeps its length or shrinks. */
	p.out = calloc(count + ADDED_WORDS + 1, sizeof *p.out);
	if (!p.marks || !p.values || !p.out)
		(void)refuse(&p, "there is no memory for a copy of the module");
	else if (look(&p) == 0)
		rc = rewrite(&p);
	free(p.marks);
	free(p.values);
	*ret = rc < 0 ? NULL : p.out;
	if (rc < 0)
		free(p.out);
	*ret_count = p.used;
	*ret_why = p.why;
	return rc;
}
