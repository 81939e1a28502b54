/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images. A buffer that some step binds as an image has both: the buffer, for files, copies and other
 * steps, and the image. Which of the two holds the newest contents is known while commands are
 * recorded; before the other one is used they are copied.
 */
#pragma once

#include "gpu/gpu.h"
#include "gpu/match.h"

struct gpu_image {
	VkImage image; /* null when only a sampler was wanted */
	VkImageView view;
	VkSampler sampler;
	struct gpu_memory memory;
	VkExtent3D extent;
	VkImageLayout layout;                               /* while shaders use it */
	bool defined;                                       /* has left the undefined layout */
	enum { IMAGE_OLD, IMAGE_SAME, IMAGE_NEW } compared; /* to the buffer */
};

/* How a texture is read, as the job file says. */
struct image_sampling {
	enum compute_filter filter;
	enum compute_address address;
};

/* Whether the device has such an image; name is the buffer's. */
int image_check(const struct gpu *g, const struct image_want *want, const char *name,
		const struct image_sampling *sampling, struct fail *f);
/* Bytes of device memory that it will take, as far as that is known without making it. */
uint64_t image_bytes(const struct image_want *want);
/* Makes what is wanted and puts it into b->image. */
int image_create(struct gpu *g, const struct image_want *want,
		 const struct image_sampling *sampling, struct gpu_buffer *b, struct fail *f);
/* Part of gpu_buffer_destroy. */
void image_free(struct gpu *g, struct gpu_image *image);

/* Records that the next commands use the image, or the buffer, and the copy that this may need. */
void image_use(struct gpu *g, const struct gpu_buffer *b, bool writes);
void image_use_buffer(struct gpu *g, const struct gpu_buffer *b, bool writes);
