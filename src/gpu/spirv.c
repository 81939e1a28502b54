/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk over the module notes where each id is defined and how it is decorated; everything else
 * is looked up from there. All counts come from the module, so all are checked: a word is only read
 * inside its instruction, an id only below the bound, nesting only to a fixed depth.
 */
#include "gpu/spirv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "gpu/spirv-ops.h"
#include "gpu/types.h"

/* More members than this in one struct are not looked at: each costs a walk over the module. */
enum { DEPTH_MAX = 8, MEMBERS_MAX = 256, VISITS_MAX = 1024, HEADER_WORDS = 5 };

enum id_flag {
	HAS_SET = 1, HAS_BINDING = 2, HAS_SPEC_ID = 4, IS_WORKGROUP_SIZE = 8, NON_WRITABLE = 16, NON_READABLE = 32, BUFFER_BLOCK = 64,
};

struct spirv_id {
	uint32_t def;  /* word index of the defining instruction, 0: none */
	uint32_t name; /* word index of its OpName, 0: none */
	uint32_t set, binding, spec_id, stride;
	uint32_t flags;
};

/* ---- words --------------------------------------------------------------------------------- */

static unsigned op_at(const struct spirv *m, size_t at)
{
	return m->words[at] & 0xffff;
}

static size_t len_at(const struct spirv *m, size_t at)
{
	return m->words[at] >> 16;
}

/* Word i of the instruction at `at`, 0 beyond its end: 0 is never a valid id. */
static uint32_t word(const struct spirv *m, size_t at, size_t i)
{
	return i < len_at(m, at) ? m->words[at + i] : 0;
}

static struct spirv_id *id_of(const struct spirv *m, uint32_t id)
{
	return id < m->bound ? &m->ids[id] : &m->ids[0];
}

/* The defining instruction of id, or 0 when there is none or it is not of that kind. */
static size_t def_of(const struct spirv *m, uint32_t id, enum spirv_op op)
{
	size_t at = id_of(m, id)->def;
	return at && op_at(m, at) == (unsigned)op ? at : 0;
}

static unsigned def_op(const struct spirv *m, uint32_t id)
{
	size_t at = id_of(m, id)->def;
	return at ? op_at(m, at) : 0;
}

/* The literal string that begins at word `first` of an instruction, as valid UTF-8. */
static void string_at(const struct spirv *m, size_t at, size_t first, char buf[static SPIRV_NAME])
{
	size_t len = len_at(m, at);
	const char *s = (const char *)(m->words + at + first);
	size_t bytes = first < len ? (len - first) * 4 : 0;

	(void)text_to_utf8(s, strnlen(s, bytes), buf, SPIRV_NAME);
}

static bool string_is(const struct spirv *m, size_t at, size_t first, const char *want)
{
	size_t len = len_at(m, at), n = strlen(want) + 1;

	return first < len && n <= (len - first) * 4 && memcmp(m->words + at + first, want, n) == 0;
}

static void name_of(const struct spirv *m, uint32_t id, char buf[static SPIRV_NAME])
{
	uint32_t at = id_of(m, id)->name;

	buf[0] = '\0';
	if (at)
		string_at(m, at, 2, buf);
}

/* Word index of a member's decoration or name, 0: none. op, type id and member number lead both. */
static size_t member_find(const struct spirv *m, enum spirv_op op, uint32_t type, uint32_t member, uint32_t decoration)
{
	for (size_t at = HEADER_WORDS; at < m->count && op_at(m, at) != OP_FUNCTION; at += len_at(m, at)) {
		if (op_at(m, at) != (unsigned)op || word(m, at, 1) != type || word(m, at, 2) != member || len_at(m, at) < 4)
			continue;
		if (op == OP_MEMBER_NAME || word(m, at, 3) == decoration)
			return at;
	}
	return 0;
}

/* ---- the walk ------------------------------------------------------------------------------ */

