/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers must be of the same kind, because what a shader reads as something else is silently wrong.
 * Integers may be seen through integers of another size or sign (bytes as packed words), and f16
 * as words, since not every shader can hold the small types.
 */
#include "gpu/match.h"

#include <stdio.h>

const char *match_place(const struct spirv_binding *b, char buf[static MATCH_PLACE])
{
	int n = b->set ? snprintf(buf, MATCH_PLACE, "set %u, ", b->set) : 0;

	(void)snprintf(buf + n, (size_t)(MATCH_PLACE - n), "binding %u '%s'", b->binding, b->name);
	return buf;
}

static bool types_match(enum compute_type shader, enum compute_type data)
{
	if (shader == TYPE_NONE || shader == data)
		return true;
	if (data == TYPE_F16)
		return shader == TYPE_U32 || shader == TYPE_I32;
	return !type_is_float(shader) && !type_is_float(data);
}

/* Whether rows of the buffer can be elements of an array whose elements have gaps behind them. */
static bool rows_fit(const struct spirv_layout *l, const struct shape *s)
{
	if (l->stride == 0 || l->values == l->stride || l->bytes || s->dims < 2)
		return true;
	return s->dim[s->dims - 1] * type_size(s->type) % l->stride == 0;
}

static int mismatch(const struct spirv_binding *b, const struct shape *s, const char *name,
		    const char *what, struct err *e)
{
	char place[MATCH_PLACE], shape[SHAPE_TEXT];

	return err_bad(e, "", "%s is %s%s; buffer '%s' is %s", match_place(b, place), b->text, what,
		       name, shape_print(s, shape));
}

static int wrong_type(const struct spirv_binding *b, const struct shape *s, const char *name,
		      struct err *e)
{
	char what[64];

	(void)snprintf(what, sizeof what, ", which holds %s", type_name(b->layout.type));
	(void)mismatch(b, s, name, what, e);
	return err_hint(e, "declare %s in the shader, or give the buffer the type %s",
			type_name(s->type), type_name(b->layout.type));
}

static int wrong_size(const struct spirv_binding *b, const struct shape *s, const char *name,
		      struct err *e)
{
	const struct spirv_layout *l = &b->layout;
	char what[120];

	if (s->bytes < l->bytes || l->stride == 0)
		(void)snprintf(what, sizeof what, " and needs %llu bytes%s",
			       (unsigned long long)l->bytes,
			       l->stride ? " before its last array" : "");
	else
		(void)snprintf(what, sizeof what, ", whose elements are %llu bytes apart%s",
			       (unsigned long long)l->stride,
			       l->bytes ? " behind what stands before them" : "");
	(void)mismatch(b, s, name, what, e);
	(void)err_in(e, "buffer '%s' has %llu bytes", name, (unsigned long long)s->bytes);
	if (l->stride && l->values < l->stride)
		return err_hint(
		    e,
		    "each element is %llu bytes and a gap: give each row of the buffer %llu bytes, or declare the block layout(scalar)",
		    (unsigned long long)l->values, (unsigned long long)l->stride);
	if (!l->stride && l->values < l->bytes)
		return err_hint(
		    e,
		    "the numbers take %llu bytes, the rest are gaps of the layout (std140 puts the elements of arrays 16 bytes apart): give the buffer these gaps, or declare the block layout(scalar)",
		    (unsigned long long)l->values);
	return -1;
}

int match_buffer(const struct spirv_binding *b, const struct shape *s, const char *name,
		 struct err *e)
{
	const struct spirv_layout *l = &b->layout;
	uint64_t bytes = s->bytes;

	if (!l->known)
		return 0;
	if (!types_match(l->type, s->type))
		return wrong_type(b, s, name, e);
	/* Small types are padded on the device, so that they can be read as words. */
	if (type_size(s->type) < 4)
		bytes = (bytes + 3) / 4 * 4;
	if (bytes < l->bytes || (l->stride && (bytes - l->bytes) % l->stride) || !rows_fit(l, s))
		return wrong_size(b, s, name, e);
	return 0;
}
