/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over the part of a module before its first function, where everything that is wanted is
 * declared. The words come from a program that may be hostile: nothing is read outside of them,
 * and every list has a fixed size.
 */
#include "layer/identity.h"

#include <stdbool.h>
#include <string.h>

/* The numbers of the SPIR-V specification (unified1, sections 3.x). */
enum {
	MAGIC = 0x07230203,
	HEADER = 5,
	OP_SOURCE = 3,
	OP_STRING = 7,
	OP_ENTRY_POINT = 15,
	OP_EXECUTION_MODE = 16,
	OP_CONSTANT = 43,
	OP_CONSTANT_COMPOSITE = 44,
	OP_SPEC_CONSTANT = 50,
	OP_SPEC_CONSTANT_COMPOSITE = 51,
	OP_FUNCTION = 54,
	OP_DECORATE = 71,
	OP_EXECUTION_MODE_ID = 331,
	MODEL_GL_COMPUTE = 5,
	MODE_LOCAL_SIZE = 17,
	MODE_LOCAL_SIZE_ID = 38,
	DECORATION_SPEC_ID = 1,
	DECORATION_BUILT_IN = 11,
	DECORATION_BINDING = 33,
	DECORATION_DESCRIPTOR_SET = 34,
	BUILT_IN_WORKGROUP_SIZE = 25,
};

struct module {
	const uint32_t *words;
	size_t count;
};

/* One instruction: w[0] is its first operand. */
struct op {
	uint32_t code;
	size_t n;
	const uint32_t *w;
};

static bool is_module(const struct module *m)
{
	return m->words && m->count > HEADER && m->words[0] == MAGIC;
}

/* The instruction at *at, and *at behind it; false at the first function, the end or damage. */
static bool next_op(const struct module *m, size_t *at, struct op *ret)
{
	if (*at >= m->count)
		return false;
	uint32_t first = m->words[*at];
	size_t length = first >> 16;
	if (length == 0 || length > m->count - *at || (first & 0xffff) == OP_FUNCTION)
		return false;
	*ret = (struct op){.code = first & 0xffff, .n = length - 1, .w = m->words + *at + 1};
	*at += length;
	return true;
}

/* Whether the literal string from operand `first` on is text; an unterminated one is none. */
static bool string_is(const struct op *op, size_t first, const char *text)
{
	size_t size = strlen(text) + 1;

	return first < op->n && size <= (op->n - first) * 4 &&
	       memcmp(op->w + first, text, size) == 0;
}

/* The defining instruction of id among those that have their result at operand `result`. */
static bool find(const struct module *m, uint32_t id, size_t result, struct op *ret)
{
	size_t at = HEADER;

	while (next_op(m, &at, ret)) {
		bool value = ret->code >= OP_CONSTANT && ret->code <= OP_SPEC_CONSTANT_COMPOSITE;
		bool kind = result ? value : ret->code == OP_STRING;
		if (kind && result < ret->n && ret->w[result] == id)
			return true;
	}
	return false;
}

/* The value of a decoration with one operand; false when id has none. */
static bool decoration(const struct module *m, uint32_t id, uint32_t which, uint32_t *ret)
{
	struct op op;

	for (size_t at = HEADER; next_op(m, &at, &op);)
		if (op.code == OP_DECORATE && op.n >= 3 && op.w[0] == id && op.w[1] == which) {
			*ret = op.w[2];
			return true;
		}
	return false;
}

/* ---- the module ---------------------------------------------------------------------------- */

static uint32_t count_bindings(const struct module *m)
{
	struct {
		uint32_t set, binding;
	} seen[IDENTITY_BINDINGS];
	uint32_t count = 0;
	struct op op;

	for (size_t at = HEADER; next_op(m, &at, &op) && count < IDENTITY_BINDINGS;) {
		uint32_t set = 0, i = 0;
		if (op.code != OP_DECORATE || op.n < 3 || op.w[1] != DECORATION_BINDING)
			continue;
		(void)decoration(m, op.w[0], DECORATION_DESCRIPTOR_SET, &set);
		while (i < count && (seen[i].set != set || seen[i].binding != op.w[2]))
			i++;
		if (i < count)
			continue; /* the same memory under a second type */
		seen[count].set = set;
		seen[count++].binding = op.w[2];
	}
	return count;
}

