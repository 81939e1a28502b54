#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The limit `kernel` holds what runs: a submission that waits for its semaphores does not.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/patterns.sh"
. "$top_srcdir/tests/lib/test-layer.sh"
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

# A binary semaphore that another process signals: our drivers have none of that, so the layer of the tests makes one.
use_layer
# outside DRIVER: the option of vkjail run for it, if any.
outside() {
	# shellcheck disable=SC2046,SC2086 # options are words
	run vkjail run --kernel 300ms $1 $(layer_options) --env WAIT_MS=2000 --env DISPATCHES=6000 -- ./vk-patterns rounds.spv outside
}
outside_ends() {
	status_is 0 "$1: a program that waits for another one"
	like "$out" '^outside dispatches 6000 right$' 'computes what it does without a limit'
	report_has 'and is not ended' $r .outcome.reason=exited .gpu.counts.dispatches=6000
	busy=$(report_get $r .gpu.counts.busy_ns)
	ok "its work counts from when it began ($busy ns)" test "$busy" -gt 1000000 -a "$busy" -lt 2000000000
}
outside ''
outside_ends "the system's driver"
newer=$(real_place)/mesa/lvp_icd.json
if [ -r "$newer" ]; then
	outside "--driver $newer"
	outside_ends 'newer Mesa'
else
	skip 4 "no newer Mesa in $(real_place) (tests/real/setup fetches it)"
fi

run vkjail run --idle 1s --env WAIT_MS=60000 -- ./vk-patterns rounds.spv ahead
status_is 124 'one that waits for ever makes no progress'
report_has 'which is what the limit idle is for' $r .outcome.reason=idle
report_valid $r
done_testing
