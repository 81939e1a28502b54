/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are passed on as they are: only what goes wrong is of interest. */
#include "layer/event.h"

#define WATCHED_CREATE(Name, Info, Handle)                                                         \
	VKAPI_ATTR VkResult VKAPI_CALL hook_##Name(VkDevice device, const Info *info,              \
						   const VkAllocationCallbacks *allocator,         \
						   Handle *ret)                                    \
	{                                                                                          \
		struct device *d = device_of(device);                                              \
		return checked(d, PAGE_CALL_vk##Name, d->next.Name(device, info, allocator, ret)); \
	}
#define WATCHED_PIPELINES(Name, Info)                                                      \
	VKAPI_ATTR VkResult VKAPI_CALL hook_##Name(                                        \
	    VkDevice device, VkPipelineCache cache, uint32_t count, const Info *infos,     \
	    const VkAllocationCallbacks *allocator, VkPipeline *ret)                       \
	{                                                                                  \
		struct device *d = device_of(device);                                      \
		return checked(d, PAGE_CALL_vk##Name,                                      \
			       d->next.Name(device, cache, count, infos, allocator, ret)); \
	}
#include "layer/watched.def"
#undef WATCHED_CREATE
#undef WATCHED_PIPELINES

/* A binary that is not for this device is an answer, not trouble: programs compile anew. */
VKAPI_ATTR VkResult VKAPI_CALL hook_CreateShadersEXT(VkDevice device, uint32_t count,
						     const VkShaderCreateInfoEXT *infos,
						     const VkAllocationCallbacks *allocator,
						     VkShaderEXT *ret)
{
	struct device *d = device_of(device);

	return checked(d, PAGE_CALL_vkCreateShadersEXT,
		       d->next.CreateShadersEXT(device, count, infos, allocator, ret));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_MapMemory(VkDevice device, VkDeviceMemory memory,
					      VkDeviceSize offset, VkDeviceSize size,
					      VkMemoryMapFlags flags, void **ret)
{
	struct device *d = device_of(device);

	return checked(d, PAGE_CALL_vkMapMemory,
		       d->next.MapMemory(device, memory, offset, size, flags, ret));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_BindBufferMemory(VkDevice device, VkBuffer buffer,
						     VkDeviceMemory memory, VkDeviceSize offset)
{
	struct device *d = device_of(device);

	return checked(d, PAGE_CALL_vkBindBufferMemory,
		       d->next.BindBufferMemory(device, buffer, memory, offset));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_BindImageMemory(VkDevice device, VkImage image,
						    VkDeviceMemory memory, VkDeviceSize offset)
{
	struct device *d = device_of(device);

	return checked(d, PAGE_CALL_vkBindImageMemory,
		       d->next.BindImageMemory(device, image, memory, offset));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_BindBufferMemory2(VkDevice device, uint32_t count,
						      const VkBindBufferMemoryInfo *binds)
{
	struct device *d = device_of(device);

	return checked(d, PAGE_CALL_vkBindBufferMemory2,
		       d->next.BindBufferMemory2(device, count, binds));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_BindImageMemory2(VkDevice device, uint32_t count,
						     const VkBindImageMemoryInfo *binds)
{
	struct device *d = device_of(device);

	return checked(d, PAGE_CALL_vkBindImageMemory2,
		       d->next.BindImageMemory2(device, count, binds));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_AllocateDescriptorSets(VkDevice device,
							   const VkDescriptorSetAllocateInfo *info,
							   VkDescriptorSet *ret)
{
	struct device *d = device_of(device);
	VkResult result = d->next.AllocateDescriptorSets(device, info, ret);

	/* A pool that is full is how programs learn to make another one. */
	if (result == VK_ERROR_OUT_OF_POOL_MEMORY || result == VK_ERROR_FRAGMENTED_POOL)
		return result;
	return checked(d, PAGE_CALL_vkAllocateDescriptorSets, result);
}

VKAPI_ATTR VkResult VKAPI_CALL hook_AllocateCommandBuffers(VkDevice device,
							   const VkCommandBufferAllocateInfo *info,
							   VkCommandBuffer *ret)
{
	struct device *d = device_of(device);

	return checked(d, PAGE_CALL_vkAllocateCommandBuffers,
		       d->next.AllocateCommandBuffers(device, info, ret));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_BeginCommandBuffer(VkCommandBuffer commands,
						       const VkCommandBufferBeginInfo *info)
{
	struct device *d = device_of(commands);

	return checked(d, PAGE_CALL_vkBeginCommandBuffer,
		       d->next.BeginCommandBuffer(commands, info));
}

VKAPI_ATTR VkResult VKAPI_CALL hook_EndCommandBuffer(VkCommandBuffer commands)
{
	struct device *d = device_of(commands);

	return checked(d, PAGE_CALL_vkEndCommandBuffer, d->next.EndCommandBuffer(commands));
}
