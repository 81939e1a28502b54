/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which bindings a module really loads from and stores to. One walk over the function bodies
 * follows pointers and images back to the variable that they come from; what cannot be followed (a
 * pointer given to a function, chosen by a phi) counts as both, as far as the declaration allows
 * it. So a binding that is said not to be written is not written.
 */
#include "base/auto.h"
#include "gpu/spirv-words.h"

enum use { USE_READ = 1, USE_WRITE = 2, USE_BOTH = 3 };

/* What an instruction does with the pointer or image in its first operand. */
enum role {
	ROLE_UNKNOWN, /* any operand may be used in any way */
	ROLE_NOTHING, /* has no operand that could be followed, or only asks for a size */
	ROLE_SAME,    /* the result is the operand, or a part of it */
	ROLE_LOAD,
	ROLE_STORE,
	ROLE_READ,
	ROLE_WRITE,
	ROLE_CHANGE,
};

static const struct {
	unsigned first, last; /* opcodes */
	enum role role;
	size_t operand; /* word with the pointer or image; results stand in word 2 */
} roles[] = {
    {OP_LINE, OP_LINE, ROLE_NOTHING, 0},
    {OP_VARIABLE, OP_VARIABLE, ROLE_NOTHING, 0},
    {OP_IMAGE_TEXEL_POINTER, OP_IMAGE_TEXEL_POINTER, ROLE_SAME, 3},
    {OP_LOAD, OP_LOAD, ROLE_LOAD, 3},
    {OP_STORE, OP_STORE, ROLE_STORE, 1},
    {OP_ACCESS_CHAIN, OP_PTR_ACCESS_CHAIN, ROLE_SAME, 3},
    {OP_ARRAY_LENGTH, OP_ARRAY_LENGTH, ROLE_NOTHING, 0},
    {OP_IN_BOUNDS_PTR_ACCESS_CHAIN, OP_IN_BOUNDS_PTR_ACCESS_CHAIN, ROLE_SAME, 3},
    {OP_VECTOR_EXTRACT_DYNAMIC, OP_VECTOR_SHUFFLE, ROLE_NOTHING, 0},
    {OP_COMPOSITE_EXTRACT, OP_COMPOSITE_INSERT, ROLE_NOTHING, 0},
    {OP_COPY_OBJECT, OP_COPY_OBJECT, ROLE_SAME, 3},
    {OP_SAMPLED_IMAGE, OP_SAMPLED_IMAGE, ROLE_SAME, 3},
    {OP_IMAGE_SAMPLE_IMPLICIT_LOD, OP_IMAGE_READ, ROLE_READ, 3},
    {OP_IMAGE_WRITE, OP_IMAGE_WRITE, ROLE_WRITE, 1},
    {OP_IMAGE, OP_IMAGE, ROLE_SAME, 3},
    {OP_IMAGE_QUERY_FORMAT, OP_IMAGE_QUERY_SAMPLES, ROLE_NOTHING, 0},
    {OP_CONVERT_F_TO_U, OP_F_CONVERT, ROLE_NOTHING, 0},
    {OP_S_NEGATE, OP_LOGICAL_NOT, ROLE_NOTHING, 0},
    {OP_I_EQUAL, OP_BIT_COUNT, ROLE_NOTHING, 0},
    {OP_ATOMIC_LOAD, OP_ATOMIC_LOAD, ROLE_READ, 3},
    {OP_ATOMIC_STORE, OP_ATOMIC_STORE, ROLE_WRITE, 1},
    {OP_ATOMIC_EXCHANGE, OP_ATOMIC_XOR, ROLE_CHANGE, 3},
    {OP_LOOP_MERGE, OP_SWITCH, ROLE_NOTHING, 0},
};

static struct spirv_binding *binding_of(const struct spirv *m, uint32_t id, struct spirv_info *info)
{
	uint32_t root = spirv_id_of(m, id)->root;

	for (size_t i = 0; root && i < info->binding_count; i++)
		if (info->bindings[i].id == root)
			return &info->bindings[i];
	return NULL;
}

/* sure: the instruction says so itself, whatever was declared. */
static void note_use(const struct spirv *m, uint32_t id, enum use use, bool sure,
		     struct spirv_info *info)
{
	struct spirv_binding *b = binding_of(m, id, info);

	if (!b)
		return;
	b->reads |= use & USE_READ && (sure || b->can_read);
	b->writes |= use & USE_WRITE && (sure || b->can_write);
}

static void follow(const struct spirv *m, size_t at, size_t operand)
{
	uint32_t result = spirv_word(m, at, 2);

	if (result && result < m->bound)
		m->ids[result].root = spirv_id_of(m, spirv_word(m, at, operand))->root;
}

static bool loads_handle(const struct spirv *m, size_t at)
{
	unsigned op = spirv_def_op(m, spirv_word(m, at, 1));
	return op >= OP_TYPE_IMAGE && op <= OP_TYPE_SAMPLED_IMAGE;
}

static void note_instruction(const struct spirv *m, size_t at, struct spirv_info *info)
{
	unsigned op = spirv_op_at(m, at);
	enum role role = ROLE_UNKNOWN;
	uint32_t first = 0;

	for (size_t i = 0; i < COUNTOF(roles) && role == ROLE_UNKNOWN; i++)
		if (op >= roles[i].first && op <= roles[i].last) {
			role = roles[i].role;
			first = (uint32_t)roles[i].operand;
		}
	uint32_t id = first ? spirv_word(m, at, first) : 0;
	switch (role) {
	case ROLE_NOTHING:
		break;
	case ROLE_SAME:
		follow(m, at, first);
		break;
	case ROLE_LOAD:
		/* An image or sampler that is loaded has not been looked at yet. */
		if (loads_handle(m, at))
			follow(m, at, first);
		else
			note_use(m, id, USE_READ, true, info);
		break;
	case ROLE_STORE:
		note_use(m, id, USE_WRITE, true, info);
		note_use(m, spirv_word(m, at, 2), USE_BOTH, false, info); /* a pointer kept */
		break;
	case ROLE_READ:
		note_use(m, id, USE_READ, true, info);
		break;
	case ROLE_WRITE:
		note_use(m, id, USE_WRITE, true, info);
		break;
	case ROLE_CHANGE:
		note_use(m, id, USE_BOTH, true, info);
		break;
	case ROLE_UNKNOWN:
		for (size_t i = 1; i < spirv_len_at(m, at); i++)
			note_use(m, spirv_word(m, at, i), USE_BOTH, false, info);
		break;
	}
}

void spirv_note_uses(const struct spirv *m, struct spirv_info *info)
{
	size_t at = HEADER_WORDS;

	for (size_t i = 0; i < info->binding_count; i++)
		spirv_id_of(m, info->bindings[i].id)->root = info->bindings[i].id;
	while (at < m->count && spirv_op_at(m, at) != OP_FUNCTION)
		at += spirv_len_at(m, at);
	for (; at < m->count; at += spirv_len_at(m, at))
		note_instruction(m, at, info);
}