static void note_decoration(const struct spirv *m, size_t at)
{
	struct spirv_id *id = id_of(m, word(m, at, 1));
	uint32_t value = word(m, at, 3);

	switch (word(m, at, 2)) {
	case DECORATION_SPEC_ID:
		id->spec_id = value;
		id->flags |= HAS_SPEC_ID;
		break;
	case DECORATION_DESCRIPTOR_SET:
		id->set = value;
		id->flags |= HAS_SET;
		break;
	case DECORATION_BINDING:
		id->binding = value;
		id->flags |= HAS_BINDING;
		break;
	case DECORATION_ARRAY_STRIDE:
		id->stride = value;
		break;
	case DECORATION_BUILT_IN:
		id->flags |= value == BUILT_IN_WORKGROUP_SIZE ? IS_WORKGROUP_SIZE : 0;
		break;
	case DECORATION_NON_WRITABLE:
		id->flags |= NON_WRITABLE;
		break;
	case DECORATION_NON_READABLE:
		id->flags |= NON_READABLE;
		break;
	case DECORATION_BUFFER_BLOCK:
		id->flags |= BUFFER_BLOCK;
		break;
	default:
		break;
	}
}

/* Where the result id stands in the instructions that define types, constants and variables. */
static size_t result_word(unsigned op)
{
	if (op >= OP_TYPE_BOOL && op <= OP_TYPE_POINTER)
		return 1;
	if ((op >= OP_CONSTANT_TRUE && op <= OP_CONSTANT_COMPOSITE) || op == OP_VARIABLE)
		return 2;
	return op >= OP_SPEC_CONSTANT_TRUE && op <= OP_SPEC_CONSTANT_OP ? 2 : 0;
}

static void note(struct spirv *m, size_t at, const char *entry)
{
	unsigned op = op_at(m, at);
	size_t result = result_word(op);

	if (op == OP_ENTRY_POINT && word(m, at, 1) == MODEL_GL_COMPUTE && string_is(m, at, 3, entry)) {
		m->entry_at = at;
		m->entry = word(m, at, 2);
	} else if (op == OP_NAME && len_at(m, at) > 2) {
		id_of(m, word(m, at, 1))->name = (uint32_t)at;
	} else if (op == OP_DECORATE) {
		note_decoration(m, at);
	} else if (result && word(m, at, result) < m->bound && word(m, at, result)) {
		id_of(m, word(m, at, result))->def = (uint32_t)at;
	}
}

/* "main, blur": the compute entry points there are. */
static void list_entries(const struct spirv *m, char *buf, size_t size)
{
	char name[SPIRV_NAME];
	size_t used = 0;

	buf[0] = '\0';
	for (size_t at = HEADER_WORDS; at < m->count; at += len_at(m, at)) {
		if (op_at(m, at) != OP_ENTRY_POINT || word(m, at, 1) != MODEL_GL_COMPUTE || used >= size)
			continue;
		string_at(m, at, 3, name);
		used += (size_t)snprintf(buf + used, size - used, "%s'%s'", used ? ", " : "", name);
	}
}

int spirv_open(struct spirv *m, const uint32_t *words, size_t count, const char *entry, const char *name,
	       struct err *e)
{
	char entries[200];

	*m = (struct spirv){.words = words, .count = count};
	if (count < HEADER_WORDS || words[0] != SPIRV_MAGIC)
		return err_bad(e, name, "is not a SPIR-V module");
	if (words[3] == 0 || words[3] > SPIRV_BOUND_MAX || count > UINT32_MAX)
		return err_bad(e, name, "the SPIR-V module has an id bound of %u, 1 to %d is possible", words[3], SPIRV_BOUND_MAX);
	for (size_t at = HEADER_WORDS; at < count; at += len_at(m, at))
		if (len_at(m, at) == 0 || len_at(m, at) > count - at)
			return err_bad(e, name, "the SPIR-V module is damaged at word %zu", at);
	m->bound = words[3];
	m->ids = calloc(m->bound, sizeof *m->ids);
	if (!m->ids)
		return err_os(e, ENOMEM, name, "cannot examine the SPIR-V module");
	for (size_t at = HEADER_WORDS; at < count; at += len_at(m, at))
		note(m, at, entry);
	memset(&m->ids[0], 0, sizeof m->ids[0]); /* where everything about impossible ids went */
	if (m->entry_at)
		return 0;
	list_entries(m, entries, sizeof entries);
	(void)err_bad(e, name, entries[0] ? "has no compute entry point '%s', there is %s" : "has no compute entry point '%s'%s",
		      entry, entries);
	spirv_done(m);
	return -1;
}

