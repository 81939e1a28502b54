#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Dispatches that are cut into chunks: every invocation comes once and sees the whole grid, limits and
# signals end the job between two chunks, and outputs can be kept.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns vulkan python3
newer=$(real_place)/mesa/lvp_icd.json

# What each group is told: its id, the grid, the id of its first invocation; and how often it came.
cat >grid.comp <<'EOS'
#version 450
layout(local_size_x = 4, local_size_y = 2) in;
layout(std430, set = 0, binding = 0) buffer To { uint to[]; };
uint part(uvec3 n, uint axis) { return n[axis]; }
void main() {
	uvec3 n = gl_NumWorkGroups, id = gl_WorkGroupID;
	uint at = 10u * (id.x + part(n, 0u) * (id.y + gl_NumWorkGroups.y * id.z));
	if (gl_LocalInvocationIndex == 0u) {
		for (uint i = 0u; i < 3u; i++) {
			to[at + i] = id[i];
			to[at + 3u + i] = gl_NumWorkGroups[i];
			to[at + 6u + i] = gl_GlobalInvocationID[i];
		}
		atomicAdd(to[at + 9u], 1u);
	}
}
EOS
cat >check.py <<'EOS'
import array, sys
x, y, z = (int(n) for n in sys.argv[2:5])
a = array.array("I", open(sys.argv[1], "rb").read())
assert len(a) == 10 * x * y * z, len(a)
at = 0
for k in range(z):
    for j in range(y):
        for i in range(x):
            want = [i, j, k, x, y, z, 4 * i, 2 * j, k, 1]
            assert a[at:at + 10].tolist() == want, (i, j, k, a[at:at + 10].tolist(), want)
            at += 10
EOS
# grid CHUNK X Y Z: the job file
grid() {
	cat <<EOS
limits: { wall: 2m }
compute:
  device: software
  chunk: $1
  kernels: { grid: { shader: grid.comp } }
  buffers: { seen: { type: u32, shape: [$(($2 * $3 * $4)), 10] } }
  steps: [ { run: grid, bind: [seen], groups: [$2, $3, $4] } ]
  outputs: { seen: { file: seen.raw, format: raw } }
EOS
}
whole_grids() {
	who=$1
	shift
	while read -r x y z; do
		grid 1ms "$x" "$y" "$z" >grid.yaml
		run vkjail run -q "$@" --report grid.json grid.yaml
		status_is 0 "$who: a grid of $x x $y x $z"
		ok "$who: ... each group came once, with the right numbers" python3 check.py seen.raw "$x" "$y" "$z"
		ok "$who: ... in several chunks" test "$(report_get grid.json .gpu.kernels[0].chunks)" -gt 2
		report_is grid.json .gpu.kernels[0].dispatches 1 "$who: ... of one dispatch"
	done <<'EOS'
30000 1 1
1 20000 1
1 1 9999
700 60 1
37 41 19
EOS
}
whole_grids "system's driver"
report_valid grid.json 'the report'
if [ -r "$newer" ]; then
	whole_grids 'newer Mesa' --driver "$newer"
else
	skip 20 "no newer Mesa in $(real_place) (tests/real/setup fetches it)"
fi

grid none 700 60 1 >none.yaml
run vkjail run -q --report none.json none.yaml
status_is 0 'chunk: none'
ok '... gives the same' python3 check.py seen.raw 700 60 1
report_is none.json .gpu.kernels[0].chunks 1 '... in one chunk'
report_is none.json .gpu.kernels[0].whole 'the job says chunk: none' '... and the report says why'

