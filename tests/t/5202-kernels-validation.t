#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Khronos validation layer has nothing to say about what our layer adds to a program's submissions:
# it says the same with the layer as without.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/patterns.sh"
. "$top_srcdir/tests/lib/test-layer.sh"
need vulkan validation-layer python3
have_lavapipe || exit 99
icd=$tap_icd
patterns_prepare

cat >"$T/vk_layer_settings.txt" <<'SETTINGS'
khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG
khronos_validation.report_flags = error,warn,perf,info
khronos_validation.log_filename = stdout
khronos_validation.enables = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT,VALIDATION_CHECK_ENABLE_SYNCHRONIZATION_VALIDATION_QUEUE_SUBMIT
SETTINGS
VK_LAYER_SETTINGS_PATH=$T/vk_layer_settings.txt VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation VK_ICD_FILENAMES=$icd
export VK_LAYER_SETTINGS_PATH VK_INSTANCE_LAYERS VK_ICD_FILENAMES
# The kind of each message, and how often.
messages() {
	printf '%s\n' "$out" | grep 'msgNum: ' | grep -v -e '^UNASSIGNED-khronos-validation-createinstance-status-message(' -e '^UNASSIGNED-cache-' |
		sed 's/(.*//' | sort | uniq -c
}

for pattern in $patterns; do
	[ "$pattern" != many ] || continue
	run "$patterns_client" "$T/rounds.spv" "$pattern"
	like "$out" 'Current Enables: VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION' "$pattern: the validation layer is at work"
	before=$(messages)
	for mode in sampled all; do
		run layer-host "$patterns_layer" $mode "$T/page" "$patterns_client" "$T/rounds.spv" "$pattern"
		like "$out" "^$pattern dispatches [0-9]+ right\$" "$pattern, $mode: computes what it does without the layer"
		is "$(messages)" "$before" "$pattern, $mode: no message that was not there before"
	done
done

# What begins a submission that waits for another process, which needs a driver that lets semaphores be imported.
use_layer
VK_LAYER_PATH=$layer_path VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation:VK_LAYER_VKJAIL_test VK_TEST_TELL=1
export VK_LAYER_PATH VK_INSTANCE_LAYERS VK_TEST_TELL
run "$patterns_client" "$T/rounds.spv" outside
before=$(messages)
like "$out" 'Current Enables: VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION' 'outside, imported: the validation layer is at work'
for mode in off all; do
	run env KERNEL_NS=1000000000 layer-host "$patterns_layer" $mode "$T/page" "$patterns_client" "$T/rounds.spv" outside
	like "$out" '^outside dispatches 3 right$' "outside, imported, $mode: computes what it does without the layer"
	is "$(messages)" "$before" "outside, imported, $mode: no message that was not there before"
done
done_testing
