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
	OP_TYPE_BOOL = 20,
	OP_TYPE_INT = 21,
	OP_TYPE_FLOAT = 22,
	OP_TYPE_VECTOR = 23,
	OP_TYPE_MATRIX = 24,
	OP_TYPE_ARRAY = 28,
	OP_TYPE_STRUCT = 30,
	OP_TYPE_POINTER = 32,
	OP_CONSTANT = 43,
	OP_CONSTANT_COMPOSITE = 44,
	OP_SPEC_CONSTANT = 50,
	OP_SPEC_CONSTANT_COMPOSITE = 51,
	OP_FUNCTION = 54,
	OP_VARIABLE = 59,
	OP_DECORATE = 71,
	OP_EXECUTION_MODE_ID = 331,
	CLASS_WORKGROUP = 4,
	MODEL_GL_COMPUTE = 5,
	MODE_LOCAL_SIZE = 17,
	MODE_LOCAL_SIZE_ID = 38,
	DECORATION_SPEC_ID = 1,
	DECORATION_BUILT_IN = 11,
	DECORATION_BINDING = 33,
	DECORATION_DESCRIPTOR_SET = 34,
	BUILT_IN_WORKGROUP_SIZE = 25,
	TYPE_DEPTH = 8,
	TYPE_VISITS = 256,
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

/* The constant with this id: its result is operand 1, its value starts at operand 2. */
static bool find_constant(const struct module *m, uint32_t id, struct op *ret)
{
	for (size_t at = HEADER; next_op(m, &at, ret);)
		if (ret->code >= OP_CONSTANT && ret->code <= OP_SPEC_CONSTANT_COMPOSITE &&
		    ret->n >= 3 && ret->w[1] == id)
			return true;
	return false;
}

/* The type or string with this id: its result is operand 0. */
static bool find(const struct module *m, uint32_t id, struct op *ret)
{
	for (size_t at = HEADER; next_op(m, &at, ret);) {
		bool kind = ret->code == OP_STRING ||
			    (ret->code >= OP_TYPE_BOOL && ret->code <= OP_TYPE_POINTER);
		if (kind && ret->n > 0 && ret->w[0] == id)
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

/* Bytes of a type without padding; *visits bounds the walk, whatever the module says. */
static uint64_t type_bytes(const struct module *m, uint32_t id, int depth, unsigned *visits)
{
	struct op op, length;
	uint64_t sum = 0;

	if (depth > TYPE_DEPTH || (*visits)++ > TYPE_VISITS || !find(m, id, &op))
		return 0;
	switch (op.code) {
	case OP_TYPE_BOOL:
		return 4;
	case OP_TYPE_INT:
	case OP_TYPE_FLOAT:
		return op.n >= 2 ? op.w[1] / 8 : 0;
	case OP_TYPE_VECTOR:
	case OP_TYPE_MATRIX:
		return op.n >= 3 ? type_bytes(m, op.w[1], depth + 1, visits) * op.w[2] : 0;
	case OP_TYPE_ARRAY:
		if (op.n < 3 || !find_constant(m, op.w[2], &length))
			return 0;
		return type_bytes(m, op.w[1], depth + 1, visits) * length.w[2];
	case OP_TYPE_STRUCT:
		for (size_t i = 1; i < op.n; i++)
			sum += type_bytes(m, op.w[i], depth + 1, visits);
		return sum;
	default:
		return 0;
	}
}

static uint32_t count_shared(const struct module *m)
{
	unsigned visits = 0;
	uint64_t sum = 0;
	struct op op, pointer;

	for (size_t at = HEADER; next_op(m, &at, &op);)
		if (op.code == OP_VARIABLE && op.n >= 3 && op.w[2] == CLASS_WORKGROUP &&
		    find(m, op.w[0], &pointer) && pointer.code == OP_TYPE_POINTER && pointer.n >= 3)
			sum += type_bytes(m, pointer.w[2], 0, &visits);
	return sum > UINT32_MAX ? 0 : (uint32_t)sum;
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
	id->shared_bytes = count_shared(&m);
	for (size_t at = HEADER; next_op(&m, &at, &op);)
		if (op.code == OP_SOURCE && op.n >= 3 && find(&m, op.w[2], &string)) {
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

	if (!find_constant(m, id, &op) || (op.code != OP_CONSTANT && op.code != OP_SPEC_CONSTANT))
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
		if (whole && find_constant(m, op.w[0], &value) && value.n >= 5 &&
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
