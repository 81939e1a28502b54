#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several queues of a device, which the software driver has not: a layer invents them and does the work of each
# as late as it goes, in two orders. What is not tied by a semaphore comes out wrong.
# shellcheck disable=SC2046 # options are words
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
. "$top_srcdir/tests/lib/numpy.sh"
. "$top_srcdir/tests/lib/test-layer.sh"
need userns vulkan python3
need_numpy
use_layer

cat >add.comp <<'S'
#version 450
layout(local_size_x = 32) in;
layout(std430, binding = 0) buffer X { uint x[]; };
layout(push_constant) uniform P { uint n; };
void main() { uint i = gl_GlobalInvocationID.x; if (i < uint(x.length())) x[i] += n; }
S
cat >affine.comp <<'S'
#version 450
layout(local_size_x = 32) in;
layout(std430, binding = 0) readonly buffer X { uint x[]; };
layout(std430, binding = 1) buffer Y { uint y[]; };
layout(push_constant) uniform P { uint n; };
void main() { uint i = gl_GlobalInvocationID.x; if (i < uint(y.length())) y[i] = y[i] * n + x[i]; }
S
cat >slow.comp <<'S'
#version 450
layout(local_size_x = 32) in;
layout(std430, binding = 0) buffer X { uint x[]; };
layout(push_constant) uniform P { uint n; };
void main() {
	uint i = gl_GlobalInvocationID.x, v = x[i];
	for (uint k = 0u; k < n; k++)
		v = v * 1664525u + 1013904223u;
	x[i] = v;
}
S
cat >blur.comp <<'S'
#version 450
layout(local_size_x = 8, local_size_y = 8) in;
layout(binding = 0, r32f) uniform image2D from;
layout(binding = 1, r32f) uniform image2D to;
void main() {
	ivec2 at = ivec2(gl_GlobalInvocationID.xy), size = imageSize(from);
	if (any(greaterThanEqual(at, size))) return;
	float v = imageLoad(from, at).x + imageLoad(from, (at + ivec2(1, 0)) % size).x;
	imageStore(to, at, vec4(v * 0.5));
}
S
# Every pair of steps of different queues depends on the other in one way or another.
cat >tied.yaml <<'Y'
compute:
  device: software
  kernels: { add: { shader: add.comp }, affine: { shader: affine.comp } }
  buffers: { x: { type: u32, shape: [1000] }, y: { type: u32, shape: [1000] }, z: { type: u32, shape: [1000] }, w: { type: u32, shape: [1000], fill: iota } }
  steps:
    - repeat: 40
      steps:
        - { run: add, bind: [x], push: [1], elements: 1000, queue: left }
        - { run: affine, bind: [x, y], push: [3], elements: 1000, queue: right }
        - { copy: { from: y, to: z }, queue: far }
        - { run: affine, bind: [z, w], push: [5], elements: 1000, queue: left }
        - { run: affine, bind: [w, x], push: [7], elements: 1000, queue: far }
        - { run: add, bind: [w], push: [11], elements: 1000 }
    - { clear: z, queue: right }
    - { run: affine, bind: [w, z], push: [1], elements: 1000, queue: left }
  outputs: { x: x.npy, y: y.npy, z: z.npy, w: w.npy }
Y
cat >tied.py <<'P'
import numpy as np
x, y, z = (np.zeros(1000, np.uint32) for _ in "xyz")
w = np.arange(1000, dtype=np.uint32)
for _ in range(40):
    x = x + np.uint32(1)
    y = y * np.uint32(3) + x
    z = y.copy()
    w = w * np.uint32(5) + z
    x = x * np.uint32(7) + w
    w = w + np.uint32(11)
z = w
for name in "xyzw":
    assert (np.load(name + ".npy") == globals()[name]).all(), name
P
# Two images that change places, whose contents move between image and buffer on two queues.
cat >images.yaml <<'Y'
compute:
  device: software
  kernels: { blur: { shader: blur.comp } }
  buffers: { a: { type: f32, shape: [24, 40], fill: iota }, b: { like: a }, c: { like: a }, d: { like: a } }
  steps:
    - repeat: 6
      steps:
        - { run: blur, bind: [a, b], elements: [40, 24], queue: left }
        - { copy: { from: b, to: c }, queue: right }
        - { run: blur, bind: [c, d], elements: [40, 24], queue: right }
        - { copy: { from: d, to: a }, queue: left }
  outputs: { a: a.npy }
Y
cat >images.py <<'P'
import numpy as np
a = np.arange(24 * 40, dtype=np.float32).reshape(24, 40)
for _ in range(12):
    a = (a + np.roll(a, -1, 1)) * np.float32(0.5)
