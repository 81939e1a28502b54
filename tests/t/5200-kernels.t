#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The layer counts and times kernels, however a program submits them, and says which they are.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/patterns.sh"
need vulkan python3
have_lavapipe || exit 99
icd=$tap_icd
patterns_prepare

patterns_check "$icd" lavapipe

page() {
	run env VK_ICD_FILENAMES="$icd" layer-host "$patterns_layer" all "$T/page" "$patterns_client" "$T/rounds.spv" "$@"
	kernels=$(grep '"kernel"' "$T/page")
}
page mixed
sha=$(sha256sum "$T/rounds.spv" | cut -c1-8)
is "$(printf '%s\n' "$kernels" | grep -c "\"kernel\": \"$sha\", \"entry\": \"main\", .*\"specialized\": true")" 2 \
	'two kernels of one module, told apart by their constants; the hash is that of the words'
like "$kernels" '"name": "rounds", .*"dispatches": 40,' 'one has the name that debug-utils gave it'
like "$kernels" '"name": "other", .*"dispatches": 20,' 'and so has the other'
like "$kernels" '"local_size": \[64, 1, 1\], "bindings": 1, "push": 4, "shared": 64,' 'local size by a constant, bindings, push constants, shared memory'
like "$kernels" '"name": "rounds", .*"groups": \[16, 1, 1\], .*"group_total": 640,' 'work groups'
like "$kernels" '"name": "rounds", .*"timed": 39, .*"first": 1,' 'the first dispatch of a pipeline stands apart'
page indirect
like "$kernels" '"dispatches": 7, "indirect": 7, .*"group_total": 0,' 'indirect dispatches are counted; their groups are not known'
page simultaneous
is "$(patterns_sum "$T/page" lost)" 12 'a command buffer of two dispatches that ran 7 times before its times could be read: 12 of them are lost'
page many
like "$kernels" '"kernel": "00000000", "entry": "", .*"dispatches": [1-9]' 'what finds no row counts in the last one'
done_testing
