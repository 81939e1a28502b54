/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a binding declares, in bytes: where the numbers of a block lie, of which type they are and
 * which layout rules that keeps to; the kind of an image. And the same as GLSL, for messages.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "gpu/spirv-words.h"
#include "gpu/types.h"

struct walk {
	const struct spirv *m;
	const struct spirv_info *info; /* for lengths that are specialization constants */
	unsigned *visits;              /* left; all blocks of a module share them */
	bool uniform;
};

/* Decorations of a member that are about the matrices in it. */
struct major {
	uint64_t stride;
	bool rows;
};

struct extent {
	uint64_t bytes;  /* to the end of the last number */
	uint64_t values; /* of the numbers alone */
	uint64_t align;  /* what std430 would give it */
	enum compute_type type;
	bool mixed; /* then type is of no use */
	enum spirv_rules rules;
};

static bool extent_of(struct walk *w, uint32_t type, const struct major *major, int depth,
		      struct extent *ret);

static void demand(struct extent *x, enum spirv_rules rules)
{
	if (rules > x->rules)
		x->rules = rules;
}

static void merge_type(struct extent *x, const struct extent *part)
{
	x->mixed |= part->mixed || (x->type != TYPE_NONE && x->type != part->type);
	x->type = part->type;
}

static bool array_extent(const struct extent *element, uint64_t count, uint64_t stride,
			 struct extent *ret)
{
	*ret = *element;
	return count <= UINT32_MAX && stride <= UINT32_MAX &&
	       !__builtin_mul_overflow(count, stride, &ret->bytes) &&
	       !__builtin_mul_overflow(count, element->values, &ret->values);
}

/* Arrays and matrices: elements must be aligned, in a uniform block of the older rules to 16 bytes. */
static void check_stride(const struct walk *w, struct extent *x, uint64_t stride)
{
	if (stride % x->align)
		demand(x, RULES_SCALAR);
	else if (w->uniform && stride % 16)
		demand(x, RULES_STD430);
}

static bool vector_extent(struct walk *w, size_t at, struct extent *ret)
{
	uint64_t count = spirv_word(w->m, at, 3);
	enum compute_type type = spirv_scalar(w->m, spirv_word(w->m, at, 2));
	uint64_t bytes = count * type_size(type);

	if (type == TYPE_NONE || type == TYPE_BOOL || count < 2 || count > 4)
		return false;
	*ret = (struct extent){.bytes = bytes,
			       .values = bytes,
			       .align = (count == 2 ? 2 : 4) * type_size(type),
			       .type = type};
	return true;
}

static bool matrix_extent(struct walk *w, size_t at, const struct major *major, struct extent *ret)
{
	size_t column = spirv_def_of(w->m, spirv_word(w->m, at, 2), OP_TYPE_VECTOR);
	uint64_t columns = spirv_word(w->m, at, 3);
	struct extent v;

	if (!column || !vector_extent(w, column, &v) || columns < 2 || columns > 4)
		return false;
	uint64_t rows = spirv_word(w->m, column, 3);
	if (major->rows) { /* what lies together are rows then */
		uint64_t size = type_size(v.type);
		v.values = columns * size;
		v.align = (columns == 2 ? 2 : 4) * size;
	}
	return array_extent(&v, major->rows ? rows : columns, major->stride, ret) &&
	       (check_stride(w, ret, major->stride), true);
}

/* A vector may lie on any multiple of its numbers' size as long as no 16 bytes are crossed. */
static bool is_vector_in_place(const struct walk *w, uint32_t type, const struct extent *x,
			       uint64_t offset)
{
	return spirv_def_of(w->m, type, OP_TYPE_VECTOR) && offset % type_size(x->type) == 0 &&
	       (x->bytes <= 16 ? offset / 16 == (offset + x->bytes - 1) / 16 : offset % 16 == 0);
}

