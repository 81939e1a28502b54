#version 450
/*
 * A picture made smaller: each pixel is the mean of four samples, and each sample is the mean of the four
 * pixels around its place, which the sampler takes. Right for a half and about right down to a quarter.
 */
layout(local_size_x = 16, local_size_y = 16) in;
layout(set = 0, binding = 0) uniform sampler2D photo;
layout(set = 0, binding = 1, rgba8) uniform writeonly image2D small;

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy), size = imageSize(small);
	if (at.x >= size.x || at.y >= size.y)
		return;
	vec4 sum = vec4(0.0);
	for (int i = 0; i < 4; i++) {
		vec2 place = vec2(at) + 0.25 + 0.5 * vec2(i % 2, i / 2);
		sum += textureLod(photo, place / vec2(size), 0.0);
	}
	imageStore(small, at, 0.25 * sum);
}
