/* SPDX-License-Identifier: Apache-2.0 */
/* Constants of a module and what follows from them: local size, shared memory, sizes of blocks. */
#include <string.h>

#include "gpu/spirv-words.h"
#include "gpu/types.h"

/* ---- types and constants ------------------------------------------------------------------- */

enum compute_type spirv_scalar(const struct spirv *m, uint32_t type)
{
	size_t at = spirv_id_of(m, type)->def;
	uint32_t width = at ? spirv_word(m, at, 2) : 0;

	if (!at)
		return TYPE_NONE;
	if (spirv_op_at(m, at) == OP_TYPE_BOOL)
		return TYPE_BOOL;
	if (spirv_op_at(m, at) == OP_TYPE_FLOAT)
		return width == 16   ? TYPE_F16
		       : width == 32 ? TYPE_F32
		       : width == 64 ? TYPE_F64
				     : TYPE_NONE;
	if (spirv_op_at(m, at) != OP_TYPE_INT)
		return TYPE_NONE;
	bool is_signed = spirv_word(m, at, 3) != 0;
	switch (width) {
	case 8:
		return is_signed ? TYPE_I8 : TYPE_U8;
	case 16:
		return is_signed ? TYPE_I16 : TYPE_U16;
	case 32:
		return is_signed ? TYPE_I32 : TYPE_U32;
	case 64:
		return is_signed ? TYPE_I64 : TYPE_U64;
	default:
		return TYPE_NONE;
	}
}

static bool is_bool_constant(unsigned op)
{
	return op == OP_CONSTANT_TRUE || op == OP_CONSTANT_FALSE || op == OP_SPEC_CONSTANT_TRUE ||
	       op == OP_SPEC_CONSTANT_FALSE;
}

uint64_t spirv_literal(const struct spirv *m, size_t at)
{
	if (is_bool_constant(spirv_op_at(m, at)))
		return spirv_op_at(m, at) == OP_CONSTANT_TRUE ||
		       spirv_op_at(m, at) == OP_SPEC_CONSTANT_TRUE;
	return spirv_word(m, at, 3) | (uint64_t)spirv_word(m, at, 4) << 32;
}

/* The value of a scalar constant with the current specialization; false when it is computed. */
bool spirv_constant(const struct spirv *m, uint32_t id, const struct spirv_info *info,
		    uint64_t *ret)
{
	const struct spirv_id *i = spirv_id_of(m, id);
	unsigned op = spirv_def_op(m, id);

	if (op != OP_CONSTANT && op != OP_SPEC_CONSTANT && !is_bool_constant(op))
		return false;
	*ret = spirv_literal(m, i->def);
	for (size_t s = 0; i->flags & HAS_SPEC_ID && s < info->spec_count; s++)
		if (info->specs[s].id == i->spec_id)
			*ret = info->specs[s].bits;
	return true;
}

/* ---- sizes --------------------------------------------------------------------------------- */

static bool saturating_mul(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_mul_overflow(a, b, ret) && *ret <= UINT32_MAX;
}

/* Bytes of a type when packed; what a device really uses is never less. false: unknown or huge. */
static bool packed_size(const struct spirv *m, uint32_t type, const struct spirv_info *info,
			int depth, uint64_t *ret)
{
	size_t at = spirv_id_of(m, type)->def;
	enum compute_type scalar = spirv_scalar(m, type);
	uint64_t inner, count = 0;

	*ret = 0;
	if (scalar != TYPE_NONE) {
		*ret = scalar == TYPE_BOOL ? 4 : type_size(scalar);
		return true;
	}
	if (!at || depth > DEPTH_MAX)
		return false;
	switch (spirv_op_at(m, at)) {
	case OP_TYPE_VECTOR:
	case OP_TYPE_MATRIX:
		return packed_size(m, spirv_word(m, at, 2), info, depth + 1, &inner) &&
		       saturating_mul(inner, spirv_word(m, at, 3), ret);
	case OP_TYPE_ARRAY:
		return spirv_constant(m, spirv_word(m, at, 3), info, &count) &&
		       packed_size(m, spirv_word(m, at, 2), info, depth + 1, &inner) &&
		       saturating_mul(inner, count, ret);
	case OP_TYPE_STRUCT:
		/* Wide structs inside wide structs would take exponential time: only one level is followed. */
		for (size_t i = 2; i < spirv_len_at(m, at); i++, *ret += inner)
			if (depth >= DEPTH_MAX - 1 ||
			    !packed_size(m, spirv_word(m, at, i), info, DEPTH_MAX - 1, &inner))
				return false;
		return *ret <= UINT32_MAX;
	default:
		return false;
	}
}