# The module with the number in it is valid SPIR-V, for our own validator and for the distribution's.
vkjail-compile glsl grid main <grid.comp | cat >grid.spv
ok 'a module is patched' sh -c 'patch-spirv 700 60 1 <grid.spv | cat >patched.spv'
ok '... and valid' sh -c 'vkjail-compile spirv patched main <patched.spv | cat >again.spv && cmp patched.spv again.spv'
if command -v glslangValidator >/dev/null && command -v spirv-val >/dev/null; then
	for target in vulkan1.1 vulkan1.2 vulkan1.3; do
		ok "a module for $target" glslangValidator --quiet --target-env "$target" -o new.spv grid.comp
		ok '... is patched' sh -c 'patch-spirv 700 60 1 <new.spv | cat >new-patched.spv && test -s new-patched.spv'
		ok '... and valid' spirv-val --target-env "$target" new-patched.spv
	done
else
	skip 9 'no glslangValidator or no spirv-val (Debian: glslang-tools, spirv-tools)'
fi

# What was submitted and has not begun can be left out again, so that long submissions end in time.
cat >count.comp <<'EOS'
#version 450
layout(local_size_x = 1) in;
layout(std430, set = 0, binding = 0) buffer Count { uint count; };
void main() { count++; }
EOS
vkjail-compile glsl count main <count.comp | cat >count.spv
# dropped DRIVER WHEN: how many of the dispatches ran, and the device memory that counts
dropped() {
	# shellcheck disable=SC2086 # the driver is none or two words
	run env $1 guard-drop "$2" 50000 <count.spv
}
guards() {
	dropped "$2" never
	status_is 0 "$1: guarded dispatches"
	is "$out" "50000
4" '... run, and the guard is no memory of the job'
	dropped "$2" before
	is "$(echo "$out" | head -n 1)" 0 "$1: ... and do not when they are not to any more"
	dropped "$2" amid
	seen=$(echo "$out" | head -n 1)
	ok "$1: ... nor the rest of them" test "$seen" -ge 100 -a "$seen" -lt 50000
}
guards "system's driver" ''
if [ -r "$newer" ]; then
	guards 'newer Mesa' "VK_DRIVER_FILES=$newer VK_ICD_FILENAMES=$newer"
else
	skip 4 "no newer Mesa in $(real_place) (tests/real/setup fetches it)"
fi

# Thousands of short dispatches: all run, and not each is timed by itself.
cat >many.yaml <<'EOS'
compute:
  device: software
  kernels: { count: { shader: count.comp } }
  buffers: { n: { type: u32, shape: [1] } }
  steps: [ { run: count, bind: [n], groups: 1, repeat: 20000 } ]
  outputs: { n: { file: n.raw, format: raw } }
EOS
run vkjail run -q --report many.json many.yaml
status_is 0 'many short dispatches'
is "$(od -An -tu4 n.raw | tr -d ' ')" 20000 '... all run, one after the other'
report_is many.json .gpu.kernels[0].dispatches 20000 '... and are counted'
timed=$(report_get many.json .gpu.kernels[0].timed_dispatches)
ok '... a sample of them is timed' test "$timed" -ge 16 -a "$timed" -lt 20000
report_valid many.json 'the report of many short dispatches'

