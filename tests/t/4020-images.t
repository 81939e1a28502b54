#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Images, textures, samplers, uniform and scalar blocks, several descriptor sets: one job that uses
# them all, computed again with NumPy, on both drivers and under the validation layer.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/numpy.sh"
need userns vulkan python3
newer=$(real_place)/mesa/lvp_icd.json

need_numpy

dir=$(user_dir images)
cd "$dir" || exit 99

# Each address mode, both filters, at places inside and outside of the image.
cat >sample.comp <<'EOS'
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer Places { vec2 places[]; };
layout(std430, binding = 1) writeonly buffer Seen { vec4 seen[]; };
layout(binding = 2) uniform sampler2D picture;
void main() {
	uint i = gl_GlobalInvocationID.x;
	if (i < places.length())
		seen[i] = textureLod(picture, places[i], 0.0);
}
EOS
# A texture and a sampler apart: the texture of one buffer read with the sampler of another.
cat >apart.comp <<'EOS'
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer Places { vec2 places[]; };
layout(std430, binding = 1) writeonly buffer Seen { vec4 seen[]; };
layout(binding = 2) uniform texture2D picture;
layout(binding = 3) uniform sampler how;
void main() {
	uint i = gl_GlobalInvocationID.x;
	if (i < places.length())
		seen[i] = textureLod(sampler2D(picture, how), places[i], 0.0);
}
EOS
# Three dimensions, loads past the edge left out; one step for each descriptor set.
cat >laplace.comp <<'EOS'
#version 450
layout(local_size_x = 4, local_size_y = 4, local_size_z = 4) in;
layout(set = 0, binding = 0, r32f) uniform readonly image3D from;
layout(set = 3, binding = 1, r32f) uniform writeonly image3D to;
layout(set = 1, binding = 0) uniform Weights { float middle; float side; };
float at(ivec3 p) {
	bool inside = all(greaterThanEqual(p, ivec3(0))) && all(lessThan(p, imageSize(from)));
	return inside ? imageLoad(from, p).x : 0.0;
}
void main() {
	ivec3 p = ivec3(gl_GlobalInvocationID);
	if (any(greaterThanEqual(p, imageSize(to))))
		return;
	float sum = middle * at(p);
	sum += side * (at(p + ivec3(1, 0, 0)) + at(p - ivec3(1, 0, 0)));
	sum += side * (at(p + ivec3(0, 1, 0)) + at(p - ivec3(0, 1, 0)));
	sum += side * (at(p + ivec3(0, 0, 1)) + at(p - ivec3(0, 0, 1)));
	imageStore(to, p, vec4(sum));
}
EOS
# 16 bytes between the elements of arrays and between the columns of a mat3.
cat >std140.comp <<'EOS'
#version 450
layout(local_size_x = 1) in;
layout(std140, binding = 0) uniform Block { vec3 a[4]; float b; mat3 m; float w[5]; };
layout(std430, binding = 1) writeonly buffer Out { float result[]; };
void main() {
	int n = 0;
	for (int i = 0; i < 4; i++)
		for (int c = 0; c < 3; c++)
			result[n++] = a[i][c];
	result[n++] = b;
	for (int c = 0; c < 3; c++)
		for (int r = 0; r < 3; r++)
			result[n++] = m[c][r];
	for (int i = 0; i < 5; i++)
		result[n++] = w[i];
}
EOS
cat >scalar.comp <<'EOS'
#version 450
#extension GL_EXT_scalar_block_layout : require
layout(local_size_x = 64) in;
layout(scalar, binding = 0) readonly buffer In { vec3 points[]; };
layout(scalar, binding = 1) writeonly buffer Out { vec3 turned[]; };
layout(scalar, binding = 2) uniform Offset { float scale; vec3 offset; };
void main() {
	uint i = gl_GlobalInvocationID.x;
	if (i < points.length())
		turned[i] = points[i].zxy * scale + offset;
}
EOS
# Counts with atomics on an image; what a later step reads as a block, and one after it as a texture.
cat >count.comp <<'EOS'
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer Values { uint values[]; };
layout(binding = 1, r32ui) uniform uimage2D counts;
void main() {
	uint i = gl_GlobalInvocationID.x;
	if (i < values.length())
		imageAtomicAdd(counts, ivec2(values[i] % 8, values[i] / 8 % 8), 1);
}
EOS
cat >double.comp <<'EOS'
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Counts { uint counts[]; };
void main() { counts[gl_GlobalInvocationID.x] *= 2; }
EOS
cat >turn.comp <<'EOS'
#version 450
layout(local_size_x = 8, local_size_y = 8) in;
layout(binding = 0) uniform usampler2D counts;
layout(binding = 1) uniform writeonly uimage2D turned;
void main() {
	ivec2 p = ivec2(gl_GlobalInvocationID.xy);
	imageStore(turned, p, uvec4(texelFetch(counts, p.yx, 0).x));
	imageStore(turned, p + ivec2(8, -3), uvec4(7)); // past the edge: nothing happens
}
EOS
# 8 bits as numbers from 0 to 1 and as integers; two channels of 16 bits.
cat >mix.comp <<'EOS'
#version 450
layout(local_size_x = 8, local_size_y = 8) in;
layout(binding = 0, rgba8) uniform readonly image2D one;
layout(binding = 1, rgba8ui) uniform writeonly uimage2D whole;
layout(binding = 2, rg16f) uniform writeonly image2D pair;
layout(binding = 3) uniform sampler2D gray;
void main() {
	ivec2 p = ivec2(gl_GlobalInvocationID.xy);
	vec4 v = imageLoad(one, p);
	imageStore(whole, p, uvec4(v.wzyx * 255.0 + 0.5));
	imageStore(pair, p, vec4(v.x + texelFetch(gray, p, 0).x, v.y, 0, 0));
}
EOS

