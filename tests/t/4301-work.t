#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Steps of all kinds through vkjail run: groups and conditions, copies, clears, checks, indirect
# dispatches and queues; their results computed again with NumPy, and what wrong ones are told.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
. "$top_srcdir/tests/lib/numpy.sh"
need userns vulkan python3

need_numpy

# agrees WHAT: the expressions on stdin, one a line, are all true; files are loaded as their names.
cat >agrees.py <<'EOF'
import hashlib, pathlib, sys
import numpy as np
class Files(dict):
    def __missing__(self, name):
        return np.load(name + ".npy")
names = Files(np=np, hashlib=hashlib)
for line in sys.stdin:
    if not eval(line, names):
        sys.exit("not so: " + line)
EOF
agrees() { ok "$1" "$numpy" agrees.py; }

cat >relax.comp <<'EOF'
#version 450
layout(local_size_x = 32) in;
layout(std430, binding = 0) readonly buffer From { float from[]; };
layout(std430, binding = 1) writeonly buffer To { float to[]; };
layout(std430, binding = 2) buffer Change { uint change; };
void main() {
	uint i = gl_GlobalInvocationID.x, n = uint(from.length());
	if (i >= n)
		return;
	float v = i == 0 || i + 1 == n ? from[i] : 0.5 * (from[i - 1] + from[i + 1]);
	to[i] = v;
	atomicMax(change, floatBitsToUint(abs(v - from[i])));
}
EOF
cat >half.comp <<'EOF'
#version 450
layout(std430, binding = 0) buffer Err { float err[]; };
void main() { err[1] *= 0.5; }
EOF
cat >add.comp <<'EOF'
#version 450
layout(local_size_x = 8) in;
layout(push_constant) uniform Push { uint by; };
layout(std430, binding = 0) buffer X { uint x[]; };
void main() { if (gl_GlobalInvocationID.x < uint(x.length())) x[gl_GlobalInvocationID.x] += by; }
EOF
cat >counts.comp <<'EOF'
#version 450
layout(std430, binding = 0) buffer Counts { uint counts[]; };
void main() { counts[1] += 1; counts[2] = 2; counts[3] = 1; }
EOF
cat >grid.comp <<'EOF'
#version 450
layout(std430, binding = 0) buffer Seen { uint seen[]; };
void main() {
	atomicAdd(seen[gl_WorkGroupID.y * 8 + gl_WorkGroupID.x], 1);
	atomicMax(seen[30], gl_NumWorkGroups.x * 100 + gl_NumWorkGroups.y);
}
EOF
# job NAME: the job file NAME.yaml, from stdin, with the kernels of this test.
job() {
	{
		printf 'compute:\n  device: software\n  kernels:\n'
		printf '    %s: { shader: %s.comp }\n' relax relax half half add add counts counts grid grid
		cat
	} >"$1.yaml"
}
dispatches() { report_get "$R" .gpu.kernels | "$numpy" -c 'import json, sys; print(*(k["kernel"] + ":" + str(k["dispatches"]) for k in json.load(sys.stdin)))'; }

# ---- groups, copies, clears ----
job heat <<'EOF'
  buffers:
    a: { type: f32, shape: [100], fill: iota }
    b: { like: a }
    change: { type: u32, shape: [1] }
    tail: { type: f32, shape: [10], fill: { value: 7 } }
  steps:
    - { copy: { from: tail, to: a, to-element: 95, elements: 5 } }
    - repeat: 20
      steps:
        - { clear: { buffer: change, value: 0 } }
        - repeat: 2
          steps:
            - { run: relax, bind: [a, b, change], elements: a.elements }
            - { copy: { from: b, to: a } }
    - { copy: { from: a, to: tail, from-element: 90 } }
    - { copy: { from: a, to: a, from-element: 50, to-element: 0, elements: 50 } }
  outputs: { a: a.npy, b: b.npy, tail: tail.npy, change: change.npy }
EOF
ends 0 exited '*' 'groups in groups, copies of parts, clears' heat.yaml
is "$(dispatches)" 'relax:40' '... in 20 times 2 rounds'
cat >heat.py <<'EOF'
import numpy as np
x = np.arange(100, dtype=np.float32)
x[95:] = 7
for _ in range(40):
    y = x.copy()
    y[1:-1] = np.float32(0.5) * (x[:-2] + x[2:])
    last, x = x, y
