/* SPDX-License-Identifier: Apache-2.0 */
/* Which SPIR-V capabilities a module may declare on the opened device, and which feature each one is. */
#include <stdio.h>

#include "base/auto.h"
#include "gpu/gpu.h"

struct capability {
	uint32_t number; /* of the SPIR-V specification, section 3.31 */
	const char *name, *feature;
	bool have;
};

/* The row for a capability; false: one that is not offered on any device. */
static bool find(const struct gpu *g, uint32_t number, struct capability *ret)
{
	const VkPhysicalDeviceFeatures *f = &g->features;
	VkSubgroupFeatureFlags groups = g->info->subgroup_ops;
	const struct capability table[] = {
	    {0, "Matrix", NULL, true},
	    {1, "Shader", NULL, true},
	    {9, "Float16", "shaderFloat16", g->float16},
	    {10, "Float64", "shaderFloat64", f->shaderFloat64},
	    {11, "Int64", "shaderInt64", f->shaderInt64},
	    {22, "Int16", "shaderInt16", f->shaderInt16},
	    {25, "ImageGatherExtended", "shaderImageGatherExtended", f->shaderImageGatherExtended},
	    {39, "Int8", "shaderInt8", g->int8},
	    {49, "StorageImageExtendedFormats", "shaderStorageImageExtendedFormats",
	     f->shaderStorageImageExtendedFormats},
	    {50, "ImageQuery", NULL, true},
	    {55, "StorageImageReadWithoutFormat", "shaderStorageImageReadWithoutFormat",
	     f->shaderStorageImageReadWithoutFormat},
	    {56, "StorageImageWriteWithoutFormat", "shaderStorageImageWriteWithoutFormat",
	     f->shaderStorageImageWriteWithoutFormat},
	    {61, "GroupNonUniform", "subgroup operations", groups & VK_SUBGROUP_FEATURE_BASIC_BIT},
	    {62, "GroupNonUniformVote", "subgroup votes", groups & VK_SUBGROUP_FEATURE_VOTE_BIT},
	    {63, "GroupNonUniformArithmetic", "subgroup arithmetic",
	     groups & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT},
	    {64, "GroupNonUniformBallot", "subgroup ballots",
	     groups & VK_SUBGROUP_FEATURE_BALLOT_BIT},
	    {65, "GroupNonUniformShuffle", "subgroup shuffles",
	     groups & VK_SUBGROUP_FEATURE_SHUFFLE_BIT},
	    {66, "GroupNonUniformShuffleRelative", "relative subgroup shuffles",
	     groups & VK_SUBGROUP_FEATURE_SHUFFLE_RELATIVE_BIT},
	    {67, "GroupNonUniformClustered", "clustered subgroup operations",
	     groups & VK_SUBGROUP_FEATURE_CLUSTERED_BIT},
	    {68, "GroupNonUniformQuad", "subgroup quad operations",
	     groups & VK_SUBGROUP_FEATURE_QUAD_BIT},
	    {4427, "DeviceGroup", NULL, true}, /* core in 1.1 */
	    {4433, "StorageBuffer16BitAccess", "storageBuffer16BitAccess", g->storage16},
	    {4434, "UniformAndStorageBuffer16BitAccess", "uniformAndStorageBuffer16BitAccess",
	     g->uniform16},
	    {4448, "StorageBuffer8BitAccess", "storageBuffer8BitAccess", g->storage8},
	    {4449, "UniformAndStorageBuffer8BitAccess", "uniformAndStorageBuffer8BitAccess",
	     g->uniform8},
	};

	for (size_t i = 0; i < COUNTOF(table); i++)
		if (table[i].number == number) {
			*ret = table[i];
			return true;
		}
	return false;
}

bool gpu_has_capability(const struct gpu *g, uint32_t number, char *why, size_t size)
{
	struct capability c;

	if (!find(g, number, &c))
		(void)snprintf(why, size, "capability %u, which cannot be used here", number);
	else if (!c.have)
		(void)snprintf(why, size, "capability %s, the device does not have %s", c.name,
			       c.feature);
	else
		return true;
	return false;
}