"$numpy" - <<'EOS'
import numpy as np
r = np.random.default_rng(7)
np.save("picture.npy", r.random((13, 21, 4), np.float32))
places = r.random((500, 2), np.float32) * 5 - 2
np.save("places.npy", places.astype(np.float32))
np.save("volume.npy", r.random((7, 9, 11), np.float32))
np.save("weights.npy", np.float32([-6, 1]))
np.save("offset.npy", np.float32([0.5, 1, 3, -1]))
np.save("block.npy", r.random((4 + 1 + 3 + 5, 4), np.float32))
np.save("points.npy", r.random((100, 3), np.float32))
np.save("values.npy", r.integers(0, 64, 1000, np.uint32))
np.save("bytes.npy", r.integers(0, 256, (16, 24, 4), np.uint8))
np.save("gray.npy", r.integers(0, 256, (16, 24), np.uint8))
EOS

# sampled NAME KERNEL FILTER ADDRESS: the buffers and the step of one way to sample.
sampled() {
	buffers="$buffers
    picture-$1: { file: picture.npy, sampler: { filter: $3, address: $4 } }
    seen-$1: { type: f32, shape: [500, 4] }"
	outputs="$outputs
    seen-$1: seen-$1.npy"
}
buffers='' outputs='' steps=''
for filter in nearest linear; do
	for address in clamp repeat mirror border; do
		sampled "$filter-$address" sample "$filter" "$address"
		steps="$steps
    - { run: sample, bind: [places, seen-$filter-$address, picture-$filter-$address], elements: [500] }"
	done
done
cat >images.yaml <<EOS
limits: { wall: 120s, device-memory: 1MiB }
compute:
  device: software
  kernels:
    sample: { shader: sample.comp }
    apart: { shader: apart.comp }
    laplace: { shader: laplace.comp }
    std140: { shader: std140.comp }
    scalar: { shader: scalar.comp }
    count: { shader: count.comp }
    double: { shader: double.comp }
    turn: { shader: turn.comp }
    mix: { shader: mix.comp }
  buffers:
    places: { file: places.npy }
    picture: { file: picture.npy }
    linear: { type: u8, shape: [1], sampler: { filter: linear, address: mirror } }
    seen-apart: { type: f32, shape: [500, 4] }
    volume: { file: volume.npy }
    weights: { file: weights.npy }
    sums: { like: volume }
    block: { file: block.npy }
    result: { type: f32, shape: [27] }
    points: { file: points.npy }
    turned: { like: points }
    offset: { file: offset.npy }
    values: { file: values.npy }
    counts: { type: u32, shape: [8, 8] }
    transposed: { type: u32, shape: [8, 8] }
    bytes: { file: bytes.npy }
    whole: { like: bytes }
    pair: { type: f16, shape: [16, 24, 2] }
    gray: { file: gray.npy }$buffers
  steps:
    - { run: apart, bind: { places: places, Seen: seen-apart, picture: picture, how: linear }, elements: [500] }
    - { run: laplace, bind: [volume, weights, sums], elements: [11, 9, 7] }
    - { run: std140, bind: [block, result], groups: [1] }
    - { run: scalar, bind: [points, turned, offset], elements: [100] }
    - { run: count, bind: [values, counts], elements: [1000], repeat: 3 }
    - { run: double, bind: [counts], elements: [64] }
    - { run: turn, bind: [counts, transposed], elements: [8, 8] }
    - { run: double, bind: [counts], elements: [64] }
    - { run: count, bind: [values, counts], elements: [1000] }
    - { run: mix, bind: [bytes, whole, pair, gray], elements: [24, 16] }$steps
  outputs:
    seen-apart: seen-apart.npy
    sums: sums.npy
    result: result.npy
    turned: turned.npy
    counts: counts.npy
    transposed: transposed.npy
    whole: whole.npy
    pair: pair.npy$outputs
