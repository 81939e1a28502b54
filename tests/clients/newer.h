/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs need of VK_EXT_shader_object and VK_EXT_device_generated_commands, and the layer does not: where the
 * Vulkan headers are too old for them. Names, values and the order of members are those of the specification.
 */
#pragma once

#include "layer/newer.h"

#ifndef VK_EXT_shader_object
#define VK_SHADER_CREATE_LINK_STAGE_BIT_EXT 0x1

typedef VkResult(VKAPI_PTR *PFN_vkGetShaderBinaryDataEXT)(VkDevice device, VkShaderEXT shader,
							  size_t *size, void *data);
#endif

#ifndef VK_EXT_device_generated_commands
#define VK_SHADER_CREATE_INDIRECT_BINDABLE_BIT_EXT 0x80

typedef struct VkIndirectCommandsExecutionSetTokenEXT {
	uint32_t type; /* 0: pipelines, 1: shader objects */
	VkShaderStageFlags shaderStages;
} VkIndirectCommandsExecutionSetTokenEXT;

typedef struct VkIndirectCommandsLayoutTokenEXT {
	VkStructureType sType;
	const void *pNext;
	uint32_t type; /* 0: execution set, 9: dispatch */
	union {
		const VkIndirectCommandsExecutionSetTokenEXT *pExecutionSet;
	} data;
	uint32_t offset;
} VkIndirectCommandsLayoutTokenEXT;

typedef struct VkIndirectCommandsLayoutCreateInfoEXT {
	VkStructureType sType;
	const void *pNext;
	VkFlags flags; /* 1: explicit preprocess */
	VkShaderStageFlags shaderStages;
	uint32_t indirectStride;
	VkPipelineLayout pipelineLayout;
	uint32_t tokenCount;
	const VkIndirectCommandsLayoutTokenEXT *pTokens;
} VkIndirectCommandsLayoutCreateInfoEXT;

typedef struct VkIndirectExecutionSetPipelineInfoEXT {
	VkStructureType sType;
	const void *pNext;
	VkPipeline initialPipeline;
	uint32_t maxPipelineCount;
} VkIndirectExecutionSetPipelineInfoEXT;

typedef struct VkIndirectExecutionSetShaderLayoutInfoEXT {
	VkStructureType sType;
	const void *pNext;
	uint32_t setLayoutCount;
	const VkDescriptorSetLayout *pSetLayouts;
} VkIndirectExecutionSetShaderLayoutInfoEXT;

typedef struct VkIndirectExecutionSetShaderInfoEXT {
	VkStructureType sType;
	const void *pNext;
	uint32_t shaderCount;
	const VkShaderEXT *pInitialShaders;
	const VkIndirectExecutionSetShaderLayoutInfoEXT *pSetLayoutInfos;
	uint32_t maxShaderCount;
	uint32_t pushConstantRangeCount;
	const VkPushConstantRange *pPushConstantRanges;
} VkIndirectExecutionSetShaderInfoEXT;

typedef struct VkIndirectExecutionSetCreateInfoEXT {
	VkStructureType sType;
	const void *pNext;
	uint32_t type;
	union {
		const VkIndirectExecutionSetPipelineInfoEXT *pPipelineInfo;
		const VkIndirectExecutionSetShaderInfoEXT *pShaderInfo;
	} info;
} VkIndirectExecutionSetCreateInfoEXT;

typedef struct VkWriteIndirectExecutionSetPipelineEXT {
	VkStructureType sType;
	const void *pNext;
	uint32_t index;
	VkPipeline pipeline;
} VkWriteIndirectExecutionSetPipelineEXT;

typedef struct VkWriteIndirectExecutionSetShaderEXT {
	VkStructureType sType;
	const void *pNext;
	uint32_t index;
	VkShaderEXT shader;
} VkWriteIndirectExecutionSetShaderEXT;

typedef struct VkGeneratedCommandsMemoryRequirementsInfoEXT {
	VkStructureType sType;
	const void *pNext;
	VkIndirectExecutionSetEXT indirectExecutionSet;
	VkIndirectCommandsLayoutEXT indirectCommandsLayout;
	uint32_t maxSequenceCount;
	uint32_t maxDrawCount;
} VkGeneratedCommandsMemoryRequirementsInfoEXT;