/* Its last part without directories: they tell about the machine of whoever compiled it. */
static void copy_source(const struct op *string, char ret[static IDENTITY_NAME])
{
	const char *text = (const char *)(string->w + 1);
	size_t length = strnlen(text, (string->n - 1) * 4), from = length;

	while (from > 0 && text[from - 1] != '/')
		from--;
	if (length - from >= IDENTITY_NAME)
		length = from + IDENTITY_NAME - 1;
	memcpy(ret, text + from, length - from);
	ret[length - from] = '\0';
}

void identity_module(const uint32_t *words, size_t count, struct identity *id)
{
	struct module m = {.words = words, .count = count};
	struct op op, string;

	memset(id, 0, sizeof *id);
	sha256(words, count * sizeof *words, id->sha256);
	if (!is_module(&m))
		return;
	id->bindings = count_bindings(&m);
	for (size_t at = HEADER; next_op(&m, &at, &op);)
		if (op.code == OP_SOURCE && op.n >= 3 && find(&m, op.w[2], 0, &string)) {
			copy_source(&string, id->source);
			break;
		}
}

/* ---- the entry point ----------------------------------------------------------------------- */

static uint64_t hash_constants(const struct identity_specialization *s)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < s->count; i++) {
		const struct identity_constant *c = &s->constants[i];
		uint8_t bytes[16] = {0};
		memcpy(bytes, &c->id, 4);
		memcpy(bytes + 4, &c->size, 4);
		memcpy(bytes + 8, c->value, sizeof c->value);
		for (size_t b = 0; b < sizeof bytes; b++)
			hash = (hash ^ bytes[b]) * UINT64_C(0x100000001b3);
	}
	return s->count ? hash | 1 : 0; /* 0 means none */
}

/* A constant's value as the program specialized it; 0 when it is computed. */
static uint32_t value_of(const struct module *m, const struct identity_specialization *s,
			 uint32_t id)
{
	struct op op;
	uint32_t spec = 0, value = 0;

	if (!find(m, id, 1, &op) || op.n < 3 ||
	    (op.code != OP_CONSTANT && op.code != OP_SPEC_CONSTANT))
		return 0;
	value = op.w[2];
	if (op.code == OP_CONSTANT || !s || !decoration(m, id, DECORATION_SPEC_ID, &spec))
		return value;
	for (size_t i = 0; i < s->count; i++)
		if (s->constants[i].id == spec)
			memcpy(&value, s->constants[i].value, sizeof value);
	return value;
}

static void take_size(const struct module *m, const struct identity_specialization *s,
		      const uint32_t ids[static 3], struct identity *id)
{
	for (unsigned i = 0; i < 3; i++)
		id->local_size[i] = value_of(m, s, ids[i]);
}

/* A constant decorated WorkgroupSize beats the execution modes. */
static void find_local_size(const struct module *m, uint32_t function,
			    const struct identity_specialization *s, struct identity *id)
{
	struct op op, value;

	for (size_t at = HEADER; next_op(m, &at, &op);) {
		if (op.code == OP_EXECUTION_MODE && op.n >= 5 && op.w[0] == function &&
		    op.w[1] == MODE_LOCAL_SIZE)
			memcpy(id->local_size, op.w + 2, sizeof id->local_size);
		if (op.code == OP_EXECUTION_MODE_ID && op.n >= 5 && op.w[0] == function &&
		    op.w[1] == MODE_LOCAL_SIZE_ID)
			take_size(m, s, op.w + 2, id);
		bool whole = op.code == OP_DECORATE && op.n >= 3 &&
			     op.w[1] == DECORATION_BUILT_IN && op.w[2] == BUILT_IN_WORKGROUP_SIZE;
		if (whole && find(m, op.w[0], 1, &value) && value.n >= 5 &&
		    (value.code == OP_CONSTANT_COMPOSITE ||
		     value.code == OP_SPEC_CONSTANT_COMPOSITE)) {
			take_size(m, s, value.w + 2, id);
			return;
		}
	}
}

void identity_entry(const uint32_t *words, size_t count, const char *entry,
		    const struct identity_specialization *s, struct identity *id)
{
	struct module m = {.words = words, .count = count};
	size_t length = strlen(entry);
	struct op op;

	if (length >= IDENTITY_NAME)
		length = IDENTITY_NAME - 1;
	memcpy(id->entry, entry, length);
	id->entry[length] = '\0';
	id->specialization = s ? hash_constants(s) : 0;
	if (!is_module(&m))
		return;
	for (size_t at = HEADER; next_op(&m, &at, &op);)
		if (op.code == OP_ENTRY_POINT && op.n >= 3 && op.w[0] == MODEL_GL_COMPUTE &&
		    string_is(&op, 2, entry)) {
			find_local_size(&m, op.w[1], s, id);
			return;
		}
}