assert (np.load("a.npy") == a).all()
P
# Long dispatches on two queues, one that needs the first of them, and short ones beside.
cat >long.yaml <<'Y'
compute:
  device: software
  chunk: 2ms
  kernels: { slow: { shader: slow.comp }, add: { shader: add.comp }, affine: { shader: affine.comp } }
  buffers: { a: { type: u32, shape: [32768], fill: iota }, b: { type: u32, shape: [32768], fill: iota }, c: { type: u32, shape: [32768] } }
  steps:
    - { run: slow, bind: [a], push: [3000], groups: 1024, queue: left }
    - { run: slow, bind: [b], push: [1500], groups: 1024, queue: right }
    - { run: add, bind: [c], push: [1], elements: 32768, queue: far, repeat: 10 }
    - { run: affine, bind: [a, c], push: [2], elements: 32768, queue: far }
    - { run: affine, bind: [b, c], push: [2], elements: 32768, queue: far }
  outputs: { a: a.npy, b: b.npy, c: c.npy }
Y
cat >long.py <<'P'
import numpy as np
def slow(n):
    x = np.arange(32768, dtype=np.uint32)
    for _ in range(n):
        x = x * np.uint32(1664525) + np.uint32(1013904223)
    return x
a, b = slow(3000), slow(1500)
assert (np.load("a.npy") == a).all() and (np.load("b.npy") == b).all()
assert (np.load("c.npy") == (np.full(32768, 10, np.uint32) * np.uint32(2) + a) * np.uint32(2) + b).all()
P

for queues in none 2 4 1,2; do
	for order in forward backward; do
		layer_does="VK_TEST_ORDER=$order"
		[ $queues = none ] || layer_does="$layer_does VK_TEST_QUEUES=$queues"
		for job in tied images long; do
			rm -f ./*.npy
			ends 0 exited '*' "$job, queues $queues, $order" -q $(layer_options) $job.yaml
			ok '... with what NumPy computes' "$numpy" $job.py
		done
	done
done

layer_does='VK_TEST_QUEUES=4 VK_TEST_TELL=1'
ends 0 exited '^vk-test-layer: queue 0.1: [0-9]* submissions, [1-9][0-9]* waits' 'with four queues, one waits for another' $(layer_options) tied.yaml
report_is "$R" .gpu.queues '[{"name": "left", "family": 0, "index": 0}, {"name": "right", "family": 0, "index": 1}, {"name": "far", "family": 0, "index": 2}, {"family": 0, "index": 3}]' 'the report says which queue did what'
unlike "$err" 'queues of the device' '... and nothing is said'
# What one queue has got may wait for what another one never gets: nothing is taken from under the device.
for n in 11 12 13 14; do
	layer_does="VK_TEST_QUEUES=4 VK_TEST_TELL=1 VK_TEST_FAIL=vkQueueSubmit:$n:-2"
	ends 123 device-memory 'vkQueueSubmit answered VK_ERROR_OUT_OF_DEVICE_MEMORY' "submission $n is refused in the middle of a round" $(layer_options) tied.yaml
	unlike "$err" 'under way at the end' '... and the others keep what they use'
done
layer_does=VK_TEST_QUEUES=2,1
ends 0 exited 'the steps of 4 queues share 3 queues of the device' 'fewer than there are names' $(layer_options) tied.yaml
report_is "$R" .gpu.queues[2].family 1 '... of another family where one has no more'
report_is "$R" .gpu.queues[3].index 0 '... the first one again'

# The layer must be able to show a mistake.
layer_does='VK_TEST_QUEUES=2 VK_TEST_FORGET=1'
rm -f ./*.npy
ends 0 exited '*' 'without the semaphores' -q $(layer_options) tied.yaml
ok '... other results' sh -c '! "$1" tied.py 2>errors && grep AssertionError errors' sh "$numpy"

# Limits and signals concern every queue.
sed 's/\[3000\]/[3]/; s/b: { type: u32, shape: \[32768\]/b: { type: u32, shape: [1048576]/; s/\[1500\], groups: 1024/[65000], groups: 32768/' long.yaml >late.yaml
layer_does=VK_TEST_QUEUES=3
ends 124 kernel-time "kernel 'slow'.* the limit is 200ms" 'a dispatch of the second queue reaches its limit' $(layer_options) --kernel 200ms late.yaml
sed 's/repeat: 10/repeat: 100000000/' late.yaml >endless.yaml
ends 124 wall-time '^vkjail: wall-time' 'so does the job' $(layer_options) --wall 1s endless.yaml
report_is "$R" .gpu.end.reason cancelled '... between two rounds'

if have validation-layer && have plain-build; then
	cat >vk_layer_settings.txt <<'S'
khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG
khronos_validation.report_flags = error,warn,perf
khronos_validation.log_filename = stdout
khronos_validation.enables = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT
S
	layer_above=VK_LAYER_KHRONOS_validation
	for job in tied images long; do
		layer_does="VK_TEST_QUEUES=2,1 VK_LAYER_SETTINGS_PATH=$(pwd)/vk_layer_settings.txt"
		ends 0 exited '*' "$job: under the validation layer" -q $(layer_options) $job.yaml
		is "$(printf '%s\n' "$out" | grep 'msgNum: ' | grep -v -e '^UNASSIGNED-cache-')" '' '... which has nothing to say'
	done
else
	skip 6 "$why"
fi
reports_valid
done_testing