static void check_offset(const struct walk *w, uint32_t type, const struct extent *part,
			 uint64_t offset, struct extent *x)
{
	unsigned op = spirv_def_op(w->m, type);
	bool outer = op == OP_TYPE_ARRAY || op == OP_TYPE_STRUCT || op == OP_TYPE_MATRIX ||
		     op == OP_TYPE_RUNTIME_ARRAY;

	if (offset % part->align && !is_vector_in_place(w, type, part, offset))
		demand(x, RULES_SCALAR);
	else if (w->uniform && outer && offset % 16)
		demand(x, RULES_STD430);
	demand(x, part->rules);
}

static struct major major_of(const struct spirv *m, uint32_t type, uint32_t member)
{
	size_t stride = spirv_member(m, OP_MEMBER_DECORATE, type, member, DECORATION_MATRIX_STRIDE);
	size_t rows = spirv_member(m, OP_MEMBER_DECORATE, type, member, DECORATION_ROW_MAJOR);

	return (struct major){.stride = stride ? spirv_word(m, stride, 4) : 0, .rows = rows != 0};
}

static bool struct_extent(struct walk *w, uint32_t type, size_t at, int depth, struct extent *ret)
{
	*ret = (struct extent){.align = 1};
	if (spirv_len_at(w->m, at) - 2 > MEMBERS_MAX)
		return false;
	for (uint32_t i = 0; i + 2 < spirv_len_at(w->m, at); i++) {
		uint32_t member = spirv_word(w->m, at, 2 + i);
		struct major major = major_of(w->m, type, i);
		size_t where = spirv_member(w->m, OP_MEMBER_DECORATE, type, i, DECORATION_OFFSET);
		struct extent part;
		if (!where || !extent_of(w, member, &major, depth + 1, &part))
			return false;
		uint64_t offset = spirv_word(w->m, where, 4);
		check_offset(w, member, &part, offset, ret);
		merge_type(ret, &part);
		ret->values += part.values;
		if (offset + part.bytes > ret->bytes)
			ret->bytes = offset + part.bytes;
		if (part.align > ret->align)
			ret->align = part.align;
	}
	return ret->values > 0;
}

/* False: not a type with a known place for each number. */
static bool extent_of(struct walk *w, uint32_t type, const struct major *major, int depth,
		      struct extent *ret)
{
	size_t at = spirv_id_of(w->m, type)->def;
	enum compute_type scalar = spirv_scalar(w->m, type);
	uint64_t count, stride = spirv_id_of(w->m, type)->stride;
	struct extent element;

	if (!at || depth > DEPTH_MAX || *w->visits == 0)
		return false;
	--*w->visits;
	if (scalar != TYPE_NONE && scalar != TYPE_BOOL) {
		uint64_t size = type_size(scalar);
		*ret = (struct extent){
		    .bytes = size, .values = size, .align = size, .type = scalar};
		return true;
	}
	switch (spirv_op_at(w->m, at)) {
	case OP_TYPE_VECTOR:
		return vector_extent(w, at, ret);
	case OP_TYPE_MATRIX:
		return matrix_extent(w, at, major, ret);
	case OP_TYPE_ARRAY:
		if (!spirv_constant(w->m, spirv_word(w->m, at, 3), w->info, &count) ||
		    !extent_of(w, spirv_word(w->m, at, 2), major, depth + 1, &element) ||
		    !array_extent(&element, count, stride, ret))
			return false;
		check_stride(w, ret, stride);
		return true;
	case OP_TYPE_STRUCT:
		return struct_extent(w, type, at, depth, ret);
	default:
		return false;
	}
}

