#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What goes wrong on the device is in the report, whatever the program makes of it. This one ends with 0 always.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/test-layer.sh"
need userns vulkan

cp "$top_builddir/tests/clients/vk-memory" .
use_layer
r=vkjail-report.json

# trouble STATUS REASON CALL N RESULT NAME COMMAND...: the N-th CALL answers this number, which has this name.
trouble() {
	want=$1 reason=$2 call=$3 n=$4 number=$5 name=$6
	shift 6
	layer_does=VK_TEST_FAIL=$call:$n:$number
	# shellcheck disable=SC2046 # options without blanks
	run vkjail run $(layer_options) -- ./vk-memory "$@"
	status_is "$want" "$call $name: status"
	report_has "$call $name: in the report" $r .outcome.reason="$reason" .gpu.troubles[0].by=driver .gpu.troubles[0].call="$call" .gpu.troubles[0].result="$name"
}
lost=VK_ERROR_DEVICE_LOST memory=VK_ERROR_OUT_OF_DEVICE_MEMORY host=VK_ERROR_OUT_OF_HOST_MEMORY
trouble 123 device-lost vkQueueSubmit 1 -4 $lost submit:1
like "$out" "^submits 1 $lost" 'the program has heard it'
trouble 123 device-lost vkQueueSubmit 3 -4 $lost submit:5
trouble 123 device-lost vkWaitForFences 1 -4 $lost work:1
# Waiting for the device is done with a fence, slice by slice; it is the program's call that is told.
layer_does=VK_TEST_FAIL=vkWaitForFences:1:-4
# shellcheck disable=SC2046
run vkjail run $(layer_options) -- ./vk-memory idle
like "$out" "^idle $lost" 'vkDeviceWaitIdle: the program hears it'
report_has 'and it is in the report' $r .outcome.reason=device-lost .gpu.troubles[0].by=driver .gpu.troubles[0].call=vkDeviceWaitIdle .gpu.troubles[0].result=$lost
# A child that loses the device is a job that lost it.
trouble 123 device-lost vkQueueSubmit 1 -4 $lost child submit:1
trouble 0 exited vkAllocateMemory 2 -2 $memory alloc:1 alloc:2 alloc:3
report_has 'which is not taken for the limit' $r .gpu.counts.refused=0 .gpu.counts.driver_refused=1 .gpu.counts.driver_refused_bytes=2097152 .gpu.counts.allocations=2 .gpu.peak.allocated=4194304
trouble 0 exited vkAllocateMemory 1 -1 $host alloc:1
trouble 0 exited vkCreateBuffer 1 -1 $host dedicated:1
trouble 0 exited vkEndCommandBuffer 1 -2 $memory work:1

# One that happens again and again does not push the others out, and is counted.
layer_does=VK_TEST_FAIL=vkAllocateMemory:3+:-2
blocks=$(i=0 && while [ $i -lt 63 ]; do echo alloc:1 && i=$((i + 1)); done)
# shellcheck disable=SC2046,SC2086 # lists of words
run vkjail run $(layer_options) -- ./vk-memory $blocks
report_has 'a repeated one is counted, and told some times' $r .gpu.counts.driver_refused=61 .gpu.counts.events=61 .gpu.troubles[15].call=vkAllocateMemory .gpu.troubles[16]=
report_valid $r
done_testing
