#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# vulkaninfo: every query that a Vulkan driver answers, on the system's driver and on a newer one.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/real/real.sh"
need userns vulkan
need_real /usr/bin/vulkaninfo "$cache/mesa/lvp_icd.json"

real_run 'vulkaninfo --summary' 'deviceName *= llvmpipe' -- vulkaninfo --summary
real_run 'vulkaninfo' 'VkPhysicalDeviceMemoryProperties' -- vulkaninfo
real_run 'vulkaninfo on the newer Mesa' 'VK_EXT_memory_budget' --driver "$cache/mesa/lvp_icd.json" --ro-bind "$cache" -- vulkaninfo
done_testing
