#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Shaders and buffers that do not fit together: each is refused before anything runs, with both sides in the message.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns vulkan python3

# refuse STATUS REASON ERE WHAT DECLARATIONS BODY BUFFER [KEY]: one kernel, one buffer that all its
# bindings get; a bind list may be given as KEY.
refuse() {
	printf '#version 450\n#extension GL_EXT_scalar_block_layout : require\nlayout(local_size_x = 1) in;\n%s\nvoid main() { %s }\n' \
		"$5" "$6" >k.comp
	cat >job.yaml <<EOS
limits: { wall: 60s, device-memory: 1MiB }
compute:
  device: software
  kernels: { k: { shader: k.comp } }
  buffers: { b: { $7 } }
  steps: [ { run: k, bind: ${8:-[b]}, groups: [1] } ]
  outputs: { b: out.raw }
EOS
	ends "$1" "$2" "$3" "$4" job.yaml
}
refuse 0 exited '*' 'what fits is taken' 'layout(binding = 0) buffer B { float x[]; };' 'x[0] = 1;' 'type: f32, shape: [4]'
is "$(wc -c <out.raw)" 16 '... and written'
rm -f out.raw
bad() { refuse 125 bad-job "$@"; }
bad "kernel 'k': binding 0 'B' is \{ uint x\[\]; \}, which holds u32; buffer 'b' is f32 \[4\]" 'another type' \
	'layout(binding = 0) buffer B { uint x[]; };' 'x[0] = 1;' 'type: f32, shape: [4]'
bad "whose elements are 16 bytes apart; buffer 'b' is f32 \[8, 3\]" 'vec3 without its gap' \
	'layout(std430, binding = 0) buffer B { vec3 x[]; };' 'x[0] = vec3(1);' 'type: f32, shape: [8, 3]'
bad "binding 2 'u' is \{ float w\[9\]; \} and needs 144 bytes; buffer 'b' is f32 \[9\]" 'std140 without its gaps' \
	'layout(binding = 1) buffer B { float x[]; }; layout(binding = 2) uniform U { float w[9]; } u;' 'x[0] = u.w[2];' \
	'type: f32, shape: [9]' '[b, b]'
bad "binding 0 'b' \(\{ uint x\[\]; \}\) is an array of descriptors" 'an array of descriptors' \
	'layout(binding = 0) buffer B { uint x[]; } b[4];' 'b[1].x[0] = 1;' 'type: u32, shape: [4]' '{ 0: b }'
bad "set 4, binding 0 'B' .* is in a descriptor set above 3" 'a fifth set' \
	'layout(set = 4, binding = 0) buffer B { uint x[]; };' 'x[0] = 1;' 'type: u32, shape: [4]'
bad "binding 0 'i' is image2D, buffer 'b' is u8 \[4, 4\]: the shader's format rgba8 is u8 with 4 channels" 'another number of channels' \
	'layout(binding = 0, rgba8) uniform image2D i;' 'imageStore(i, ivec2(0), vec4(1));' 'type: u8, shape: [4, 4]'
bad "buffer 'b' is f32 \[4, 4, 3\]: images have 1, 2 or 4 channels" 'three channels' \
	'layout(binding = 0) uniform writeonly image2D i;' 'imageStore(i, ivec2(0), vec4(1));' 'type: f32, shape: [4, 4, 3]'
bad "binding 0 'i' is usampler2D, buffer 'b' is f32 \[4, 4\]: no image of f32 with 1 channel is read as u32" 'floats read as integers' \
	'layout(binding = 0) uniform usampler2D i; shared uint x;' 'x = texelFetch(i, ivec2(0), 0).x;' 'type: f32, shape: [4, 4]'
bad "samplerCube.* is not two- or three-dimensional" 'a cube' \
	'layout(binding = 0) uniform samplerCube i; shared float x;' 'x = textureLod(i, vec3(0), 0).x;' 'type: f32, shape: [4, 4]'
bad "sampler2DShadow.* is an arrayed, multisampled or shadow image" 'a shadow sampler' \
	'layout(binding = 0) uniform sampler2DShadow i; shared float x;' 'x = textureLod(i, vec3(0), 0);' 'type: f32, shape: [4, 4]'
bad "capability 46, which cannot be used here" 'a buffer texture' \
	'layout(binding = 0) uniform samplerBuffer i; shared float x;' 'x = texelFetch(i, 0).x;' 'type: f32, shape: [4, 4]'
bad "buffer 'b' is bound as an image \(binding 0 'i'\) and as a buffer \(binding 1 'B'\), and written to" 'two things at once' \
	'layout(binding = 0) uniform sampler2D i; layout(binding = 1) buffer B { float x[]; };' 'x[0] = texelFetch(i, ivec2(0), 0).x;' \
	'type: f32, shape: [4, 4]' '[b, b]'
bad "here it is 2D of format rgba8ui, elsewhere in the job 2D of format rgba8$" 'two formats' \
	'layout(binding = 0, rgba8) uniform image2D i; layout(binding = 1, rgba8ui) uniform uimage2D j;' \
	'imageStore(i, ivec2(0), vec4(1)); imageStore(j, ivec2(0), uvec4(1));' 'type: u8, shape: [4, 4, 4]' '[b, b]'
bad "format r32ui .*does not offer linear filtering \(VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT\)" 'linear filtering of integers' \
	'layout(binding = 0) uniform usampler2D i; shared uint x;' 'x = textureLod(i, vec2(0), 0).x;' 'type: u32, shape: [4, 4], sampler: { filter: linear }'
bad "image of 100000 x 1 x 1, the device allows [0-9]+ x .*maxImageDimension2D" 'a picture that is too wide' \
	'layout(binding = 0) uniform sampler2D i; shared float x;' 'x = texelFetch(i, ivec2(0), 0).x;' 'type: u8, shape: [1, 100000]'
refuse 123 device-memory '1.5MiB needed, the limit of device memory is 1MiB' 'an image takes memory as well' \
	'layout(binding = 0) uniform sampler2D i; shared float x;' 'x = texelFetch(i, ivec2(0), 0).x;' 'type: f32, shape: [384, 512]'
# many N: so many bindings.
many() { python3 -c "print('\n'.join(f'layout(binding = {i}) buffer B{i} {{ uint x{i}[]; }};' for i in range($1)))"; }
bad 'declares more than 64 bindings' 'sixty-five bindings' "$(many 65)" 'x64[0] = x5[0];' 'type: u32, shape: [4]'
bad 'declares more than 64 bindings|the compiler was ended' 'ten thousand bindings' "$(many 10000)" 'x9999[0] = x5[0];' 'type: u32, shape: [4]'
ok 'nothing that was refused wrote anything' test ! -e out.raw
reports_valid
done_testing
