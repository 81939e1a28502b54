#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034 # real_needs is read by have
# VK_EXT_memory_budget: there in every way to ask for it, clamped to what the job has left, the driver's own numbers in the report.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan
cache=$(real_place)

cp "$top_builddir/tests/clients/vk-memory" .
r=vkjail-report.json

budgets() {
	driver=$1
	shift
	for way in 'api10+2 KHR' 'api11 core' 'api13 core'; do
		run vkjail run --device-memory 100M "$@" -- ./vk-memory "${way% *}" budget alloc:30 budget free budget
		is "$(printf '%s\n' "$out" | sed -n 's/size [0-9]* //p')" "budget ${way#* } extension yes budget 100 usage 0 rest 0
budget ${way#* } extension yes budget 100 usage 30 rest 0
budget ${way#* } extension yes budget 100 usage 0 rest 0" "$driver: ${way% *}: the extension is there, and clamped"
	done
	run vkjail run --device-memory 100M "$@" -- ./vk-memory api10 budget alloc:110
	is "$out" 'budget none
alloc 110 VK_ERROR_OUT_OF_DEVICE_MEMORY' "$driver: Vulkan 1.0 cannot ask, and is limited"
	run vkjail run "$@" -- ./vk-memory api10 heaps
	is "$out" 'heaps all' "$driver: and what asks all the same gets what it would get without the layer"
	run vkjail run "$@" -- ./vk-memory budget alloc:30 budget
	like "$out" '^budget core extension yes size ([0-9]+) budget \1 usage' "$driver: without a limit the whole heap"
	run vkjail run "$@" -- vulkaninfo
	like "$out" 'VK_EXT_memory_budget' "$driver: vulkaninfo lists it"
	like "$out" 'budget = [0-9]+' "$driver: and asks"
}
budgets "the system's driver"
report_is $r .gpu.device.budget_source unavailable 'this driver has none of its own, which the report says'
real_needs=$cache/mesa/lvp_icd.json
if part 10 real; then
	budgets 'a newer driver' --driver "$cache/mesa/lvp_icd.json" --ro-bind "$cache"
	report_is $r .gpu.device.budget_source VK_EXT_memory_budget 'this driver has its own'
	# The driver is asked in the job also while that does nothing; with a limit its numbers are still its own.
	run vkjail run --device-memory 100M --sample 50ms --driver "$cache/mesa/lvp_icd.json" --ro-bind "$cache" -- sh -c 'sleep 1 | ./vk-memory alloc:10 wait'
	report_has 'the report has the numbers of the driver' $r '.gpu.peak.heaps[0].usage>=1000000' '.gpu.counts.budget_reads>=4'
fi
done_testing