np.save("want.npy", x)
np.save("last.npy", np.abs(x - last).max())
EOF
"$numpy" heat.py
agrees '... as NumPy computes it' <<'EOF'
np.array_equal(b, want)
np.array_equal(tail, want[90:])
np.array_equal(a, np.concatenate([want[50:], want[50:]]))
change.view(np.float32)[0] >= last
EOF

job clears <<'EOF'
  buffers:
    u8: { type: u8, shape: [7], fill: iota }
    u16: { type: u16, shape: [3], fill: iota }
    i16: { type: i16, shape: [5], fill: iota }
    f16: { type: f16, shape: [9], fill: iota }
    f32: { type: f32, shape: [3, 3], fill: iota }
    i64: { type: i64, shape: [1001], fill: iota }
    f64: { type: f64, shape: [3], fill: iota }
    one: { type: f64, shape: [1], fill: iota }
    b: { type: bool, shape: [5] }
  steps:
    - { clear: { buffer: u8, value: 200 } }
    - { clear: u16 }
    - { clear: { buffer: i16, value: -2 } }
    - { clear: { buffer: f16, value: 1.5 } }
    - { clear: { buffer: f32, value: 3 } }
    - { clear: { buffer: i64, value: -3 } }
    - { clear: { buffer: i64, value: 1234567890123 } }
    - { clear: { buffer: f64, value: 0.1 } }
    - { clear: { buffer: one, value: 0.1 } }
    - { clear: { buffer: b, value: true } }
    - { copy: { from: u8, to: u8, from-element: 0, to-element: 5, elements: 0 } }
  outputs: { u8: u8.npy, u16: u16.npy, i16: i16.npy, f16: f16.npy, f32: f32.npy, i64: i64.npy, f64: f64.npy, one: one.npy, b: b.npy }
EOF
ends 0 exited '*' 'clears of every width, and no kernel at all' clears.yaml
agrees '... set every element and nothing else' <<'EOF'
np.array_equal(u8, np.full(7, 200, np.uint8)) and np.array_equal(u16, np.zeros(3, np.uint16))
np.array_equal(i16, np.full(5, -2, np.int16)) and np.array_equal(f16, np.full(9, 1.5, np.float16))
np.array_equal(f32, np.full((3, 3), 3, np.float32)) and np.array_equal(i64, np.full(1001, 1234567890123))
np.array_equal(f64, np.full(3, 0.1)) and np.array_equal(one, np.full(1, 0.1)) and b.all()
EOF

# ---- until ----
# rounds WANT WHAT LOOP: a loop that halves 1.0 each round makes so many.
rounds() {
	job until <<EOF
  buffers: { err: { type: f32, shape: [2], fill: { value: 1 } }, x: { type: u32, shape: [20] } }
  steps:
    - $3
    - { run: add, bind: [x], push: [1], elements: 20 }
EOF
	ends 0 exited '*' "$2" until.yaml
	is "$(dispatches)" "half:$1 add:1" '... after the right number of rounds'
}
half='run: half, bind: [err], groups: 1'
rounds 10 'until a value is below a number' "{ $half, repeat: 1000000, until: { buffer: err, element: 1, below: 0.001 } }"
rounds 12 'looked at every 4 rounds' "{ $half, repeat: 1000, until: { buffer: err, element: 1, below: 0.001, every: 4 } }"
rounds 7 'not reached before the last round' "{ $half, repeat: 7, until: { buffer: err, element: 1, below: 0.001 } }"
rounds 1 'above, true at once' "{ $half, repeat: 7, until: { buffer: err, above: 0.5 } }"
rounds 6 'a loop in a loop, each with a condition of its own' \
	"{ repeat: 9, until: { buffer: err, element: 1, below: 0.02 }, steps: [ { $half, repeat: 2, until: { buffer: err, element: 0, below: 0 } } ] }"
rounds 100000 'a hundred thousand rounds of a group' "{ repeat: 1000, steps: [ { repeat: 100, steps: [ { $half } ] } ] }"