/* Of a pipeline (with sType ..._PIPELINE_INFO) as what commands are generated for, where no set says it. */
typedef struct VkGeneratedCommandsPipelineInfoEXT {
	VkStructureType sType;
	void *pNext;
	VkPipeline pipeline;
} VkGeneratedCommandsPipelineInfoEXT;

typedef struct VkGeneratedCommandsShaderInfoEXT {
	VkStructureType sType;
	void *pNext;
	uint32_t shaderCount;
	const VkShaderEXT *pShaders;
} VkGeneratedCommandsShaderInfoEXT;

typedef void(VKAPI_PTR *PFN_vkGetGeneratedCommandsMemoryRequirementsEXT)(
    VkDevice device, const VkGeneratedCommandsMemoryRequirementsInfoEXT *info,
    VkMemoryRequirements2 *ret);
typedef void(VKAPI_PTR *PFN_vkCmdPreprocessGeneratedCommandsEXT)(
    VkCommandBuffer commands, const VkGeneratedCommandsInfoEXT *info, VkCommandBuffer state);
typedef VkResult(VKAPI_PTR *PFN_vkCreateIndirectCommandsLayoutEXT)(
    VkDevice device, const VkIndirectCommandsLayoutCreateInfoEXT *info,
    const VkAllocationCallbacks *allocator, VkIndirectCommandsLayoutEXT *ret);
typedef void(VKAPI_PTR *PFN_vkDestroyIndirectCommandsLayoutEXT)(
    VkDevice device, VkIndirectCommandsLayoutEXT layout, const VkAllocationCallbacks *allocator);
typedef VkResult(VKAPI_PTR *PFN_vkCreateIndirectExecutionSetEXT)(
    VkDevice device, const VkIndirectExecutionSetCreateInfoEXT *info,
    const VkAllocationCallbacks *allocator, VkIndirectExecutionSetEXT *ret);
typedef void(VKAPI_PTR *PFN_vkDestroyIndirectExecutionSetEXT)(
    VkDevice device, VkIndirectExecutionSetEXT set, const VkAllocationCallbacks *allocator);
typedef void(VKAPI_PTR *PFN_vkUpdateIndirectExecutionSetPipelineEXT)(
    VkDevice device, VkIndirectExecutionSetEXT set, uint32_t count,
    const VkWriteIndirectExecutionSetPipelineEXT *writes);
typedef void(VKAPI_PTR *PFN_vkUpdateIndirectExecutionSetShaderEXT)(
    VkDevice device, VkIndirectExecutionSetEXT set, uint32_t count,
    const VkWriteIndirectExecutionSetShaderEXT *writes);
#endif

/* The numbers of structures and flags, which the headers of any age have in other shapes. */
#define S_SHADER_OBJECT_FEATURES            1000482000
#define S_SHADER_CREATE_INFO                1000482002
#define S_MAINTENANCE_5_FEATURES            1000470000
#define S_PIPELINE_FLAGS_2                  1000470005
#define S_BUFFER_USAGE_2                    1000470006
#define S_GENERATED_FEATURES                1000572000
#define S_GENERATED_MEMORY                  1000572002
#define S_EXECUTION_SET_CREATE              1000572003
#define S_GENERATED_INFO                    1000572004
#define S_LAYOUT_CREATE                     1000572006
#define S_LAYOUT_TOKEN                      1000572007
#define S_WRITE_SET_PIPELINE                1000572008
#define S_WRITE_SET_SHADER                  1000572009
#define S_SET_PIPELINE_INFO                 1000572010
#define S_SET_SHADER_INFO                   1000572011
#define S_SET_SHADER_LAYOUT                 1000572012
#define S_GENERATED_PIPELINE                1000572013
#define S_GENERATED_SHADER                  1000572014
#define TOKEN_EXECUTION_SET                 0
#define TOKEN_DISPATCH                      9
#define SET_OF_PIPELINES                    0
#define SET_OF_SHADERS                      1
#define LAYOUT_EXPLICIT_PREPROCESS          1
#define BUFFER_USAGE_2_PREPROCESS           UINT64_C(0x80000000)
#define PIPELINE_CREATE_2_INDIRECT_BINDABLE UINT64_C(0x4000000000)

/* A structure of features with one or two switches, and one of 64 bits of flags. */
struct switches {
	VkStructureType sType;
	const void *pNext;
	VkBool32 on[2];
};
struct wide_flags {
	VkStructureType sType;
	const void *pNext;
	uint64_t flags;
};
