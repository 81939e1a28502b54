#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Submissions are delayed where the job has a pace; one that is being ended learns it within a slice of its waiting.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/patterns.sh"
need userns vulkan
patterns_prepare

cp "$top_builddir/tests/clients/vk-memory" "$patterns_client" .
r=vkjail-report.json

# at_least WHAT NUMBER LEAST
at_least() { ok "$1: $2 is at least $3" test "${2:-0}" -ge "$3"; }
count() { report_get $r ".gpu.counts.$1"; }

run vkjail run --submits 100/s -- ./vk-memory submit:21
at_least 'submits: 21 of them take 20 times 10 ms' "$(printf '%s\n' "$out" | sed -n 's/.*ok ms //p')" 199
report_has 'and the report says so' $r .gpu.counts.submits=21 '.gpu.counts.submits_delayed>=1' '.gpu.counts.delay_ns>=1000000'
run vkjail run --submits 100/s -- sh -c './vk-memory submit:16 & ./vk-memory submit2:16; wait'
report_is $r .gpu.counts.submits 32 'two processes: all their submissions'
at_least 'have one pace' "$(report_get $r .times.run_ns)" 310000000

# Copies keep the device at work as dispatches do. Nobody waits for the rest after the last one: that one has nothing to do.
run vkjail run --gpu-share 25% -- ./vk-memory work:12 submit:1
like "$out" '^work ok' 'gpu-share: the work is done'
at_least 'and for each time at work there are three of rest' "$(count delay_ns)" "$(($(count busy_ns) * 5 / 2))"
run vkjail run --gpu-share 50% --env WAIT_MS=3000 -- ./vk-patterns rounds.spv late
like "$out" '^late dispatches 3 right' 'gpu-share: a program that waits long after its work is done'
ok 'is not taken for one that kept the device at work' test "$(count busy_ns)" -lt 1500000000
run vkjail run -- ./vk-memory work:2
report_is $r .gpu.counts.submits_delayed 0 'without a limit nothing is delayed'

# The wait of this program cannot be interrupted by the driver, and it hears no signal.
run vkjail run --kernel 300ms --grace 20s -- ./vk-memory ignoreterm long:20000
status_is 124 'kernel: a submission that does not end'
like "$out" '^long VK_ERROR_DEVICE_LOST' 'the program is told that the device is lost, and ends long before the grace does'
report_has 'the report tells whose answer that was' $r .outcome.reason=kernel-time .gpu.troubles[0].by=ending .gpu.troubles[0].call=vkWaitForFences
report_valid $r
done_testing
