/* SPDX-License-Identifier: Apache-2.0 */
/* Each binding of a step against its buffer; what that makes of the buffers besides buffers. */
#include "base/auto.h"
#include "gpu/image.h"
#include "gpu/pipeline.h"

static bool is_image(enum spirv_kind kind)
{
	return kind == SPIRV_STORAGE_IMAGE || kind == SPIRV_COMBINED || kind == SPIRV_TEXTURE;
}

/* As an image and as a buffer, one buffer is two things, which no device keeps the same in a dispatch. */
static int check_twice(const struct step *s, size_t i, const char *name, struct fail *f)
{
	const struct spirv_binding *all = s->kernel->info.bindings, *b = &all[i];
	char here[MATCH_PLACE], there[MATCH_PLACE];

	for (size_t o = 0; is_image(b->kind) && o < s->kernel->info.binding_count; o++)
		if (s->bind[o] == s->bind[i] &&
		    (all[o].kind == SPIRV_STORAGE || all[o].kind == SPIRV_UNIFORM) &&
		    (all[o].writes || b->writes))
			return fail_set(
			    f, END_BAD_JOB, s->request->where,
			    "kernel '%s': buffer '%s' is bound as an image (%s) and as a buffer (%s), and written to",
			    s->kernel->request->name, name, match_place(b, here),
			    match_place(&all[o], there));
	return 0;
}

int step_match(const struct step *s, const struct request *q, const struct shape *shapes,
	       struct image_want *wants, struct fail *f)
{
	const struct spirv_info *info = &s->kernel->info;

	for (size_t i = 0; i < info->binding_count; i++) {
		const struct spirv_binding *b = &info->bindings[i];
		size_t buffer = s->bind[i];
		const char *name = q->buffers[buffer].name;
		struct err e = ERR_INIT;
		int rc = b->kind == SPIRV_STORAGE || b->kind == SPIRV_UNIFORM
			     ? match_buffer(b, &shapes[buffer], name, &e)
			     : match_image(b, &shapes[buffer], name, &wants[buffer], &e);
		if (rc < 0) {
			(void)err_in(&e, "kernel '%s'", s->kernel->request->name);
			return fail_err(f, END_BAD_JOB, s->request->where, &e);
		}
		if (check_twice(s, i, name, f) < 0)
			return -1;
	}
	return 0;
}
