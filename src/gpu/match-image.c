/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers as images: [height, width] or [height, width, channels], in three dimensions with the depth
 * in front. The format comes from the shader's qualifier, else from the buffer's type and channels
 * and from what the shader reads; all steps must come to the same one.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "gpu/match.h"

static const struct format {
	const char *name;
	uint32_t spirv;
	VkFormat vk;
	enum compute_type type;
	unsigned channels;
	enum compute_type reads;
} formats[] = {
#define FORMAT(name, spirv, vk, type, channels, reads) \
	{name, spirv, VK_FORMAT_##vk, TYPE_##type, channels, TYPE_##reads},
#include "gpu/image-format.def"
#undef FORMAT
};

static const struct format *format_of(const struct spirv_binding *b, const struct shape *s,
				      unsigned channels)
{
	for (size_t i = 0; i < COUNTOF(formats); i++) {
		const struct format *f = &formats[i];
		if (b->image.format ? f->spirv == b->image.format
				    : f->type == s->type && f->channels == channels &&
					  f->reads == b->image.type)
			return f;
	}
	return NULL;
}

static int refuse(const struct spirv_binding *b, const struct shape *s, const char *name,
		  const char *why, struct err *e)
{
	char place[MATCH_PLACE], shape[SHAPE_TEXT];

	return err_bad(e, "", "%s is %s, buffer '%s' is %s: %s", match_place(b, place), b->text,
		       name, shape_print(s, shape), why);
}

/* NULL with *e when there is none. */
static const struct format *choose_format(const struct spirv_binding *b, const struct shape *s,
					  const char *name, struct err *e)
{
	unsigned dims = b->image.dims;
	unsigned channels = s->dims > dims ? (unsigned)s->dim[s->dims - 1] : 1;
	char why[160];

	if (s->dims != dims && s->dims != dims + 1) {
		(void)refuse(
		    b, s, name,
		    dims == 2
			? "it needs the shape [height, width] or [height, width, channels]"
			: "it needs the shape [depth, height, width] or [depth, height, width, channels]",
		    e);
		return NULL;
	}
	if (s->dims > dims && (s->dim[s->dims - 1] > 4 || channels == 3 || channels == 0)) {
		(void)refuse(b, s, name, "images have 1, 2 or 4 channels", e);
		return NULL;
	}
	const struct format *f = format_of(b, s, channels);
	if (!f && b->image.format) {
		(void)snprintf(why, sizeof why,
			       "the shader's format (number %u in SPIR-V) cannot be used here",
			       b->image.format);
		(void)refuse(b, s, name, why, e);
		return NULL;
	}
	if (!f) {
		(void)snprintf(why, sizeof why, "no image of %s with %u channel%s is read as %s",
			       type_name(s->type), channels, channels > 1 ? "s" : "",
			       type_name(b->image.type));
		(void)refuse(b, s, name, why, e);
		return NULL;
	}
	if (f->type != s->type || f->channels != channels) {
		(void)snprintf(why, sizeof why, "the shader's format %s is %s with %u channel%s",
			       f->name, type_name(f->type), f->channels,
			       f->channels > 1 ? "s" : "");
		(void)refuse(b, s, name, why, e);
		return NULL;
	}
	return f;
}

int match_image(const struct spirv_binding *b, const struct shape *s, const char *name,
		struct image_want *want, struct err *e)
{
	char why[160];

	if (b->kind == SPIRV_SAMPLER || b->kind == SPIRV_COMBINED)
		want->sampler = true;
	if (b->kind == SPIRV_SAMPLER)
		return 0;
	const struct format *f = choose_format(b, s, name, e);
	if (!f)
		return -1;
	if (want->format != VK_FORMAT_UNDEFINED &&
	    (want->format != f->vk || want->dims != b->image.dims)) {
		(void)snprintf(why, sizeof why,
			       "here it is %uD of format %s, elsewhere in the job %uD of format %s",
			       b->image.dims, f->name, want->dims, want->format_name);
		return refuse(b, s, name, why, e);
	}
	for (unsigned i = 0; i < b->image.dims; i++)
		if (s->dim[i] == 0 || s->dim[i] > UINT32_MAX)
			return refuse(b, s, name, "an image has neither empty nor such large axes",
				      e);
	want->format = f->vk;
	want->format_name = f->name;
	want->dims = b->image.dims;
	want->texel_bytes = (uint32_t)(type_size(f->type) * f->channels);
	want->width = (uint32_t)s->dim[want->dims - 1];
	want->height = (uint32_t)s->dim[want->dims - 2];
	want->depth = want->dims == 3 ? (uint32_t)s->dim[0] : 1;
	if (b->kind == SPIRV_STORAGE_IMAGE)
		want->storage = true;
	else
		want->sampled = true;
	return 0;
}
