#version 450
/* The mean of a square of 2 * RADIUS + 1 pixels around each pixel. */

layout(local_size_x = 8, local_size_y = 8) in;

/* The job file can give another value, before the shader is compiled for the device. */
layout(constant_id = 0) const int RADIUS = 1;

/* A pixel is four bytes in one uint, red lowest. */
layout(std430, binding = 0) readonly buffer From { uint from[]; };
layout(std430, binding = 1) writeonly buffer To { uint to[]; };

layout(push_constant) uniform Push {
	int width;
	int height;
};

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy);
	vec4 sum = vec4(0);
	int count = 0;

	/* The last work groups may reach beyond the edges. */
	if (at.x >= width || at.y >= height)
		return;
	for (int y = max(at.y - RADIUS, 0); y <= min(at.y + RADIUS, height - 1); y++) {
		for (int x = max(at.x - RADIUS, 0); x <= min(at.x + RADIUS, width - 1); x++) {
			sum += unpackUnorm4x8(from[y * width + x]);
			count++;
		}
	}
	to[at.y * width + at.x] = packUnorm4x8(sum / float(count));
}
