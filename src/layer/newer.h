/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the layer needs of extensions that are newer than the oldest Vulkan headers it is built with:
 * VK_EXT_shader_object (1.3.246) and VK_EXT_device_generated_commands (1.3.296). Names, values and
 * the order of members are those of the Vulkan specification.
 */
#pragma once

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

#ifndef VK_EXT_shader_object
VK_DEFINE_NON_DISPATCHABLE_HANDLE(VkShaderEXT)

typedef enum VkShaderCodeTypeEXT {
	VK_SHADER_CODE_TYPE_BINARY_EXT = 0,
	VK_SHADER_CODE_TYPE_SPIRV_EXT = 1,
} VkShaderCodeTypeEXT;

typedef struct VkShaderCreateInfoEXT {
	VkStructureType sType;
	const void *pNext;
	VkFlags flags;
	VkShaderStageFlagBits stage;
	VkShaderStageFlags nextStage;
	VkShaderCodeTypeEXT codeType;
	size_t codeSize;
	const void *pCode;
	const char *pName;
	uint32_t setLayoutCount;
	const VkDescriptorSetLayout *pSetLayouts;
	uint32_t pushConstantRangeCount;
	const VkPushConstantRange *pPushConstantRanges;
	const VkSpecializationInfo *pSpecializationInfo;
} VkShaderCreateInfoEXT;

#define VK_OBJECT_TYPE_SHADER_EXT ((VkObjectType)1000482000)

typedef VkResult(VKAPI_PTR *PFN_vkCreateShadersEXT)(VkDevice device, uint32_t count,
						    const VkShaderCreateInfoEXT *infos,
						    const VkAllocationCallbacks *allocator,
						    VkShaderEXT *ret);
typedef void(VKAPI_PTR *PFN_vkDestroyShaderEXT)(VkDevice device, VkShaderEXT shader,
						const VkAllocationCallbacks *allocator);
typedef void(VKAPI_PTR *PFN_vkCmdBindShadersEXT)(VkCommandBuffer commands, uint32_t count,
						 const VkShaderStageFlagBits *stages,
						 const VkShaderEXT *shaders);
#endif

#ifndef VK_EXT_device_generated_commands
VK_DEFINE_NON_DISPATCHABLE_HANDLE(VkIndirectExecutionSetEXT)
VK_DEFINE_NON_DISPATCHABLE_HANDLE(VkIndirectCommandsLayoutEXT)

typedef struct VkGeneratedCommandsInfoEXT {
	VkStructureType sType;
	const void *pNext;
	VkShaderStageFlags shaderStages;
	VkIndirectExecutionSetEXT indirectExecutionSet;
	VkIndirectCommandsLayoutEXT indirectCommandsLayout;
	VkDeviceAddress indirectAddress;
	VkDeviceSize indirectAddressSize;
	VkDeviceAddress preprocessAddress;
	VkDeviceSize preprocessSize;
	uint32_t maxSequenceCount;
	VkDeviceAddress sequenceCountAddress;
	uint32_t maxDrawCount;
} VkGeneratedCommandsInfoEXT;

typedef void(VKAPI_PTR *PFN_vkCmdExecuteGeneratedCommandsEXT)(
    VkCommandBuffer commands, VkBool32 preprocessed, const VkGeneratedCommandsInfoEXT *info);
#endif
