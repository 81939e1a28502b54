#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Shader objects are kernels like pipelines: counted, timed, named, and told apart from the pipelines bound before and after.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/patterns.sh"
. "$top_srcdir/tests/lib/objects.sh"
real_needs=$(real_place)/mesa/lvp_icd.json
need real python3 userns plain-build
patterns_prepare
VK_ICD_FILENAMES=$real_needs
export VK_ICD_FILENAMES

for pattern in objects turns same resubmitted in-secondary come-and-go linked partial binary; do
	objects_check $pattern
done

run layer-host "$patterns_layer" all "$T/page" "$objects_client" "$T/rounds.spv" partial
like "$out" '^partial: 1000482000: seven$' 'a binary of another driver: the call says so, and made what came before'
like "$(grep '"slot"' "$T/page")" '"events": 0[,}]' '... which is no trouble'
run layer-host "$patterns_layer" all "$T/page" "$objects_client" "$T/rounds.spv" objects
like "$(grep seven "$T/page")" "\"kernel\": \"$(sha256sum "$T/rounds.spv" | cut -c1-8)\", \"entry\": \"main\", .*\"local_size\": \[64, 1, 1\], \"bindings\": 1, \"push\": 4, \"shared\": 64," \
	'from SPIR-V: hash, entry point, local size, bindings, push constants'
like "$(grep seven "$T/page")" '"dispatches": 4, .*"timed": 3, .*"first": 1,' 'the first dispatch of a shader object stands apart'

# In a job: the report says what it knows, and what it does not.
unset VK_ICD_FILENAMES
cp "$objects_client" "$T/rounds.spv" .
r=vkjail-report.json
run vkjail run --driver "$real_needs" --ro-bind "${real_needs%/*}" --writable --env BINARY=driver.bin -- ./vk-objects rounds.spv binary
status_is 0 'a job with a binary'
sha=$(sha256sum driver.bin | cut -d' ' -f1)
report_get $r .gpu.kernels >kernels.json
row() { python3 -c 'import json, sys
row = [k for k in json.load(open("kernels.json")) if k.get("code") == sys.argv[1]][0]
print(row.get(sys.argv[2]))' "$@"; }
report_has 'its report' $r .outcome.reason=exited .gpu.counts.dispatches=5
is "$(row binary sha256)" "$sha" 'the hash is that of the binary'
like "$(row binary kernel)" "^binary $(printf %.16s "$sha")\+[0-9a-f]{8}\$" 'the name says what the hash is of'
is "$(row binary local_size) $(row binary bindings) $(row binary dispatches)" 'None None 3' 'nothing is said of what only SPIR-V tells'
done_testing
