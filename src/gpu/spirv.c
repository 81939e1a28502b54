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
#include "gpu/spirv-words.h"
#include "gpu/types.h"

void spirv_string(const struct spirv *m, size_t at, size_t first, char buf[static SPIRV_NAME])
{
	size_t len = spirv_len_at(m, at);
	const char *s = (const char *)(m->words + at + first);
	size_t bytes = first < len ? (len - first) * 4 : 0;

	(void)text_to_utf8(s, strnlen(s, bytes), buf, SPIRV_NAME);
}

static bool string_is(const struct spirv *m, size_t at, size_t first, const char *want)
{
	size_t len = spirv_len_at(m, at), n = strlen(want) + 1;

	return first < len && n <= (len - first) * 4 && memcmp(m->words + at + first, want, n) == 0;
}

void spirv_name(const struct spirv *m, uint32_t id, char buf[static SPIRV_NAME])
{
	uint32_t at = spirv_id_of(m, id)->name;

	buf[0] = '\0';
	if (at)
		spirv_string(m, at, 2, buf);
}

/* op, type id and member number lead both kinds of instruction. */
size_t spirv_member(const struct spirv *m, enum spirv_op op, uint32_t type, uint32_t member,
		    uint32_t decoration)
{
	const struct spirv_id *id = spirv_id_of(m, type);
	const struct spirv_range *r = op == OP_MEMBER_NAME ? &id->names : &id->decorations;

	/* Spread over the module by somebody who wants the search to take long. */
	if (!r->first || r->last - r->first > SPREAD_MAX)
		return 0;
	for (size_t at = r->first; at <= r->last; at += spirv_len_at(m, at)) {
		if (spirv_op_at(m, at) != (unsigned)op || spirv_word(m, at, 1) != type ||
		    spirv_word(m, at, 2) != member)
			continue;
		if (op == OP_MEMBER_NAME || spirv_word(m, at, 3) == decoration)
			return at;
	}
	return 0;
}

/* ---- the walk ------------------------------------------------------------------------------ */

