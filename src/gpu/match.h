/* SPDX-License-Identifier: Apache-2.0 */
/* What a shader declares against what a buffer is. Pure; messages say both sides. */
#pragma once

#include <vulkan/vulkan_core.h>

#include "gpu/spirv.h"
#include "gpu/types.h"

enum { MATCH_PLACE = SPIRV_NAME + 48 };

/* "binding 3 'photo'", "set 1, binding 0 'table'" */
const char *match_place(const struct spirv_binding *b, char buf[static MATCH_PLACE]);

/* Whether a buffer of this shape can stand at a storage or uniform block. name is the buffer's. */
int match_buffer(const struct spirv_binding *b, const struct shape *s, const char *name,
		 struct err *e);

/* What the steps of a job want one buffer to be besides a buffer. All zero: nothing. */
struct image_want {
	VkFormat format;
	const char *format_name; /* "rgba8" */
	unsigned dims;           /* 2 or 3 */
	uint32_t width, height, depth, texel_bytes;
	bool storage, sampled; /* how it is bound */
	bool sampler;          /* its sampler is bound */
};

/* The same for images, textures and samplers; adds what this binding wants. */
int match_image(const struct spirv_binding *b, const struct shape *s, const char *name,
		struct image_want *want, struct err *e);