EOS
cat >check.py <<'EOS'
"""Prints what differs, one line each; nothing when all is well."""
import numpy as np

load = lambda name: np.load(name + ".npy")
picture, places = load("picture").astype(np.float64), load("places").astype(np.float64)
height, width = picture.shape[:2]


def wrap(i, n, address):
    if address == "repeat":
        return i % n
    if address == "mirror":
        i = i % (2 * n)
        return np.where(i < n, i, 2 * n - 1 - i)
    return np.clip(i, 0, n - 1)


def texel(y, x, address):
    value = picture[wrap(y, height, address), wrap(x, width, address)]
    if address == "border":
        value = np.where(((y < 0) | (y >= height) | (x < 0) | (x >= width))[:, None], 0, value)
    return value


def sample(filter, address):
    u, v = places[:, 0] * width, places[:, 1] * height
    if filter == "nearest":
        return texel(np.floor(v).astype(int), np.floor(u).astype(int), address)
    u, v = u - 0.5, v - 0.5
    x, y = np.floor(u).astype(int), np.floor(v).astype(int)
    fx, fy = (u - x)[:, None], (v - y)[:, None]
    above = texel(y, x, address) * (1 - fx) + texel(y, x + 1, address) * fx
    below = texel(y + 1, x, address) * (1 - fx) + texel(y + 1, x + 1, address) * fx
    return above * (1 - fy) + below * fy


def close(what, have, want, tolerance):
    worst = np.abs(have.astype(np.float64) - want).max()
    if not worst <= tolerance:
        print(f"{what}: differs by {worst}")


# Weights of a filter have at least 8 bits behind the point (Vulkan: subTexelPrecisionBits is 4 or more).
for filter in "nearest", "linear":
    for address in "clamp", "repeat", "mirror", "border":
        close(f"{filter}, {address}", load(f"seen-{filter}-{address}"), sample(filter, address),
              0 if filter == "nearest" else 0.01)
close("apart", load("seen-apart"), sample("linear", "mirror"), 0.01)
volume = np.pad(load("volume").astype(np.float64), 1)
inner = (slice(1, -1),) * 3
want = sum(np.roll(volume, s, a)[inner] for s in (1, -1) for a in range(3)) - 6 * volume[inner]
close("laplace", load("sums"), want, 1e-5)
b = load("block")
close("std140", load("result"), np.concatenate([b[0:4, :3].ravel(), b[4, :1], b[5:8, :3].ravel(), b[8:13, 0]]), 0)
close("scalar", load("turned"), load("points")[:, [2, 0, 1]] * 0.5 + [1, 3, -1], 1e-6)
counted = np.bincount(load("values"), minlength=64).reshape(8, 8)
close("turned counts", load("transposed"), (counted * 6).T, 0)
close("counts", load("counts"), counted * 13, 0)
bytes, gray = load("bytes"), load("gray")
close("whole", load("whole"), bytes[..., ::-1], 0)
close("pair", load("pair"), np.stack([(bytes[..., 0] + gray.astype(int)) / 255, bytes[..., 1] / 255], 2), 2e-3)
EOS
[ "$(id -u)" != 0 ] || chmod a+r ./*

# job_on WHAT OPTION...
job_on() {
	what=$1
	shift
	rm -f seen-*.npy sums.npy
	run as_user vkjail run -q "$@" --report "$dir/report.json" images.yaml
	status_is 0 "$what: ends with 0"
	is "$("$numpy" check.py 2>&1)" '' "$what: NumPy agrees"
}
job_on "system's driver"
job_on 'through staging' --env VKJAIL_TEST_STAGING=1000
if [ -r "$newer" ]; then
	job_on 'newer Mesa' --driver "$newer"
else
	skip 2 "no newer Mesa in $(real_place) (tests/real/setup fetches it)"
fi
# The layer's own leaks would end a build with sanitizers.
if have validation-layer && have plain-build; then
	cat >vk_layer_settings.txt <<'EOS'
khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG
khronos_validation.report_flags = error,warn,perf
khronos_validation.log_filename = stdout
khronos_validation.enables = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT
EOS
	job_on 'validation layer' --ro-bind "$dir/vk_layer_settings.txt" --env VK_LAYER_SETTINGS_PATH="$dir/vk_layer_settings.txt" \
		--env VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation
	unlike "$out" 'msgNum: ' 'validation layer: has nothing to say'
else
	skip 3 "$why"
fi
done_testing
