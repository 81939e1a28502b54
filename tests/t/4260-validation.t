#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every compute job in jobs/ under the Khronos validation layer, core and synchronization validation (also between submissions): what the
# layer has to say is nothing. It works inside the sandbox, from /usr, and writes to the job's stdout.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/gallery.sh"
need userns vulkan validation-layer

cat >"$T/vk_layer_settings.txt" <<'SETTINGS'
khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG
khronos_validation.report_flags = error,warn,perf,info
khronos_validation.log_filename = stdout
khronos_validation.enables = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT,VALIDATION_CHECK_ENABLE_SYNCHRONIZATION_VALIDATION_QUEUE_SUBMIT
SETTINGS
mkdir "$T/gallery"
gallery_copy "$T/gallery"
[ "$(id -u)" != 0 ] || chown -R root "$T/gallery"
cd "$T/gallery/jobs" || exit 99

# It tells two things of no importance: that it is there, and that there is no cache from an earlier run.
important() {
	printf '%s\n' "$out" | grep 'msgNum: ' |
		grep -v -e '^UNASSIGNED-khronos-validation-createinstance-status-message(' -e '^UNASSIGNED-cache-file-error(INFO' -e '^UNASSIGNED-cache-write-error(INFO'
}

for job in *.yaml bad/*.yaml; do
	grep -q '^compute:' "$job" || continue
	run vkjail run -q --report "$T/report.json" --ro-bind "$T/vk_layer_settings.txt" \
		--env VK_LAYER_SETTINGS_PATH="$T/vk_layer_settings.txt" \
		--env VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation \
		--env ASAN_OPTIONS=detect_leaks=0 "$job" # the layer leaks
	case $job in
	bad/kernel-time.yaml) want=124 ;;
	bad/device-memory.yaml) want=123 ;;
	bad/bad-shader.yaml) want=125 ;;
	bad/check-failed.yaml) want=1 ;;
	*) want=0 ;;
	esac
	status_is $want "$job: ends with $want"
	like "$out" 'Current Enables: VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION, .*QUEUE_SUBMIT\.' "$job: the layer is at work"
	is "$(important)" '' "$job: no message"
done
done_testing