/* The block itself: like a struct, but its last member may be an array without a length. */
static bool block_extent(struct walk *w, uint32_t type, struct spirv_layout *b)
{
	const struct spirv *m = w->m;
	size_t at = spirv_def_of(m, type, OP_TYPE_STRUCT);
	size_t members = at ? spirv_len_at(m, at) - 2 : 0;
	struct extent x = {.align = 1}, element;

	if (members == 0 || members > MEMBERS_MAX)
		return false;
	uint32_t last = spirv_word(m, at, 1 + members);
	size_t array = spirv_def_of(m, last, OP_TYPE_RUNTIME_ARRAY);
	for (uint32_t i = 0; i < members; i++) {
		struct major major = major_of(m, type, i);
		size_t where = spirv_member(m, OP_MEMBER_DECORATE, type, i, DECORATION_OFFSET);
		bool open = array && i == members - 1;
		uint32_t member = open ? spirv_word(m, array, 2) : spirv_word(m, at, 2 + i);
		if (!where || !extent_of(w, member, &major, 0, &element))
			return false;
		uint64_t offset = spirv_word(m, where, 4);
		merge_type(&x, &element);
		check_offset(w, spirv_word(m, at, 2 + i), &element, offset, &x);
		if (open) {
			b->stride = spirv_id_of(m, last)->stride;
			check_stride(w, &element, b->stride);
			demand(&x, element.rules);
			x.values = element.values;
			element.bytes = 0;
		} else {
			x.values += element.values;
		}
		if (offset + element.bytes > x.bytes)
			x.bytes = offset + element.bytes;
	}
	b->bytes = x.bytes;
	b->values = x.values;
	b->type = x.mixed ? TYPE_NONE : x.type;
	b->rules = x.rules;
	return !array || b->stride > 0;
}

/* ---- as GLSL ------------------------------------------------------------------------------- */

