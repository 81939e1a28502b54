#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Queues without timestamps: the host's clock stands in, and the report says so.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/patterns.sh"
. "$top_srcdir/tests/lib/test-layer.sh"
need userns vulkan
have_lavapipe || exit 99
patterns_prepare
cp "$patterns_client" .
use_layer
# shellcheck disable=SC2034 # for layer_options
layer_does='VK_TEST_NO_STAMPS=1 WAIT_MS=3000'
r=vkjail-report.json

host_time() {
	# shellcheck disable=SC2046 # options without blanks
	run vkjail run $(layer_options) "$@"
	status_is 0 "$what: the program ends well"
}
what='one dispatch each'
host_time -- ./vk-patterns rounds.spv freed
report_has "$what: its time is the submission's" $r .gpu.device.timestamp_valid_bits=0 .gpu.kernels[0].dispatches=30 .gpu.kernels[0].timed=false \
	.gpu.kernels[0].timed_by_host=30 .gpu.kernels[0].timed_dispatches=29 .gpu.kernels[0].first_dispatches=1 '.gpu.kernels[0].min_ns>=1' \
	'.gpu.kernels[0].p50_ns>=1' .gpu.counts.dispatches_timed=0 .gpu.counts.host_timed_submits=0
ok "$what: together no more than was under way" test "$(report_get $r .gpu.kernels_ns)" -le "$(report_get $r .gpu.counts.busy_ns)"
what='several in a submission'
host_time -- ./vk-patterns rounds.spv once
report_has "$what: they have one time" $r .gpu.kernels[0].dispatches=100 .gpu.kernels[0].timed=false .gpu.kernels[0].timed_dispatches=0 \
	.gpu.counts.host_timed_submits=50 '.gpu.counts.host_timed_submits_ns>=1'
ok "$what: it is no kernel's" test -z "$(report_get $r .gpu.kernels[0].timed_by_host)"
what='one that nobody waits for'
host_time -- ./vk-patterns rounds.spv late
ok "$what: it took as long as it took" test "$(report_get $r .gpu.counts.host_timed_submits_ns)" -lt 1500000000
what='timing is off'
host_time --kernel-timing off -- ./vk-patterns rounds.spv freed
ok "$what: there is no time" test -z "$(report_get $r .gpu.kernels[0].timed_by_host)"
done_testing