void spirv_done(struct spirv *m)
{
	free(m->ids);
	m->ids = NULL;
}

/* ---- types and constants ------------------------------------------------------------------- */

static enum compute_type scalar_type(const struct spirv *m, uint32_t type)
{
	size_t at = id_of(m, type)->def;
	uint32_t width = at ? word(m, at, 2) : 0;

	if (!at)
		return TYPE_NONE;
	if (op_at(m, at) == OP_TYPE_BOOL)
		return TYPE_BOOL;
	if (op_at(m, at) == OP_TYPE_FLOAT)
		return width == 16 ? TYPE_F16 : width == 32 ? TYPE_F32 : width == 64 ? TYPE_F64 : TYPE_NONE;
	if (op_at(m, at) != OP_TYPE_INT)
		return TYPE_NONE;
	bool is_signed = word(m, at, 3) != 0;
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
	return op == OP_CONSTANT_TRUE || op == OP_CONSTANT_FALSE || op == OP_SPEC_CONSTANT_TRUE || op == OP_SPEC_CONSTANT_FALSE;
}

static uint64_t literal_bits(const struct spirv *m, size_t at)
{
	if (is_bool_constant(op_at(m, at)))
		return op_at(m, at) == OP_CONSTANT_TRUE || op_at(m, at) == OP_SPEC_CONSTANT_TRUE;
	return word(m, at, 3) | (uint64_t)word(m, at, 4) << 32;
}

/* The value of a scalar constant with the current specialization; false when it is computed. */
static bool constant_value(const struct spirv *m, uint32_t id, const struct spirv_info *info, uint64_t *ret)
{
	const struct spirv_id *i = id_of(m, id);
	unsigned op = def_op(m, id);

	if (op != OP_CONSTANT && op != OP_SPEC_CONSTANT && !is_bool_constant(op))
		return false;
	*ret = literal_bits(m, i->def);
	for (size_t s = 0; i->flags & HAS_SPEC_ID && s < info->spec_count; s++)
		if (info->specs[s].id == i->spec_id)
			*ret = info->specs[s].bits;
	return true;
}

/* ---- push constants ------------------------------------------------------------------------ */

struct push_walk {
	const struct spirv *m;
	const char *name;
	struct spirv_info *info;
	struct err *e;
	unsigned visits; /* of types: empty ones add no numbers, so counting those is not enough */
};

static int push_type(struct push_walk *w, uint32_t type, uint64_t offset, const char *label, int depth);

static int push_number(struct push_walk *w, enum compute_type type, uint64_t offset, const char *label)
{
	if (w->info->push_count == SPIRV_PUSH)
		return err_bad(w->e, w->name, "the push constant block has more than %d numbers", SPIRV_PUSH);
	if (offset > 65536)
		return err_bad(w->e, w->name, "push constant '%s' is at offset %llu", label, (unsigned long long)offset);
	struct spirv_push *p = &w->info->push[w->info->push_count++];
	p->offset = (uint32_t)offset;
	p->type = type;
	(void)snprintf(p->name, sizeof p->name, "%s", label);
	uint32_t end = p->offset + (uint32_t)type_size(type);
	if (end > w->info->push_bytes)
		w->info->push_bytes = end;
	return 0;
}

/* What the elements of an array or vector are, and how far apart. */
struct push_array {
	uint32_t type;
	uint64_t count, stride;
};

