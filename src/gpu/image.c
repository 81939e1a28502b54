/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image that is only a texture has the layout for reading, any other one the general layout: the
 * same image may be a texture in one step and written by the next.
 */
#include "gpu/image.h"

#include "base/auto.h"

static VkImageUsageFlags usage_of(const struct image_want *want)
{
	return VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT |
	       (want->storage ? VK_IMAGE_USAGE_STORAGE_BIT : 0) |
	       (want->sampled ? VK_IMAGE_USAGE_SAMPLED_BIT : 0);
}

static VkImageType type_of(const struct image_want *want)
{
	return want->dims == 3 ? VK_IMAGE_TYPE_3D : VK_IMAGE_TYPE_2D;
}

static const char *missing(VkFormatFeatureFlags have, const struct image_want *want,
			   const struct image_sampling *sampling)
{
	if (want->storage && !(have & VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT))
		return "storage images (VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT)";
	if (want->sampled && !(have & VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT))
		return "textures (VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT)";
	if (want->sampler && sampling->filter == FILTER_LINEAR &&
	    !(have & VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT))
		return "linear filtering (VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT); use the filter nearest";
	return NULL;
}

int image_check(const struct gpu *g, const struct image_want *want, const char *name,
		const struct image_sampling *sampling, struct fail *f)
{
	VkFormatProperties features;
	VkImageFormatProperties most;

	if (want->format == VK_FORMAT_UNDEFINED)
		return 0;
	g->vk->GetPhysicalDeviceFormatProperties(g->info->handle, want->format, &features);
	const char *lacks = missing(features.optimalTilingFeatures, want, sampling);
	VkResult r = g->vk->GetPhysicalDeviceImageFormatProperties(
	    g->info->handle, want->format, type_of(want), VK_IMAGE_TILING_OPTIMAL, usage_of(want),
	    0, &most);
	if (!lacks && r == VK_ERROR_FORMAT_NOT_SUPPORTED)
		lacks = "images that are used in all the ways that the job's steps use this one";
	if (lacks)
		return fail_set(
		    f, END_BAD_JOB, NULL,
		    "buffer '%s' becomes an image of format %s (VkFormat %d), for which the device does not offer %s",
		    name, want->format_name, (int)want->format, lacks);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkGetPhysicalDeviceImageFormatProperties", "make an image");
	if (want->width > most.maxExtent.width || want->height > most.maxExtent.height ||
	    want->depth > most.maxExtent.depth)
		return fail_set(
		    f, END_BAD_JOB, NULL,
		    "buffer '%s' becomes an image of %u x %u x %u, the device allows %u x %u x %u (%s)",
		    name, want->width, want->height, want->depth, most.maxExtent.width,
		    most.maxExtent.height, most.maxExtent.depth,
		    want->dims == 3 ? "maxImageDimension3D" : "maxImageDimension2D");
	return 0;
}

uint64_t image_bytes(const struct image_want *want)
{
	/* Each factor came from the shape of a buffer whose bytes could be counted. */
	return want->format == VK_FORMAT_UNDEFINED
		   ? 0
		   : (uint64_t)want->texel_bytes * want->width * want->height * want->depth;
}

static int make_image(struct gpu *g, const struct image_want *want, struct gpu_image *i,
		      struct fail *f)
{
	VkImageCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
	    .imageType = type_of(want),
	    .format = want->format,
	    .extent = {want->width, want->height, want->depth},
	    .mipLevels = 1,
	    .arrayLayers = 1,
	    .samples = VK_SAMPLE_COUNT_1_BIT,
	    .tiling = VK_IMAGE_TILING_OPTIMAL,
	    .usage = usage_of(want),
	    .sharingMode = g->family_count > 1 ? VK_SHARING_MODE_CONCURRENT
					       : VK_SHARING_MODE_EXCLUSIVE,
	    .queueFamilyIndexCount = g->family_count,
	    .pQueueFamilyIndices = g->families,
	    .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
	};
	VkMemoryRequirements need;
	VkResult r = g->CreateImage(g->device, &info, NULL, &i->image);

	if (r != VK_SUCCESS) {
		f->bytes = f->needed = image_bytes(want);
		return fail_vk(f, r, "vkCreateImage", "make an image");
	}
	i->extent = info.extent;
	i->layout = want->storage ? VK_IMAGE_LAYOUT_GENERAL
				  : VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
	g->GetImageMemoryRequirements(g->device, i->image, &need);
	if (gpu_allocate(g, &need, GPU_FOR_IMAGES, &i->memory, f) < 0)
		return -1;
	r = g->BindImageMemory(g->device, i->image, i->memory.handle, 0);
	if (r != VK_SUCCESS)
		return fail_vk(f, r, "vkBindImageMemory", "use device memory");
	VkImageViewCreateInfo view = {
	    .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
	    .image = i->image,
	    .viewType = want->dims == 3 ? VK_IMAGE_VIEW_TYPE_3D : VK_IMAGE_VIEW_TYPE_2D,
	    .format = want->format,
	    .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
	};
	r = g->CreateImageView(g->device, &view, NULL, &i->view);
	return r == VK_SUCCESS ? 0 : fail_vk(f, r, "vkCreateImageView", "make an image");
}