static void add_text(char *buf, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void add_text(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

static const struct {
	const char *scalar, *prefix; /* "float" and what stands before vec3 */
} glsl[] = {
    [TYPE_NONE] = {"?", "?"},         [TYPE_U8] = {"uint8_t", "u8"},
    [TYPE_I8] = {"int8_t", "i8"},     [TYPE_U16] = {"uint16_t", "u16"},
    [TYPE_I16] = {"int16_t", "i16"},  [TYPE_U32] = {"uint", "u"},
    [TYPE_I32] = {"int", "i"},        [TYPE_F32] = {"float", ""},
    [TYPE_U64] = {"uint64_t", "u64"}, [TYPE_I64] = {"int64_t", "i64"},
    [TYPE_F64] = {"double", "d"},     [TYPE_F16] = {"float16_t", "f16"},
    [TYPE_BOOL] = {"bool", "b"},
};

/* Without what stands in brackets behind the name. */
static void type_text(const struct spirv *m, uint32_t type, char buf[static SPIRV_NAME])
{
	size_t at = spirv_id_of(m, type)->def;
	unsigned op = at ? spirv_op_at(m, at) : 0;

	for (int depth = 0;
	     depth < DEPTH_MAX && (op == OP_TYPE_ARRAY || op == OP_TYPE_RUNTIME_ARRAY); depth++) {
		type = spirv_word(m, at, 2);
		at = spirv_id_of(m, type)->def;
		op = at ? spirv_op_at(m, at) : 0;
	}
	buf[0] = '\0';
	if (op == OP_TYPE_VECTOR) {
		add_text(buf, SPIRV_NAME, "%svec%u",
			 glsl[spirv_scalar(m, spirv_word(m, at, 2))].prefix, spirv_word(m, at, 3));
	} else if (op == OP_TYPE_MATRIX) {
		size_t column = spirv_def_of(m, spirv_word(m, at, 2), OP_TYPE_VECTOR);
		add_text(
		    buf, SPIRV_NAME, "%smat%ux%u",
		    glsl[column ? spirv_scalar(m, spirv_word(m, column, 2)) : TYPE_NONE].prefix,
		    spirv_word(m, at, 3), column ? spirv_word(m, column, 3) : 0);
	} else if (op == OP_TYPE_STRUCT) {
		spirv_name(m, type, buf);
		if (buf[0] == '\0')
			add_text(buf, SPIRV_NAME, "struct");
	} else {
		add_text(buf, SPIRV_NAME, "%s", glsl[spirv_scalar(m, type)].scalar);
	}
}

static void block_text(const struct walk *w, uint32_t type, char buf[static SPIRV_TEXT])
{
	enum { SHOWN = 3 };
	const struct spirv *m = w->m;
	size_t at = spirv_def_of(m, type, OP_TYPE_STRUCT);
	size_t members = at ? spirv_len_at(m, at) - 2 : 0;
	char part[SPIRV_NAME], name[SPIRV_NAME];

	add_text(buf, SPIRV_TEXT, "{");
	for (uint32_t i = 0; i < members && i < SHOWN; i++) {
		uint32_t member = spirv_word(m, at, 2 + i);
		size_t named = spirv_member(m, OP_MEMBER_NAME, type, i, 0);
		type_text(m, member, part);
		name[0] = '\0';
		if (named)
			spirv_string(m, named, 3, name);
		add_text(buf, SPIRV_TEXT, " %s%s%.24s", part, name[0] ? " " : "", name);
		for (int depth = 0; depth < DEPTH_MAX; depth++) {
			size_t array = spirv_id_of(m, member)->def;
			unsigned op = array ? spirv_op_at(m, array) : 0;
			uint64_t count;
			if (op != OP_TYPE_ARRAY && op != OP_TYPE_RUNTIME_ARRAY)
				break;
			if (op == OP_TYPE_ARRAY &&
			    spirv_constant(m, spirv_word(m, array, 3), w->info, &count))
				add_text(buf, SPIRV_TEXT, "[%llu]", (unsigned long long)count);
			else
				add_text(buf, SPIRV_TEXT, "[]");
			member = spirv_word(m, array, 2);
		}
		add_text(buf, SPIRV_TEXT, ";");
	}
	add_text(buf, SPIRV_TEXT, members > SHOWN ? " ... }" : " }");
}

/* ---- images -------------------------------------------------------------------------------- */

static void image_declaration(const struct spirv *m, uint32_t type, struct spirv_binding *b)
{
	static const char *const words[] = {[SPIRV_STORAGE_IMAGE] = "image",
					    [SPIRV_COMBINED] = "sampler",
					    [SPIRV_TEXTURE] = "texture",
					    [SPIRV_SAMPLER] = "sampler",
					    [SPIRV_OTHER] = "texture"};
	static const char *const dims[] = {"1D", "2D", "3D", "Cube", "2DRect", "Buffer", "Subpass"};
	size_t combined = spirv_def_of(m, type, OP_TYPE_SAMPLED_IMAGE);
	size_t at = spirv_def_of(m, combined ? spirv_word(m, combined, 2) : type, OP_TYPE_IMAGE);

	if (!at) {
		add_text(b->text, SPIRV_TEXT, b->kind == SPIRV_SAMPLER ? "sampler" : "?");
		return;
	}
	uint32_t dim = spirv_word(m, at, 3);
	bool shadow = spirv_word(m, at, 4) == 1, arrayed = spirv_word(m, at, 5) != 0,
	     multi = spirv_word(m, at, 6) != 0;
	b->image.type = spirv_scalar(m, spirv_word(m, at, 2));
	b->image.dims = dim == DIM_2D ? 2 : dim == DIM_3D ? 3 : 0;
	b->image.format = spirv_word(m, at, 8);
	b->image.plain = !shadow && !arrayed && !multi;
	add_text(b->text, SPIRV_TEXT, "%s%s%s%s%s%s", glsl[b->image.type].prefix, words[b->kind],
		 dim < COUNTOF(dims) ? dims[dim] : "", multi ? "MS" : "", arrayed ? "Array" : "",
		 shadow ? "Shadow" : "");
}

void spirv_declaration(const struct spirv *m, const struct spirv_info *info, unsigned *visits,
		       struct spirv_binding *b)
{
	struct walk w = {
	    .m = m, .info = info, .visits = visits, .uniform = b->kind == SPIRV_UNIFORM};

	b->text[0] = '\0';
	b->layout = (struct spirv_layout){.known = false};
	b->image = (struct spirv_image){.dims = 0};
	if (b->kind == SPIRV_STORAGE || b->kind == SPIRV_UNIFORM) {
		b->layout.known = block_extent(&w, b->type, &b->layout);
		block_text(&w, b->type, b->text);
	} else {
		image_declaration(m, b->type, b);
	}
}
