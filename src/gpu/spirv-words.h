/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of reflection: access to words and ids that cannot leave the module, whatever it says.
 * Only the files spirv*.c use it.
 */
#pragma once

#include "gpu/spirv-ops.h"
#include "gpu/spirv.h"

/* More members than this in one struct are not looked at: each costs a walk over the module. */
enum {
	DEPTH_MAX = 8,
	MEMBERS_MAX = 256,
	VISITS_MAX = 1024,
	BLOCK_VISITS_MAX = 4096, /* the same for all bindings together */
	SPREAD_MAX = 1 << 16,    /* words between the first and the last decoration of one struct */
	HEADER_WORDS = 5,
};

enum id_flag {
	HAS_SET = 1,
	HAS_BINDING = 2,
	HAS_SPEC_ID = 4,
	IS_WORKGROUP_SIZE = 8,
	NON_WRITABLE = 16,
	NON_READABLE = 32,
	BUFFER_BLOCK = 64,
};

/* Words from the first instruction of some kind to the last one; compilers write them side by side. */
struct spirv_range {
	uint32_t first, last; /* first 0: none */
};

struct spirv_id {
	uint32_t def;  /* word index of the defining instruction, 0: none */
	uint32_t name; /* word index of its OpName, 0: none */
	uint32_t set, binding, spec_id, stride;
	uint32_t flags;
	struct spirv_range names, decorations; /* of its members */
	uint32_t root; /* the binding's variable that a pointer or image comes from, 0: none */
};

/* ---- words --------------------------------------------------------------------------------- */

static inline unsigned spirv_op_at(const struct spirv *m, size_t at)
{
	return m->words[at] & 0xffff;
}

static inline size_t spirv_len_at(const struct spirv *m, size_t at)
{
	return m->words[at] >> 16;
}

/* Word i of the instruction at `at`, 0 beyond its end: 0 is never a valid id. */
static inline uint32_t spirv_word(const struct spirv *m, size_t at, size_t i)
{
	return i < spirv_len_at(m, at) ? m->words[at + i] : 0;
}

static inline struct spirv_id *spirv_id_of(const struct spirv *m, uint32_t id)
{
	return id < m->bound ? &m->ids[id] : &m->ids[0];
}

/* The defining instruction of id, or 0 when there is none or it is not of that kind. */
static inline size_t spirv_def_of(const struct spirv *m, uint32_t id, enum spirv_op op)
{
	size_t at = spirv_id_of(m, id)->def;
	return at && spirv_op_at(m, at) == (unsigned)op ? at : 0;
}

static inline unsigned spirv_def_op(const struct spirv *m, uint32_t id)
{
	size_t at = spirv_id_of(m, id)->def;
	return at ? spirv_op_at(m, at) : 0;
}

/* The literal string that begins at word `first` of an instruction, as valid UTF-8. */
void spirv_string(const struct spirv *m, size_t at, size_t first, char buf[static SPIRV_NAME]);
/* What OpName says, "" when there is none. */
void spirv_name(const struct spirv *m, uint32_t id, char buf[static SPIRV_NAME]);
/* Word index of a member's decoration or name (OP_MEMBER_NAME), 0: none. */
size_t spirv_member(const struct spirv *m, enum spirv_op op, uint32_t type, uint32_t member,
		    uint32_t decoration);
/* The type of a scalar, TYPE_NONE for anything else. */
enum compute_type spirv_scalar(const struct spirv *m, uint32_t type);
/* The value that a scalar constant's instruction holds. */
uint64_t spirv_literal(const struct spirv *m, size_t at);
/* Its value with the current specialization; false when it is computed. */
bool spirv_constant(const struct spirv *m, uint32_t id, const struct spirv_info *info,
		    uint64_t *ret);
/* Whether the entry point may use this global variable. */
bool spirv_is_used(const struct spirv *m, uint32_t variable, uint32_t version);
/* Fills reads and writes of the bindings that are in info. */
void spirv_note_uses(const struct spirv *m, struct spirv_info *info);
/* Fills text and layout or image. *visits: how many types may still be looked at. */
void spirv_declaration(const struct spirv *m, const struct spirv_info *info, unsigned *visits,
		       struct spirv_binding *b);
