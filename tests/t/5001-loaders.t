#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034 # real_needs is read by have
# The newest packaged loader and driver, and other layers beside ours.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan
cache=$(real_place)

cp "$top_builddir/tests/clients/vk-memory" .
work='budget alloc:20 alloc:20 dedicated:1 export:1 import free budget fork submit:3 submit2:3 idle reinit alloc:20'

# with NAME OPTIONS... -- COMMAND...: does the work under a limit of 32 MiB.
with() {
	name=$1
	shift
	run vkjail run --device-memory 32M "$@"
	status_is 0 "$name: ends with 0"
	like "$out" '^budget core extension yes size [0-9]* budget 32 usage 0 ' "$name: the budget is the limit"
	is "$(printf '%s\n' "$out" | grep -c '^alloc 20 ')" 3 "$name: three blocks were asked for"
	is "$(printf '%s\n' "$out" | grep '^alloc 20 ' | sort | uniq -c | tr -s ' ')" ' 1 alloc 20 VK_ERROR_OUT_OF_DEVICE_MEMORY
 2 alloc 20 ok' "$name: one did not fit"
}
# refused NAME COMMAND...: the supervisor says no when the driver has made the instance already.
refused() {
	name=$1
	shift
	run env REFUSE=1 MALLOC_CHECK_=3 layer-host "$top_builddir/libVkLayer_vkjail.so" off "$T/page" "$@" alloc:1
	is "$status:$out" '3:device VK_ERROR_INITIALIZATION_FAILED' "$name: without the pages there is an instance and no device"
}
refused "the system's loader" ./vk-memory
# shellcheck disable=SC2086 # a list of words
with "the system's loader and driver" -- ./vk-memory $work
plain=$(printf '%s\n' "$out" | sed 's/ ms .*//')
real_needs=$cache/mesa/lvp_icd.json
if part 4 real; then
	# shellcheck disable=SC2086
	with 'a newer driver' --driver "$cache/mesa/lvp_icd.json" --ro-bind "$cache" -- ./vk-memory $work
fi
real_needs="$cache/loader/libvulkan.so.1 $cache/mesa/lvp_icd.json"
if part 10 real; then
	newer="$cache/loader/ld-linux-x86-64.so.2 --library-path $cache/loader ./vk-memory"
	# shellcheck disable=SC2086
	with 'a newer loader' --ro-bind "$cache" -- $newer $work
	# shellcheck disable=SC2086
	with 'both' --driver "$cache/mesa/lvp_icd.json" --ro-bind "$cache" -- $newer $work
	# shellcheck disable=SC2086
	refused 'a newer loader' $newer
	VK_DRIVER_FILES=$cache/mesa/lvp_icd.json
	export VK_DRIVER_FILES
	# shellcheck disable=SC2086
	refused 'both' $newer
	unset VK_DRIVER_FILES
fi
if part 7 validation-layer; then
	# The program asks for it; it stands between ours and the driver, and sees what ours does.
	export VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation
	# shellcheck disable=SC2086
	with 'the validation layer beside ours' -- ./vk-memory $work
	is "$(printf '%s\n' "$out" | sed 's/ ms .*//')" "$plain" 'which says nothing'
	run vkjail run -- vulkaninfo --summary
	like "$out" 'VK_LAYER_KHRONOS_validation' "the job's own layers are there"
	like "$out" 'VK_LAYER_VKJAIL_telemetry' 'and ours'
fi
done_testing