static bool composite_size(const struct spirv *m, size_t at, size_t first, struct spirv_info *info)
{
	for (size_t i = 0; i < 3; i++) {
		uint64_t value;
		if (!spirv_constant(m, spirv_word(m, at, first + i), info, &value) || value == 0 ||
		    value > UINT32_MAX)
			return false;
		info->local_size[i] = (uint32_t)value;
	}
	return true;
}

static void find_local_size(const struct spirv *m, struct spirv_info *info)
{
	bool builtin = false;

	info->has_local_size = false;
	for (size_t at = HEADER_WORDS; at < m->count && spirv_op_at(m, at) != OP_FUNCTION;
	     at += spirv_len_at(m, at)) {
		unsigned op = spirv_op_at(m, at);
		bool composite = op == OP_CONSTANT_COMPOSITE || op == OP_SPEC_CONSTANT_COMPOSITE;
		if (composite && spirv_id_of(m, spirv_word(m, at, 2))->flags & IS_WORKGROUP_SIZE) {
			builtin =
			    true; /* the specification gives this one precedence over the modes */
			info->has_local_size = composite_size(m, at, 3, info);
		}
		if (builtin || spirv_word(m, at, 1) != m->entry)
			continue;
		if (op == OP_EXECUTION_MODE && spirv_word(m, at, 2) == MODE_LOCAL_SIZE &&
		    spirv_len_at(m, at) == 6) {
			memcpy(info->local_size, m->words + at + 3, sizeof info->local_size);
			info->has_local_size = info->local_size[0] && info->local_size[1] &&
					       info->local_size[2];
		}
		if (op == OP_EXECUTION_MODE_ID && spirv_word(m, at, 2) == MODE_LOCAL_SIZE_ID)
			info->has_local_size = composite_size(m, at, 3, info);
	}
}

int spirv_sizes(const struct spirv *m, const char *name, struct spirv_info *info, struct err *e)
{
	unsigned visits = BLOCK_VISITS_MAX;

	find_local_size(m, info);
	info->shared_bytes = 0;
	for (size_t i = 0; i < info->binding_count; i++)
		spirv_declaration(m, info, &visits, &info->bindings[i]);
	for (size_t at = HEADER_WORDS; at < m->count && spirv_op_at(m, at) != OP_FUNCTION;
	     at += spirv_len_at(m, at)) {
		uint64_t bytes;
		if (spirv_op_at(m, at) != OP_VARIABLE || spirv_word(m, at, 3) != CLASS_WORKGROUP ||
		    !spirv_is_used(m, spirv_word(m, at, 2), info->version))
			continue;
		size_t pointer = spirv_def_of(m, spirv_word(m, at, 1), OP_TYPE_POINTER);
		if (!packed_size(m, pointer ? spirv_word(m, pointer, 3) : 0, info, 0, &bytes))
			bytes = 0; /* a computed length: the driver has the last word */
		if (__builtin_add_overflow(info->shared_bytes, bytes, &info->shared_bytes))
			return err_bad(e, name,
				       "declares more shared memory than 64 bits can count");
	}
	return 0;
}