static int make_sampler(struct gpu *g, const struct image_sampling *sampling, struct gpu_image *i,
			struct fail *f)
{
	static const VkSamplerAddressMode modes[] = {
	    [ADDRESS_CLAMP] = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
	    [ADDRESS_REPEAT] = VK_SAMPLER_ADDRESS_MODE_REPEAT,
	    [ADDRESS_MIRROR] = VK_SAMPLER_ADDRESS_MODE_MIRRORED_REPEAT,
	    [ADDRESS_BORDER] = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_BORDER,
	};
	VkFilter filter = sampling->filter == FILTER_LINEAR ? VK_FILTER_LINEAR : VK_FILTER_NEAREST;
	VkSamplerAddressMode mode = modes[sampling->address];
	VkSamplerCreateInfo info = {
	    .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
	    .magFilter = filter,
	    .minFilter = filter,
	    .mipmapMode = VK_SAMPLER_MIPMAP_MODE_NEAREST,
	    .addressModeU = mode,
	    .addressModeV = mode,
	    .addressModeW = mode,
	    .borderColor = VK_BORDER_COLOR_FLOAT_TRANSPARENT_BLACK,
	};
	VkResult r = g->CreateSampler(g->device, &info, NULL, &i->sampler);

	return r == VK_SUCCESS ? 0 : fail_vk(f, r, "vkCreateSampler", "make a sampler");
}

int image_create(struct gpu *g, const struct image_want *want,
		 const struct image_sampling *sampling, struct gpu_buffer *b, struct fail *f)
{
	bool image = want->format != VK_FORMAT_UNDEFINED;

	if (!image && !want->sampler)
		return 0;
	b->image = calloc(1, sizeof *b->image);
	if (!b->image)
		return fail_set(f, END_FAILED, NULL, "out of memory");
	if (image && make_image(g, want, b->image, f) < 0)
		return -1;
	return want->sampler ? make_sampler(g, sampling, b->image, f) : 0;
}

void image_free(struct gpu *g, struct gpu_image *i)
{
	if (!i)
		return;
	if (i->sampler)
		g->DestroySampler(g->device, i->sampler, NULL);
	if (i->view)
		g->DestroyImageView(g->device, i->view, NULL);
	if (i->image)
		g->DestroyImage(g->device, i->image, NULL);
	gpu_free(g, &i->memory);
	free(i);
}

/* ---- copies between the two ---------------------------------------------------------------- */

static VkBufferImageCopy whole(const struct gpu_image *i)
{
	return (VkBufferImageCopy){
	    .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
	    .imageExtent = i->extent,
	};
}

/* Copies are rare beside dispatches, so they wait for everything and everything waits for them. */
static void change_layout(struct gpu *g, const struct gpu_image *i, VkImageLayout from,
			  VkImageLayout to)
{
	const VkAccessFlags any = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
	VkMemoryBarrier memory = {
	    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
	    .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
	    .dstAccessMask = any | VK_ACCESS_HOST_READ_BIT,
	};
	VkImageMemoryBarrier image = {
	    .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
	    .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
	    .dstAccessMask = any,
	    .oldLayout = from,
	    .newLayout = to,
	    .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
	    .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
	    .image = i->image,
	    .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
	};

	g->CmdPipelineBarrier(g->commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
			      VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
			      &memory, 0, NULL, 1, &image);
}

static void copy_in(struct gpu *g, const struct gpu_buffer *b, struct gpu_image *i)
{
	const VkImageLayout during = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
	VkBufferImageCopy copy = whole(i);

	change_layout(g, i, i->defined ? i->layout : VK_IMAGE_LAYOUT_UNDEFINED, during);
	g->CmdCopyBufferToImage(g->commands, b->buffer, i->image, during, 1, &copy);
	change_layout(g, i, during, i->layout);
	i->defined = true;
}

static void copy_out(struct gpu *g, const struct gpu_buffer *b, const struct gpu_image *i)
{
	const VkImageLayout during = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
	VkBufferImageCopy copy = whole(i);

	change_layout(g, i, i->layout, during);
	g->CmdCopyImageToBuffer(g->commands, i->image, during, b->buffer, 1, &copy);
	change_layout(g, i, during, i->layout);
}

void image_use(struct gpu *g, const struct gpu_buffer *b, bool writes)
{
	struct gpu_image *i = b->image;

	if (!i || !i->image)
		return;
	if (i->compared == IMAGE_OLD) {
		copy_in(g, b, i);
		i->compared = IMAGE_SAME;
	}
	if (writes)
		i->compared = IMAGE_NEW;
}

void image_use_buffer(struct gpu *g, const struct gpu_buffer *b, bool writes)
{
	struct gpu_image *i = b->image;

	if (!i || !i->image)
		return;
	if (i->compared == IMAGE_NEW) {
		copy_out(g, b, i);
		i->compared = IMAGE_SAME;
	}
	if (writes)
		i->compared = IMAGE_OLD;
}