# ---- indirect ----
job indirect <<'EOF'
  buffers: { counts: { type: u32, shape: [5] }, seen: { type: u32, shape: [31] } }
  steps:
    - repeat: 3
      steps:
        - { run: counts, bind: [counts], groups: 1 }
        - { run: grid, bind: [seen], indirect: { buffer: counts, element: 1 } }
    - { run: grid, bind: [seen], indirect: counts }
  outputs: { seen: seen.npy }
EOF
ends 0 exited '*' 'indirect dispatches' indirect.yaml
agrees '... have as many groups as the buffer says when they are reached, and none where it says 0' <<'EOF'
seen[:8].tolist() == [3, 2, 1, 0, 0, 0, 0, 0] and seen[8:16].tolist() == [3, 2, 1, 0, 0, 0, 0, 0]
seen[30] == 302
EOF
job many <<'EOF'
  buffers: { counts: { type: u32, shape: [3], fill: { value: 4294967295 } }, seen: { type: u32, shape: [31] } }
  steps: [ { run: grid, bind: [seen], indirect: counts } ]
  outputs: { seen: never.npy }
EOF
ends 125 bad-job "many.yaml:[0-9]*: compute.steps.0.: buffer 'counts' asks for 4294967295 groups in x, the device allows [0-9]* .maxComputeWorkGroupCount" 'more groups than the device allows' many.yaml

# ---- checks ----
"$numpy" -c '
import numpy as np
np.save("near.npy", np.arange(12, dtype=np.float64).reshape(3, 4) + 0.01)
np.save("wide.npy", np.arange(12).reshape(2, 6))
np.arange(12, dtype=np.float32).tofile("exact.bin")'
sum=$("$numpy" -c 'import hashlib, numpy as np; print(hashlib.sha256(np.arange(12, dtype=np.float32).tobytes()).hexdigest())')
# check WANT REASON WORDS WHAT CHECK: what a job of one check ends with.
check() {
	job check <<EOF
  buffers: { x: { type: f32, shape: [3, 4], fill: iota }, y: { type: u8, shape: [3], fill: iota } }
  steps: [ { check: { $5 } } ]
  outputs: { x: checked.npy }
EOF
	rm -f checked.npy
	ends "$1" "$2" "$3" "$4" check.yaml
	if [ "$1" = 0 ]; then ok '... and the output is there' test -s checked.npy; else ok '... and there is no output' test ! -e checked.npy; fi
}
check 0 exited '*' 'the right hash' "buffer: x, sha256: $sum"
check 0 exited '*' 'a hash of bytes that are padded on the device' "buffer: y, sha256: ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"
check 1 check-failed "compute.steps.0.: buffer 'x' has the SHA-256 $sum, expected 0123" 'another hash' "buffer: x, sha256: 0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
check 0 exited '*' 'a raw file of the same shape' 'buffer: x, file: exact.bin'
check 0 exited '*' 'a file of another type, within a tolerance' 'buffer: x, file: near.npy, max-abs: 0.0101'
check 0 exited '*' 'a tolerance that is relative and absolute' 'buffer: x, file: near.npy, max-abs: 0.01, max-rel: 0.001'
check 1 check-failed "buffer 'x' differs from near.npy in 12 of 12 elements, most at \[[0-9], [0-9]\]: [0-9]* in place of [0-9.]*, off by 0.01 .max-abs is 0.005" 'outside a tolerance' 'buffer: x, file: near.npy, max-abs: 0.005'
check 125 bad-job "buffer 'x' is f32 .3, 4. and cannot be checked against wide.npy, which is i64 .2, 6." 'a file of another shape' 'buffer: x, file: wide.npy'
check 125 bad-job "missing.npy: cannot open: No such file" 'a file that is not there' 'buffer: x, file: missing.npy'
check 125 bad-job "exact.bin: is too long: u8 .3. needs 3 bytes, the file has 48" 'a raw file of another size' 'buffer: y, file: exact.bin'
check 125 bad-job "'checked.npy' is also an input" 'an output onto the file of a check' 'buffer: x, file: checked.npy'

# ---- how loops went ----
job rounds <<'EOF'
  buffers: { x: { type: u32, shape: [8] }, f: { type: f32, shape: [2] } }
  steps:
    - { run: add, bind: [x], push: [1], groups: 1, repeat: 100, until: { buffer: x, above: 10, every: 3 } }
    - repeat: 3
      steps:
        - { run: add, bind: [x], push: [1], groups: 1, repeat: 5, until: { buffer: x, element: 7, above: 18, every: 2 } }
    - { run: half, bind: [f], groups: 1, repeat: 4, until: { buffer: f, element: 1, below: 0 } }
    - { run: half, bind: [f], groups: 1, repeat: 4 }