static void note_decoration(const struct spirv *m, size_t at)
{
	struct spirv_id *id = spirv_id_of(m, spirv_word(m, at, 1));
	uint32_t value = spirv_word(m, at, 3);

	switch (spirv_word(m, at, 2)) {
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

static void note_member(const struct spirv *m, size_t at, unsigned op)
{
	struct spirv_id *id = spirv_id_of(m, spirv_word(m, at, 1));
	struct spirv_range *r = op == OP_MEMBER_NAME ? &id->names : &id->decorations;

	if (!r->first)
		r->first = (uint32_t)at;
	r->last = (uint32_t)at;
}

static void note(struct spirv *m, size_t at, const char *entry)
{
	unsigned op = spirv_op_at(m, at);
	size_t result = result_word(op);

	if (op == OP_ENTRY_POINT && spirv_word(m, at, 1) == MODEL_GL_COMPUTE &&
	    string_is(m, at, 3, entry)) {
		m->entry_at = at;
		m->entry = spirv_word(m, at, 2);
	} else if (op == OP_NAME && spirv_len_at(m, at) > 2) {
		spirv_id_of(m, spirv_word(m, at, 1))->name = (uint32_t)at;
	} else if (op == OP_DECORATE) {
		note_decoration(m, at);
	} else if ((op == OP_MEMBER_NAME || op == OP_MEMBER_DECORATE) && spirv_len_at(m, at) > 3) {
		note_member(m, at, op);
	} else if (result && spirv_word(m, at, result) < m->bound && spirv_word(m, at, result)) {
		spirv_id_of(m, spirv_word(m, at, result))->def = (uint32_t)at;
	}
}

/* "main, blur": the compute entry points there are. */
static void list_entries(const struct spirv *m, char *buf, size_t size)
{
	char name[SPIRV_NAME];
	size_t used = 0;

	buf[0] = '\0';
	for (size_t at = HEADER_WORDS; at < m->count; at += spirv_len_at(m, at)) {
		if (spirv_op_at(m, at) != OP_ENTRY_POINT ||
		    spirv_word(m, at, 1) != MODEL_GL_COMPUTE || used >= size)
			continue;
		spirv_string(m, at, 3, name);
		used += (size_t)snprintf(buf + used, size - used, "%s'%s'", used ? ", " : "", name);
	}
}

int spirv_open(struct spirv *m, const uint32_t *words, size_t count, const char *entry,
	       const char *name, struct err *e)
{
	char entries[200];

	*m = (struct spirv){.words = words, .count = count};
	if (count < HEADER_WORDS || words[0] != SPIRV_MAGIC)
		return err_bad(e, name, "is not a SPIR-V module");
	if (words[3] == 0 || words[3] > SPIRV_BOUND_MAX || count > UINT32_MAX)
		return err_bad(e, name,
			       "the SPIR-V module has an id bound of %u, 1 to %d is possible",
			       words[3], SPIRV_BOUND_MAX);
	for (size_t at = HEADER_WORDS; at < count; at += spirv_len_at(m, at))
		if (spirv_len_at(m, at) == 0 || spirv_len_at(m, at) > count - at)
			return err_bad(e, name, "the SPIR-V module is damaged at word %zu", at);
	m->bound = words[3];
	m->ids = calloc(m->bound, sizeof *m->ids);
	if (!m->ids)
		return err_os(e, ENOMEM, name, "cannot examine the SPIR-V module");
	for (size_t at = HEADER_WORDS; at < count; at += spirv_len_at(m, at))
		note(m, at, entry);
	memset(&m->ids[0], 0, sizeof m->ids[0]); /* where everything about impossible ids went */
	if (m->entry_at)
		return 0;
	list_entries(m, entries, sizeof entries);
	(void)err_bad(e, name,
		      entries[0] ? "has no compute entry point '%s', there is %s"
				 : "has no compute entry point '%s'%s",
		      entry, entries);
	spirv_done(m);
	return -1;
}

void spirv_done(struct spirv *m)
{
	free(m->ids);
	m->ids = NULL;
}

/* ---- push constants ------------------------------------------------------------------------ */

struct push_walk {
	const struct spirv *m;
	const char *name;
	struct spirv_info *info;
	struct err *e;
	unsigned visits; /* of types: empty ones add no numbers, so counting those is not enough */
};

static int push_type(struct push_walk *w, uint32_t type, uint64_t offset, const char *label,
		     int depth);

static int push_number(struct push_walk *w, enum compute_type type, uint64_t offset,
		       const char *label)
{
	if (w->info->push_count == SPIRV_PUSH)
		return err_bad(w->e, w->name, "the push constant block has more than %d numbers",
			       SPIRV_PUSH);
	if (offset > 65536)
		return err_bad(w->e, w->name, "push constant '%s' is at offset %llu", label,
			       (unsigned long long)offset);
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

static int push_elements(struct push_walk *w, const struct push_array *a, uint64_t offset,
			 const char *label, int depth)
{
	char part[SPIRV_NAME + 16];

	if (a->count > SPIRV_PUSH)
		return err_bad(w->e, w->name, "the push constant block has more than %d numbers",
			       SPIRV_PUSH);
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

	if (spirv_len_at(w->m, at) - 2 > MEMBERS_MAX)
		return err_bad(w->e, w->name, "the push constant block has more than %d members",
			       MEMBERS_MAX);
	for (uint32_t i = 0; i + 2 < spirv_len_at(w->m, at); i++) {
		size_t where = spirv_member(w->m, OP_MEMBER_DECORATE, type, i, DECORATION_OFFSET);
		size_t named = spirv_member(w->m, OP_MEMBER_NAME, type, i, 0);
		(void)snprintf(label, sizeof label, "member %u", i);
		if (named)
			spirv_string(w->m, named, 3, label);
		if (!where)
			return err_bad(w->e, w->name, "push constant '%s' has no offset", label);
		if (push_type(w, spirv_word(w->m, at, 2 + i), offset + spirv_word(w->m, where, 4),
			      label, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static int push_type(struct push_walk *w, uint32_t type, uint64_t offset, const char *label,
		     int depth)
{
	const struct spirv *m = w->m;
	size_t at = spirv_id_of(m, type)->def;
	enum compute_type scalar = spirv_scalar(m, type);

	if (at == 0 || depth > DEPTH_MAX || w->visits++ > VISITS_MAX)
		return err_bad(w->e, w->name,
			       "push constant '%s' has a type that is too deep or missing", label);
	if (scalar != TYPE_NONE && scalar != TYPE_BOOL)
		return push_number(w, scalar, offset, label);
	if (spirv_op_at(m, at) == OP_TYPE_STRUCT)
		return push_struct(w, type, at, offset, depth);
	struct push_array a = {.type = spirv_word(m, at, 2),
			       .count = spirv_word(m, at, 3),
			       .stride = spirv_id_of(m, type)->stride};
	if (spirv_op_at(m, at) == OP_TYPE_VECTOR) {
		a.stride = type_size(spirv_scalar(m, a.type));
		return push_elements(w, &a, offset, label, depth);
	}
	if (spirv_op_at(m, at) == OP_TYPE_ARRAY &&
	    spirv_constant(m, spirv_word(m, at, 3), w->info, &a.count))
		return push_elements(w, &a, offset, label, depth);
	return err_bad(
	    w->e, w->name,
	    "push constant '%s' is a matrix or another type that cannot be given in a job file",
	    label);
}

/* ---- variables ----------------------------------------------------------------------------- */

/* All members carry the decoration: that is how compilers write a readonly or writeonly block. */
static bool all_members(const struct spirv *m, uint32_t type, uint32_t decoration)
{
	size_t at = spirv_def_of(m, type, OP_TYPE_STRUCT);

	if (at && spirv_len_at(m, at) - 2 > MEMBERS_MAX)
		return false;
	for (uint32_t i = 0; at && i + 2 < spirv_len_at(m, at); i++)
		if (!spirv_member(m, OP_MEMBER_DECORATE, type, i, decoration))
			return false;
	return at && spirv_len_at(m, at) > 2;
}

static enum spirv_kind kind_of(const struct spirv *m, uint32_t storage, uint32_t type)
{
	size_t image = spirv_def_of(m, type, OP_TYPE_IMAGE);

	if (storage == CLASS_UNIFORM_CONSTANT) {
		if (spirv_def_of(m, type, OP_TYPE_SAMPLED_IMAGE))
			return SPIRV_COMBINED;
		if (spirv_def_of(m, type, OP_TYPE_SAMPLER))
			return SPIRV_SAMPLER;
		if (!image || spirv_word(m, image, 3) == DIM_BUFFER)
			return SPIRV_OTHER;
		return spirv_word(m, image, 7) == IMAGE_IS_STORAGE ? SPIRV_STORAGE_IMAGE
								   : SPIRV_TEXTURE;
	}
	if (!spirv_def_of(m, type, OP_TYPE_STRUCT))
		return SPIRV_OTHER;
	if (storage == CLASS_STORAGE_BUFFER || spirv_id_of(m, type)->flags & BUFFER_BLOCK)
		return SPIRV_STORAGE;
	return SPIRV_UNIFORM;
}

static void name_binding(const struct spirv *m, uint32_t variable, uint32_t type,
			 struct spirv_binding *b)
{
	size_t at = spirv_def_of(m, type, OP_TYPE_STRUCT);
	size_t named = at && spirv_len_at(m, at) == 3 ? spirv_member(m, OP_MEMBER_NAME, type, 0, 0)
						      : 0;

	spirv_name(m, variable, b->name);
	spirv_name(m, type, b->block);
	if (b->name[0])
		return;
	memcpy(b->name, b->block, sizeof b->name);
	if (named)
		spirv_string(m, named, 3, b->member);
}

static int add_binding(const struct spirv *m, size_t at, uint32_t type, const char *name,
		       struct spirv_info *info, struct err *e)
{
	uint32_t variable = spirv_word(m, at, 2);
	const struct spirv_id *id = spirv_id_of(m, variable);
	struct spirv_binding b = {.set = id->set, .binding = id->binding, .id = variable};
	size_t slot = info->binding_count;

	if (info->binding_count == SPIRV_BINDINGS)
		return err_bad(e, name, "declares more than %d bindings", SPIRV_BINDINGS);
	unsigned op = spirv_def_op(m, type);
	if (op == OP_TYPE_ARRAY || op == OP_TYPE_RUNTIME_ARRAY) {
		b.is_array = true;
		type = spirv_word(m, spirv_id_of(m, type)->def, 2);
	}
	b.kind = kind_of(m, spirv_word(m, at, 3), type);
	b.can_write = !(id->flags & NON_WRITABLE || all_members(m, type, DECORATION_NON_WRITABLE));
	b.can_read = !(id->flags & NON_READABLE || all_members(m, type, DECORATION_NON_READABLE));
	name_binding(m, variable, type, &b);
	b.type = type;
	for (; slot > 0; slot--) {
		const struct spirv_binding *before = &info->bindings[slot - 1];
		if (before->set < b.set || (before->set == b.set && before->binding < b.binding))
			break;
		if (before->set == b.set && before->binding == b.binding)
			return err_bad(e, name, "declares set %u, binding %u twice", b.set,
				       b.binding);
		info->bindings[slot] = info->bindings[slot - 1];
	}
	info->bindings[slot] = b;
	info->binding_count++;
	return 0;
}

/* From version 1.4 on an entry point lists all global variables it uses; before, all count. */
bool spirv_is_used(const struct spirv *m, uint32_t variable, uint32_t version)
{
	if (version < 0x00010400)
		return true;
	for (size_t i = 3; i < spirv_len_at(m, m->entry_at); i++)
		if (spirv_word(m, m->entry_at, i) == variable)
			return true;
	return false;
}

static int add_variable(const struct spirv *m, size_t at, const char *name, struct spirv_info *info,
			struct err *e)
{
	uint32_t storage = spirv_word(m, at, 3);
	size_t pointer = spirv_def_of(m, spirv_word(m, at, 1), OP_TYPE_POINTER);
	uint32_t type = pointer ? spirv_word(m, pointer, 3) : 0;

	if (!spirv_is_used(m, spirv_word(m, at, 2), info->version))
		return 0;
	if (storage == CLASS_PUSH_CONSTANT) {
		struct push_walk w = {.m = m, .name = name, .info = info, .e = e};
		return push_type(&w, type, 0, "push", 0);
	}
	if (storage == CLASS_UNIFORM_CONSTANT || storage == CLASS_UNIFORM ||
	    storage == CLASS_STORAGE_BUFFER)
		return add_binding(m, at, type, name, info, e);
	return 0;
}

static int add_spec(const struct spirv *m, size_t at, const char *name, struct spirv_info *info,
		    struct err *e)
{
	uint32_t result = spirv_word(m, at, 2);
	const struct spirv_id *id = spirv_id_of(m, result);

	if (!(id->flags & HAS_SPEC_ID))
		return 0;
	if (info->spec_count == SPIRV_SPECS)
		return err_bad(e, name, "declares more than %d specialization constants",
			       SPIRV_SPECS);
	struct spirv_spec *s = &info->specs[info->spec_count++];
	s->id = id->spec_id;
	s->type = spirv_scalar(m, spirv_word(m, at, 1));
	s->bits = spirv_literal(m, at);
	spirv_name(m, result, s->name);
	return 0;
}

int spirv_reflect(const struct spirv *m, const char *name, struct spirv_info *info, struct err *e)
{
	memset(info, 0, sizeof *info);
	info->version = m->words[1];
	/* Constants come first: the length of a push constant array may be one of them. */
	for (size_t at = HEADER_WORDS; at < m->count && spirv_op_at(m, at) != OP_FUNCTION;
	     at += spirv_len_at(m, at)) {
		unsigned op = spirv_op_at(m, at);
		if (op == OP_CAPABILITY && info->capability_count == SPIRV_CAPABILITIES)
			return err_bad(e, name, "declares more than %d capabilities",
				       SPIRV_CAPABILITIES);
		if (op == OP_CAPABILITY)
			info->capabilities[info->capability_count++] = spirv_word(m, at, 1);
		if (op >= OP_SPEC_CONSTANT_TRUE && op <= OP_SPEC_CONSTANT &&
		    add_spec(m, at, name, info, e) < 0)
			return -1;
	}
	for (size_t at = HEADER_WORDS; at < m->count && spirv_op_at(m, at) != OP_FUNCTION;
	     at += spirv_len_at(m, at))
		if (spirv_op_at(m, at) == OP_VARIABLE && add_variable(m, at, name, info, e) < 0)
			return -1;
	spirv_note_uses(m, info);
	return spirv_sizes(m, name, info, e);
}
