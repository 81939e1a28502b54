#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPIR-V that is cut anywhere, shaders that never end, indices that lie outside of every buffer.
# shellcheck disable=SC2317 # functions that on_each calls
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns vulkan python3
newer=$(real_place)/mesa/lvp_icd.json

# ---- cut at every length: what is left is refused, in words, by the validator that runs before any driver sees it ----
cat >small.comp <<'S'
#version 450
layout(local_size_x = 4) in;
layout(std430, binding = 0) buffer X { uint x[]; };
void main() { x[gl_GlobalInvocationID.x] += 7u; }
S
cat >cut.py <<'P'
import subprocess, sys
compiler = sys.argv[1]
def run(how, data):
    done = subprocess.run([compiler, how, "small", "main"], input=data, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr
code, whole, _ = run("glsl", open("small.comp", "rb").read())
assert code == 0 and len(whole) % 4 == 0, code
open("small.spv", "wb").write(whole)
assert run("spirv", whole)[:2] == (0, whole)
for n in list(range(0, len(whole), 4)) + [1, 2, 3, 19, 21, len(whole) - 1]:
    code, out, err = run("spirv", whole[:n])
    assert code == 1 and not out and err.startswith(b"small"), (n, code, out, err)
    assert err.count(b"\n") >= 1 and len(err) < 4096, (n, err)
P
ok 'a module that is cut anywhere is refused' python3 cut.py "$top_builddir/vkjail-compile"
cat >cut.yaml <<'Y'
compute:
  device: software
  kernels: { k: { shader: cut.spv } }
  buffers: { x: { type: u32, shape: [64] } }
  steps: [ { run: k, bind: [x], groups: 1 } ]
Y
for n in 0 4 20 23 200; do
	head -c "$n" small.spv >cut.spv
	ends 125 bad-job "cut.spv" "... the first $n bytes, through vkjail run" cut.yaml
done

# ---- indices outside: robust buffer access is on ----
cat >outside.comp <<'S'
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer X { uint x[]; };
layout(std430, binding = 1) buffer Seen { uint seen[]; };
void main() {
	uint i = gl_GlobalInvocationID.x;
	uint far = (1u << (i % 30u)) + 256u;
	seen[i] = x[far];
	x[far] = 0xdeadbeefu;
	atomicAdd(x[far + 1u], 5u);
	x[4000000000u + i] = 1u;
}
S
cat >outside.yaml <<'Y'
compute:
  device: software
  kernels: { k: { shader: outside.comp } }
  buffers:
    before: { type: u32, shape: [256], fill: { value: 3 } }
    x: { type: u32, shape: [256], fill: { value: 1 } }
    seen: { type: u32, shape: [64], fill: { value: 9 } }
    after: { type: u32, shape: [256], fill: { value: 4 } }
  steps: [ { run: k, bind: [x, seen], groups: 1 } ]
  outputs: { before: before.raw, x: x.raw, seen: seen.raw, after: after.raw }
Y
cat >outside.py <<'P'
import array
def values(name):
    return set(array.array("I", open(name + ".raw", "rb").read()))
assert values("before") == {3} and values("x") == {1} and values("after") == {4}, "other buffers were reached"
# What lies outside reads as zero, or as something of the same buffer.
assert values("seen") <= {0, 1}, values("seen")
P
# on_each ERE...: the arguments of vkjail run, with the system's driver and a newer one.
on_each() {
	"$@" "system's driver" -q
	if [ -r "$newer" ]; then
		"$@" 'newer Mesa' -q --driver "$newer"
	else
		skip 2 "no newer Mesa in $(real_place) (tests/real/setup fetches it)"
	fi
}
outside() {
	outside_who=$1
	shift
	ends 0 exited '' "$outside_who: indices outside of a buffer" "$@" outside.yaml
	ok '... reach nothing' python3 outside.py
}
on_each outside

# ---- a shader that never ends ----
cat >endless.comp <<'S'
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer X { uint x[]; };
void main() {
	uint v = x[gl_GlobalInvocationID.x];
	do
		v = v * 1664525u + 1013904223u | 1u;
	while (v != 0u);
	x[gl_GlobalInvocationID.x] = v;
}
S
cat >endless.yaml <<'Y'
compute:
  device: software
  kernels: { k: { shader: endless.comp } }
  buffers: { x: { type: u32, shape: [64] } }
  steps: [ { run: k, bind: [x], groups: 1 } ]
Y
# The system's driver ends every loop after some thousand iterations, and vkjail says so; another one never does.
endless() {
	endless_who=$1
	shift
	new_report
	run vkjail run --report "$R" --kernel 300ms --wall 60s "$@" endless.yaml
	if [ "$(report_get "$R" .gpu.device.loop_limit)" = null ]; then
		judge 124 kernel-time '*' "$endless_who: a shader that never ends reaches the kernel's limit"
		ok '... and is not waited for' test "$(report_get "$R" .times.wall_ns)" -lt 30000000000
	else
		judge 0 exited '*' "$endless_who: a shader that never ends is ended by the driver"
		ok '... which is said' test "$(report_get "$R" .gpu.device.loop_limit)" -gt 0
	fi
}
on_each endless
reports_valid
done_testing