static int push_elements(struct push_walk *w, const struct push_array *a, uint64_t offset, const char *label, int depth)
{
	char part[SPIRV_NAME + 16];

	if (a->count > SPIRV_PUSH)
		return err_bad(w->e, w->name, "the push constant block has more than %d numbers", SPIRV_PUSH);
	for (uint64_t i = 0; i < a->count; i++) {
		(void)snprintf(part, sizeof part, "%s[%u]", label, (unsigned)i);
		if (push_type(w, a->type, offset + i * a->stride, part, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static int push_struct(struct push_walk *w, uint32_t type, size_t at, uint64_t offset, int depth)
{
	char label[SPIRV_NAME];

	if (len_at(w->m, at) - 2 > MEMBERS_MAX)
		return err_bad(w->e, w->name, "the push constant block has more than %d members", MEMBERS_MAX);
	for (uint32_t i = 0; i + 2 < len_at(w->m, at); i++) {
		size_t where = member_find(w->m, OP_MEMBER_DECORATE, type, i, DECORATION_OFFSET);
		size_t named = member_find(w->m, OP_MEMBER_NAME, type, i, 0);
		(void)snprintf(label, sizeof label, "member %u", i);
		if (named)
			string_at(w->m, named, 3, label);
		if (!where)
			return err_bad(w->e, w->name, "push constant '%s' has no offset", label);
		if (push_type(w, word(w->m, at, 2 + i), offset + word(w->m, where, 4), label, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static int push_type(struct push_walk *w, uint32_t type, uint64_t offset, const char *label, int depth)
{
	const struct spirv *m = w->m;
	size_t at = id_of(m, type)->def;
	enum compute_type scalar = scalar_type(m, type);

	if (at == 0 || depth > DEPTH_MAX || w->visits++ > VISITS_MAX)
		return err_bad(w->e, w->name, "push constant '%s' has a type that is too deep or missing", label);
	if (scalar != TYPE_NONE && scalar != TYPE_BOOL)
		return push_number(w, scalar, offset, label);
	if (op_at(m, at) == OP_TYPE_STRUCT)
		return push_struct(w, type, at, offset, depth);
	struct push_array a = {.type = word(m, at, 2), .count = word(m, at, 3), .stride = id_of(m, type)->stride};
	if (op_at(m, at) == OP_TYPE_VECTOR) {
		a.stride = type_size(scalar_type(m, a.type));
		return push_elements(w, &a, offset, label, depth);
	}
	if (op_at(m, at) == OP_TYPE_ARRAY && constant_value(m, word(m, at, 3), w->info, &a.count))
		return push_elements(w, &a, offset, label, depth);
	return err_bad(w->e, w->name, "push constant '%s' is a matrix or another type that cannot be given in a job file", label);
}

/* ---- variables ----------------------------------------------------------------------------- */

/* All members carry the decoration: that is how compilers write a readonly or writeonly block. */
static bool all_members(const struct spirv *m, uint32_t type, uint32_t decoration)
{
	size_t at = def_of(m, type, OP_TYPE_STRUCT);

	if (at && len_at(m, at) - 2 > MEMBERS_MAX)
		return false;
	for (uint32_t i = 0; at && i + 2 < len_at(m, at); i++)
		if (!member_find(m, OP_MEMBER_DECORATE, type, i, decoration))
			return false;
	return at && len_at(m, at) > 2;
}

static enum spirv_kind kind_of(const struct spirv *m, uint32_t storage, uint32_t type)
{
	if (!def_of(m, type, OP_TYPE_STRUCT))
		return SPIRV_OTHER;
	if (storage == CLASS_STORAGE_BUFFER || (storage == CLASS_UNIFORM && id_of(m, type)->flags & BUFFER_BLOCK))
		return SPIRV_STORAGE;
	return storage == CLASS_UNIFORM ? SPIRV_UNIFORM : SPIRV_OTHER;
}

static int add_binding(const struct spirv *m, size_t at, uint32_t type, const char *name, struct spirv_info *info,
		       struct err *e)
{
	uint32_t variable = word(m, at, 2);
	const struct spirv_id *id = id_of(m, variable);
	struct spirv_binding b = {.set = id->set, .binding = id->binding};
	size_t slot = info->binding_count;

	if (info->binding_count == SPIRV_BINDINGS)
		return err_bad(e, name, "declares more than %d bindings", SPIRV_BINDINGS);
	unsigned op = def_op(m, type);
	if (op == OP_TYPE_ARRAY || op == OP_TYPE_RUNTIME_ARRAY) {
		b.is_array = true;
		type = word(m, id_of(m, type)->def, 2);
	}
	b.kind = kind_of(m, word(m, at, 3), type);
	b.can_write = !(id->flags & NON_WRITABLE || all_members(m, type, DECORATION_NON_WRITABLE));
	b.can_read = !(id->flags & NON_READABLE || all_members(m, type, DECORATION_NON_READABLE));
	name_of(m, variable, b.name);
	if (b.name[0] == '\0')
		name_of(m, type, b.name);
	for (; slot > 0; slot--) {
		const struct spirv_binding *before = &info->bindings[slot - 1];
		if (before->set < b.set || (before->set == b.set && before->binding < b.binding))
			break;
		if (before->set == b.set && before->binding == b.binding)
			return err_bad(e, name, "declares set %u, binding %u twice", b.set, b.binding);
		info->bindings[slot] = info->bindings[slot - 1];
	}
	info->bindings[slot] = b;
	info->binding_count++;
	return 0;
}

/* From version 1.4 on an entry point lists all global variables it uses; before, all count. */
static bool is_used(const struct spirv *m, uint32_t variable, uint32_t version)
{
	if (version < 0x00010400)
		return true;
	for (size_t i = 3; i < len_at(m, m->entry_at); i++)
		if (word(m, m->entry_at, i) == variable)
			return true;
	return false;
}

static int add_variable(const struct spirv *m, size_t at, const char *name, struct spirv_info *info, struct err *e)
{
	uint32_t storage = word(m, at, 3);
	size_t pointer = def_of(m, word(m, at, 1), OP_TYPE_POINTER);
	uint32_t type = pointer ? word(m, pointer, 3) : 0;

	if (!is_used(m, word(m, at, 2), info->version))
		return 0;
	if (storage == CLASS_PUSH_CONSTANT) {
		struct push_walk w = {.m = m, .name = name, .info = info, .e = e};
		return push_type(&w, type, 0, "push", 0);
	}
	if (storage == CLASS_UNIFORM_CONSTANT || storage == CLASS_UNIFORM || storage == CLASS_STORAGE_BUFFER)
		return add_binding(m, at, type, name, info, e);
	return 0;
}

static int add_spec(const struct spirv *m, size_t at, const char *name, struct spirv_info *info, struct err *e)
{
	uint32_t result = word(m, at, 2);
	const struct spirv_id *id = id_of(m, result);

	if (!(id->flags & HAS_SPEC_ID))
		return 0;
	if (info->spec_count == SPIRV_SPECS)
		return err_bad(e, name, "declares more than %d specialization constants", SPIRV_SPECS);
	struct spirv_spec *s = &info->specs[info->spec_count++];
	s->id = id->spec_id;
	s->type = scalar_type(m, word(m, at, 1));
	s->bits = literal_bits(m, at);
	name_of(m, result, s->name);
	return 0;
}

int spirv_reflect(const struct spirv *m, const char *name, struct spirv_info *info, struct err *e)
{
	memset(info, 0, sizeof *info);
	info->version = m->words[1];
	/* Constants come first: the length of a push constant array may be one of them. */
	for (size_t at = HEADER_WORDS; at < m->count && op_at(m, at) != OP_FUNCTION; at += len_at(m, at)) {
		unsigned op = op_at(m, at);
		if (op == OP_CAPABILITY && info->capability_count == SPIRV_CAPABILITIES)
			return err_bad(e, name, "declares more than %d capabilities", SPIRV_CAPABILITIES);
		if (op == OP_CAPABILITY)
			info->capabilities[info->capability_count++] = word(m, at, 1);
		if (op >= OP_SPEC_CONSTANT_TRUE && op <= OP_SPEC_CONSTANT && add_spec(m, at, name, info, e) < 0)
			return -1;
	}
	for (size_t at = HEADER_WORDS; at < m->count && op_at(m, at) != OP_FUNCTION; at += len_at(m, at))
		if (op_at(m, at) == OP_VARIABLE && add_variable(m, at, name, info, e) < 0)
			return -1;
	return spirv_sizes(m, name, info, e);
}

/* ---- sizes --------------------------------------------------------------------------------- */

static bool saturating_mul(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_mul_overflow(a, b, ret) && *ret <= UINT32_MAX;
}

/* Bytes of a type when packed; what a device really uses is never less. false: unknown or huge. */
static bool packed_size(const struct spirv *m, uint32_t type, const struct spirv_info *info, int depth, uint64_t *ret)
{
	size_t at = id_of(m, type)->def;
	enum compute_type scalar = scalar_type(m, type);
	uint64_t inner, count = 0;

	*ret = 0;
	if (scalar != TYPE_NONE) {
		*ret = scalar == TYPE_BOOL ? 4 : type_size(scalar);
		return true;
	}
	if (!at || depth > DEPTH_MAX)
		return false;
	switch (op_at(m, at)) {
	case OP_TYPE_VECTOR:
	case OP_TYPE_MATRIX:
		return packed_size(m, word(m, at, 2), info, depth + 1, &inner) && saturating_mul(inner, word(m, at, 3), ret);
	case OP_TYPE_ARRAY:
		return constant_value(m, word(m, at, 3), info, &count) && packed_size(m, word(m, at, 2), info, depth + 1, &inner) &&
		       saturating_mul(inner, count, ret);
	case OP_TYPE_STRUCT:
		/* Wide structs inside wide structs would take exponential time: only one level is followed. */
		for (size_t i = 2; i < len_at(m, at); i++, *ret += inner)
			if (depth >= DEPTH_MAX - 1 || !packed_size(m, word(m, at, i), info, DEPTH_MAX - 1, &inner))
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
		if (!constant_value(m, word(m, at, first + i), info, &value) || value == 0 || value > UINT32_MAX)
			return false;
		info->local_size[i] = (uint32_t)value;
	}
	return true;
}

static void find_local_size(const struct spirv *m, struct spirv_info *info)
{
	bool builtin = false;

	info->has_local_size = false;
	for (size_t at = HEADER_WORDS; at < m->count && op_at(m, at) != OP_FUNCTION; at += len_at(m, at)) {
		unsigned op = op_at(m, at);
		bool composite = op == OP_CONSTANT_COMPOSITE || op == OP_SPEC_CONSTANT_COMPOSITE;
		if (composite && id_of(m, word(m, at, 2))->flags & IS_WORKGROUP_SIZE) {
			builtin = true; /* the specification gives this one precedence over the modes */
			info->has_local_size = composite_size(m, at, 3, info);
		}
		if (builtin || word(m, at, 1) != m->entry)
			continue;
		if (op == OP_EXECUTION_MODE && word(m, at, 2) == MODE_LOCAL_SIZE && len_at(m, at) == 6) {
			memcpy(info->local_size, m->words + at + 3, sizeof info->local_size);
			info->has_local_size = info->local_size[0] && info->local_size[1] && info->local_size[2];
		}
		if (op == OP_EXECUTION_MODE_ID && word(m, at, 2) == MODE_LOCAL_SIZE_ID)
			info->has_local_size = composite_size(m, at, 3, info);
	}
}

int spirv_sizes(const struct spirv *m, const char *name, struct spirv_info *info, struct err *e)
{
	find_local_size(m, info);
	info->shared_bytes = 0;
	for (size_t at = HEADER_WORDS; at < m->count && op_at(m, at) != OP_FUNCTION; at += len_at(m, at)) {
		uint64_t bytes;
		if (op_at(m, at) != OP_VARIABLE || word(m, at, 3) != CLASS_WORKGROUP || !is_used(m, word(m, at, 2), info->version))
			continue;
		size_t pointer = def_of(m, word(m, at, 1), OP_TYPE_POINTER);
		if (!packed_size(m, pointer ? word(m, pointer, 3) : 0, info, 0, &bytes))
			bytes = 0; /* a computed length: the driver has the last word */
		if (__builtin_add_overflow(info->shared_bytes, bytes, &info->shared_bytes))
			return err_bad(e, name, "declares more shared memory than 64 bits can count");
	}
	return 0;
}
