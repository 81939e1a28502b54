#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vulkan_memory.py BLOCKS MIB: Python's Vulkan bindings take BLOCKS blocks of device memory, say how many they got, and
end well all the same."""
import sys

import vulkan as vk

instance = vk.vkCreateInstance(
    vk.VkInstanceCreateInfo(
        pApplicationInfo=vk.VkApplicationInfo(
            pApplicationName="vulkan_memory", applicationVersion=1, pEngineName="python", engineVersion=1, apiVersion=vk.VK_MAKE_VERSION(1, 1, 0)
        )
    ),
    None,
)
physical = vk.vkEnumeratePhysicalDevices(instance)[0]
device = vk.vkCreateDevice(
    physical,
    vk.VkDeviceCreateInfo(pQueueCreateInfos=[vk.VkDeviceQueueCreateInfo(queueFamilyIndex=0, queueCount=1, pQueuePriorities=[1.0])]),
    None,
)
kinds = vk.vkGetPhysicalDeviceMemoryProperties(physical)
kind = next(i for i in range(kinds.memoryTypeCount) if kinds.memoryTypes[i].propertyFlags & vk.VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT)
blocks = []
for _ in range(int(sys.argv[1])):
    try:
        blocks.append(vk.vkAllocateMemory(device, vk.VkMemoryAllocateInfo(allocationSize=int(sys.argv[2]) << 20, memoryTypeIndex=kind), None))
    except vk.VkErrorOutOfDeviceMemory:
        break
print(f"vulkan: OK, {len(blocks)} blocks")
for block in blocks:
    vk.vkFreeMemory(device, block, None)
vk.vkDestroyDevice(device, None)
vk.vkDestroyInstance(instance, None)