# A dispatch that takes far longer than any test: each group adds one to its place.
cat >long.comp <<'EOS'
#version 450
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Done { uint done[]; };
void main() {
	uint x = gl_GlobalInvocationID.x + gl_WorkGroupID.y;
	for (uint i = 0u; i < 20000u; i++)
		x = x * 1664525u + 1013904223u ^ (x >> 7);
	if (gl_LocalInvocationIndex == 0u)
		done[gl_WorkGroupID.x + 50000u * gl_WorkGroupID.y] = x == 0u ? 1u : 2u;
}
EOS
# long ON-LIMIT CHUNK: the job file
long() {
	cat <<EOS
compute:
  device: software
  chunk: $2
  kernels: { long: { shader: long.comp } }
  buffers: { done: { type: u32, shape: [2000000] } }
  steps: [ { run: long, bind: [done], groups: [50000, 40] } ]
  outputs: { done: { file: done.raw, format: raw, on-limit: $1 } }
EOS
}
cat >partial.py <<'EOS'
import array, sys
a = array.array("I", open("done.raw", "rb").read())
done = sum(1 for v in a if v)
assert len(a) == 2000000 and 0 < done < len(a), (len(a), done)
assert all(a[:done]) and not any(a[done:]), "holes"
EOS
long keep 5ms >keep.yaml
long drop 5ms >drop.yaml
# ended WHAT REASON: the last run, with keep
kept() {
	report_is r.json .outcome.reason "$2" "$1: the reason"
	report_is r.json .gpu.outputs[0].partial true "$1: the output is said to be partial"
	ok "$1: ... and holds what the chunks that ran computed, without holes" python3 partial.py
	ok "$1: ... which were many" test "$(report_get r.json .gpu.kernels[0].chunks)" -gt 10
	report_valid r.json "$1: the report"
	rm -f done.raw
}
run vkjail run -q --wall 5s --report r.json keep.yaml
kept 'on-limit: keep, wall' wall-time
run vkjail run -q --kernel 600ms --report r.json keep.yaml
kept 'on-limit: keep, kernel' kernel-time
observed=$(report_get r.json .outcome.limit.observed)
ok 'a limit on a kernel counts all of its chunks' test "$observed" -gt 600000000
longest=$(report_get r.json .gpu.kernels[0].longest_chunk_ns)
ok "... and is noticed after one more chunk ($observed ns, a chunk at most $longest)" test "$observed" -lt $((900000000 + longest))
echo old >done.raw
run vkjail run -q --wall 500ms --report r.json drop.yaml
report_is r.json .outcome.reason wall-time 'on-limit: drop: the reason'
is "$(cat done.raw)" old 'on-limit: drop: the old file stays'
report_is r.json .gpu.outputs "" 'on-limit: drop: no output in the report'

# A signal, sent when work is under way for certain.
cat >signal.json <<'EOS'
{ "name": "t", "device": "software", "progress_ns": 100000000, "chunk_ns": 5000000,
  "kernels": [ { "name": "long", "path": "long.comp" } ],
  "buffers": [ { "name": "done", "source": "zeros", "type": "u32", "shape": [2000000] } ],
  "steps": [ { "run": "long", "bind": ["done"], "groups": [ { "value": 50000 }, { "value": 40 }, { "value": 1 } ] } ],
  "outputs": [ { "buffer": "done", "path": "done.raw", "format": "raw", "keep": true } ] }
EOS
run python3 "$top_srcdir/tests/lib/run-exec.py" --term-on '"event": "progress"' signal.json
status_is 1 'SIGTERM between two chunks'
like "$out" '"reason": "cancelled"' '... as cancelled'
like "$out" '"bytes": 8000000, "partial": true' '... with the output kept'
ok '... which has no holes' python3 partial.py

# More memory than the driver's budget leaves, though not more than the device has.
buffers=$(awk '/^MemTotal/ { print int($2 / 131072) }' /proc/meminfo)
left=$(awk '/^MemAvailable/ { print int($2 / 131072) }' /proc/meminfo)
if [ -r "$newer" ] && [ "$buffers" -le 256 ] && [ "$left" -lt "$buffers" ]; then
	python3 - "$buffers" >budget.json <<'EOS'
import json, sys
one = {"value": 1}
print(json.dumps({"name": "t", "device": "software", "kernels": [{"name": "long", "path": "long.comp"}],
    "buffers": [{"name": f"b{i}", "source": "zeros", "type": "u8", "shape": [131072 * 1024]} for i in range(int(sys.argv[1]))],
    "steps": [{"run": "long", "bind": ["b0"], "groups": [one, one, one]}], "outputs": []}))
EOS
	run python3 "$top_srcdir/tests/lib/run-exec.py" --wrap "env VK_DRIVER_FILES=$newer VK_ICD_FILENAMES=$newer" budget.json
	status_is 1 'more device memory than the budget leaves'
	like "$out" '"reason": "device-memory", "text": "[^"]* needed, what the driver.s memory budget leaves is ' '... as device-memory'
	unlike "$out" '"at": "allocated"' '... before anything is allocated'
else
	skip 3 'no driver that tells a budget, or too much memory'
fi
done_testing
