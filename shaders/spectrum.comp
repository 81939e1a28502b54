#version 450
/*
 * A spectrum as a picture, on a logarithmic scale with frequency 0 in the middle; and the spectrum
 * itself times a Gaussian, which is what makes a picture soft.
 */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) buffer Data { vec2 data[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Picture { float picture[]; };
layout(push_constant) uniform Push {
	int width, height;
	float sigma; /* of the blur, in pixels */
};

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy), size = ivec2(width, height);
	if (at.x >= width || at.y >= height)
		return;
	int i = at.y * width + at.x;
	ivec2 middle = (at + size / 2) % size;
	picture[middle.y * width + middle.x] = clamp(log2(1.0 + length(data[i])) / 14.0, 0.0, 1.0);
	/* frequencies above the half count backwards: -1 is the last */
	vec2 f = vec2(at - ivec2(greaterThanEqual(at, size / 2)) * size) / vec2(size);
	data[i] *= exp(-19.7392088 * sigma * sigma * dot(f, f));
}
