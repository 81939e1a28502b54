#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The limit `kernel` holds what runs: a submission that waits for its semaphores does not.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/patterns.sh"
need userns vulkan
have_lavapipe || exit 99
patterns_prepare
cp "$patterns_client" .
r=vkjail-report.json

# The driver compiles in the first dispatch, for which there is a second more: so long it waits, and longer.
run vkjail run --kernel 300ms --env WAIT_MS=2000 -- ./vk-patterns rounds.spv ahead
status_is 0 'a program that submits ahead of what it signals itself'
like "$out" '^ahead dispatches 6 right$' 'computes what it does without a limit'
report_has 'and is not ended' $r .outcome.reason=exited .gpu.counts.dispatches=6
ok 'the time for which it waited counts nowhere' test "$(report_get $r .gpu.counts.busy_ns)" -lt 2000000000
run vkjail run --kernel 300ms --env WAIT_MS=2000 -- ./vk-patterns rounds.spv parts
status_is 0 'a call of which only the first part can begin'
report_has 'counts by its parts' $r .outcome.reason=exited .gpu.counts.submits=1 .gpu.counts.dispatches=6
run vkjail run --idle 1s --env WAIT_MS=60000 -- ./vk-patterns rounds.spv ahead
status_is 124 'one that waits for ever makes no progress'
report_has 'which is what the limit idle is for' $r .outcome.reason=idle
report_valid $r
done_testing
