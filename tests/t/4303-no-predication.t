#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A driver without VK_EXT_conditional_rendering, as a layer makes one of ours: what was submitted cannot be left out again, so
# no chunk is submitted before the one before it is over. Results are the same, and the job still ends after a chunk.
# shellcheck disable=SC2046 # options are words
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
. "$top_srcdir/tests/lib/test-layer.sh"
need userns vulkan python3
use_layer
hidden=VK_TEST_HIDE=VK_EXT_conditional_rendering

# Each group of the long kernel tells that it came; the quick one counts.
cat >long.comp <<'EOS'
#version 450
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Done { uint done[]; };
layout(push_constant) uniform Push { uint loops; };
void main() {
	uint x = gl_GlobalInvocationID.x + gl_WorkGroupID.y;
	for (uint i = 0u; i < loops; i++)
		x = x * 1664525u + 1013904223u ^ (x >> 7);
	if (gl_LocalInvocationIndex == 0u)
		done[gl_WorkGroupID.x + 50000u * gl_WorkGroupID.y] += x | 1u;
}
EOS
cat >count.comp <<'EOS'
#version 450
layout(local_size_x = 1) in;
layout(std430, set = 0, binding = 0) buffer Count { uint count; };
void main() { count++; }
EOS
# long LOOPS ROWS: a dispatch in chunks of 5 ms, beside many short ones. Rows of 50,000 groups.
long() {
	cat <<EOS
compute:
  device: software
  chunk: 5ms
  kernels: { count: { shader: count.comp }, long: { shader: long.comp } }
  buffers: { done: { type: u32, shape: [2000000] }, n: { type: u32, shape: [1] } }
  steps:
    - { run: count, bind: [n], groups: 1, repeat: 3000 }
    - { run: long, bind: [done], push: [$1], groups: [50000, $2] }
  outputs: { done: { file: done.raw, format: raw, on-limit: keep }, n: { file: n.raw, format: raw, on-limit: keep } }
EOS
}
long 100 2 >short.yaml
long 20000 40 >endless.yaml

# ---- the same results
layer_does=VK_TEST_TELL=1
ends 0 exited '*' 'the driver as it is' $(layer_options) short.yaml
mv done.raw done.want
if [ "$(report_get "$R" '.gpu.kernels[0].predicated')" != true ]; then
	skip_all 'the driver itself has no VK_EXT_conditional_rendering'
fi
report_is "$R" '.gpu.kernels[1].predicated' true '... leaves out what has not begun, says the report'
layer_does="VK_TEST_TELL=1 $hidden"
ends 0 exited '*' 'without the extension' $(layer_options) short.yaml
report_is "$R" '.gpu.kernels[0].predicated' false '... it cannot, of the short dispatches'
report_is "$R" '.gpu.kernels[1].predicated' false '... nor of the chunks'
ok '... the results are the same' cmp done.want done.raw
is "$(od -An -tu4 n.raw | tr -d ' ')" 3000 '... and each short dispatch ran'
chunks=$(report_get "$R" '.gpu.kernels[1].chunks')
submissions=$(printf '%s\n' "$err" | sed -n 's/^vk-test-layer: \([0-9]*\) submissions$/\1/p')
ok '... of several chunks' test "$chunks" -gt 10
ok "... each submitted by itself ($chunks chunks, $submissions submissions)" test "$submissions" -ge "$chunks"

# ---- ends between two chunks
cat >partial.py <<'EOS'
import array
a = array.array("I", open("done.raw", "rb").read())
done = sum(1 for v in a if v)
assert len(a) == 2000000 and 0 < done < len(a), (len(a), done)
assert all(a[:done]) and not any(a[done:]), "holes"
EOS
# kept WHAT: what the run that ended left.
kept() {
	report_is "$R" '.gpu.kernels[1].predicated' false "$1: nothing was left out"
	report_is "$R" '.gpu.outputs[0].partial' true '... the output is said to be partial'
	ok '... and holds what the chunks that ran computed, without holes' python3 partial.py
	rm -f done.raw
}
layer_does=$hidden
ends 124 kernel-time '*' 'the limit kernel' $(layer_options) --kernel 600ms endless.yaml
kept 'the limit kernel'
observed=$(report_get "$R" .outcome.limit.observed)
longest=$(report_get "$R" '.gpu.kernels[1].longest_chunk_ns')
ok "... noticed after one more chunk ($observed ns, a chunk at most $longest)" test "$observed" -gt 600000000 -a "$observed" -lt $((900000000 + longest))
ends 124 wall-time '*' 'the limit wall' $(layer_options) --wall 5s endless.yaml
kept 'the limit wall'

# A signal while a chunk of the long dispatch is under way: 3,000 short ones are far fewer submissions.
layer_does="$hidden VK_TEST_SIGNAL=400:0"
new_report
vkjail run --report "$R" $(layer_options) endless.yaml 2>signal.err &
runner=$!
ok 'chunks are under way' wait_for grep -q 'submission 400$' signal.err
kill -TERM "$runner"
wait "$runner"
status=$? err=$(cat signal.err)
judge 143 cancelled '*' 'SIGTERM'
kept SIGTERM

# The executor itself gets the signal in the middle of a chunk, from the layer.
cat >signal.json <<'EOS'
{ "name": "t", "device": "software", "chunk_ns": 5000000,
  "kernels": [ { "name": "long", "path": "long.comp" } ],
  "buffers": [ { "name": "done", "source": "zeros", "type": "u32", "shape": [2000000] } ],
  "steps": [ { "run": "long", "bind": ["done"], "push": [ { "value": 20000 } ],
    "groups": [ { "value": 50000 }, { "value": 40 }, { "value": 1 } ] } ],
  "outputs": [ { "buffer": "done", "path": "done.raw", "format": "raw", "keep": true } ] }
EOS
run python3 "$top_srcdir/tests/lib/run-exec.py" --wrap \
	"env VK_LAYER_PATH=$layer_path VK_INSTANCE_LAYERS=VK_LAYER_VKJAIL_test $hidden VK_TEST_SIGNAL=40:15 VK_TEST_TELL=1" signal.json
status_is 1 'SIGTERM with the 40th submission'
like "$out" '"reason": "cancelled"' '... as cancelled'
like "$out" '"predicated": false' '... nothing was left out'
is "$(printf '%s\n' "$err" | sed -n 's/^vk-test-layer: //p')" 'submission 40
submission 41
41 submissions' '... and no chunk was submitted after it, but what shows the output to the host'
ok '... the output has no holes' python3 partial.py

reports_valid
done_testing
