#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Commands that the device generates (VK_EXT_device_generated_commands): executions are counted and timed apart from
# dispatches, with the least and the most dispatches that they come to.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/patterns.sh"
. "$top_srcdir/tests/lib/objects.sh"
real_needs=$(real_place)/mesa/lvp_icd.json
need real python3 userns plain-build
patterns_prepare
VK_ICD_FILENAMES=$real_needs
export VK_ICD_FILENAMES

for pattern in generated generated-count generated-object generated-set generated-objects generated-before generated-again; do
	objects_check $pattern
done

run layer-host "$patterns_layer" all "$T/page" "$objects_client" "$T/rounds.spv" generated
like "$(grep '"most": 16' "$T/page")" "\"kernel\": \"$(sha256sum "$T/rounds.spv" | cut -c1-8)\", \"entry\": \"main\", \"name\": \"seven\", .*\"local_size\": \[64, 1, 1\], \"bindings\": 1," \
	'commands for a kernel have what is known of it'
like "$(grep '"most": 16' "$T/page")" '"dispatches": 2, "indirect": 2, .*"timed": 1, .*"first": 1,' '... and their first execution stands apart'
like "$(grep '"most": 0, .*seven\|seven.*"most": 0, ' "$T/page")" '"dispatches": 3, "indirect": 0, .*"timed": 2, .*"first": 1,' '... as does its own first dispatch'

# In a job.
unset VK_ICD_FILENAMES
cp "$objects_client" "$T/rounds.spv" .
r=vkjail-report.json
job() { run vkjail run --driver "$real_needs" --ro-bind "${real_needs%/*}" "$@"; }
row() { report_get $r .gpu.kernels | python3 -c 'import json, sys
print(*[json.dumps(k.get(sys.argv[2])) for k in json.load(sys.stdin) if k["kernel"] == sys.argv[1]])' "$@"; }
job -- ./vk-objects rounds.spv generated-set generated-count
status_is 0 'a job'
report_has 'its report' $r .outcome.reason=exited .gpu.counts.dispatches=5
is "$(row 'generated commands' dispatches) $(row 'generated commands' generated)" '1 {"least": 3, "most": 3}' \
	'commands that choose among pipelines: no kernel is named that may not have run'
is "$(row 'generated commands' sha256) $(row 'generated commands' bindings)" 'null null' '... and nothing is said of its code'
is "$(row 'seven (generated)' dispatches) $(row 'seven (generated)' generated)" '1 {"least": 0, "most": 8}' \
	'a number in a buffer: the report says that only the most is known'
is "$(row seven dispatches)$(row seven generated)" 1null 'the kernel itself has its own dispatches only'

# The limit. The wall is there to end a test that fails.
for pattern in endless generated-endless; do
	job --kernel 300ms --wall 60s --grace 0 -- ./vk-objects rounds.spv $pattern
	report_has "$pattern: the limit kernel ends it" $r .outcome.reason=kernel-time
	name=seven
	[ $pattern = endless ] || name='seven (generated)'
	like "$(report_get $r .outcome.text)" "'$(echo "$name" | sed 's/[()]/\\&/g')'" "$pattern: the report names it"
done
done_testing