EOF
ends 0 exited '*' 'loops with conditions' rounds.yaml
report_is "$R" .gpu.loops '[{"step": 1, "buffer": "x", "times": 1, "rounds": 12, "rounds_total": 12, "ended": "condition", "value": "12"}, {"step": 3, "buffer": "x", "times": 3, "rounds": 2, "rounds_total": 9, "ended": "condition", "value": "21"}, {"step": 4, "buffer": "f", "times": 1, "rounds": 4, "rounds_total": 4, "ended": "repeat", "value": "0"}]' '... the report says how each went'
printf '\000\000\300\177' >nan.raw
printf '\001\000\000\000' >one.raw
job unfinished <<'EOF'
  buffers: { x: { type: u32, shape: [1] }, nan: { file: nan.raw, format: raw, type: f32, shape: [1] } }
  steps:
    - repeat: 9
      until: { buffer: nan, below: 1 }
      steps:
        - { run: add, bind: [x], push: [1], groups: 1 }
        - { check: { buffer: x, file: one.raw } }
EOF
ends 1 check-failed '*' 'a loop in whose second round a check fails' unfinished.yaml
report_is "$R" .gpu.loops '[{"step": 1, "buffer": "nan", "times": 1, "rounds": 1, "rounds_total": 1, "ended": "unfinished", "value": "nan"}]' '... did not end by itself'

# ---- queues ----
job queues <<'EOF'
  buffers: { x: { type: u32, shape: [1000] }, y: { type: u32, shape: [1000] }, z: { type: u32, shape: [1000] } }
  steps:
    - repeat: 50
      steps:
        - { run: add, bind: [x], push: [1], elements: 1000, queue: left }
        - { run: add, bind: [y], push: [2], elements: 1000, queue: right }
        - { copy: { from: x, to: z }, queue: right }
        - { run: add, bind: [y], push: [1], elements: 1000, queue: left }
    - { run: add, bind: [z], push: [5], elements: 1000 }
  outputs: { x: x.npy, y: y.npy, z: z.npy }
EOF
ends 0 exited '*' 'steps on named queues' queues.yaml
like "$err" 'steps of all queues are put into one queue of the device' '... which is one, and that is said'
agrees '... do the same as in order' <<'EOF'
(x == 50).all() and (y == 150).all() and (z == 55).all()
EOF

# ---- what wrong steps are told ----
# wrong ERE STEP: as the only step.
wrong() {
	job wrong <<EOF
  buffers: { x: { type: u32, shape: [1000] }, f: { type: f32, shape: [10] } }
  steps: [ { $2 } ]
EOF
	ends 125 bad-job "wrong.yaml:[0-9]*: compute.steps.0.[a-z.]*: $1" "$2" wrong.yaml
}
wrong "buffer 'x' is u32 and 'f' is f32: a copy converts nothing" 'copy: { from: x, to: f }'
wrong "the copy needs elements 990 to 1001 of buffer 'x', which has 1000" 'copy: { from: x, to: x, from-element: 990, elements: 11 }'
wrong "the copy inside buffer 'x' overlaps itself" 'copy: { from: x, to: x, from-element: 1, to-element: 0, elements: 2 }'
wrong "'until' reads element 10 of buffer 'f', which has 10" 'run: add, bind: [x], push: [1], groups: 1, repeat: 2, until: { buffer: f, element: 10, below: 1 }'
wrong "'indirect' reads element 1000 of buffer 'x', which has 1000" 'run: grid, bind: [x], indirect: { buffer: x, element: 998 }'
wrong "buffer 'f' is f32, but numbers of groups are u32" 'run: grid, bind: [x], indirect: f'
wrong "buffer 'x' cannot be cleared: -1 does not fit into u32" 'clear: { buffer: x, value: -1 }'
wrong "buffer 'x' cannot be cleared: 0.5 is not an integer" 'clear: { buffer: x, value: 0.5 }'
reports_valid
done_testing
