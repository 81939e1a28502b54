#version 450
/*
 * Points onto a picture of counters: a quarter of the light goes to the pixels around. Atomic
 * additions of integers give the same picture in any order.
 */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Position { vec4 position[]; };
layout(std430, set = 0, binding = 1) buffer Light { uint light[]; };
layout(push_constant) uniform Push {
	uint count;
	int width, height;
	float scale; /* pixels for a unit */
};

void add(ivec2 at, uint amount)
{
	if (at.x >= 0 && at.x < width && at.y >= 0 && at.y < height)
		atomicAdd(light[at.y * width + at.x], amount);
}

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= count)
		return;
	ivec2 at = ivec2(floor(position[i].xy * vec2(scale, -scale) + 0.5 * vec2(width, height)));
	add(at, 12u);
	add(at + ivec2(1, 0), 5u);
	add(at - ivec2(1, 0), 5u);
	add(at + ivec2(0, 1), 5u);
	add(at - ivec2(0, 1), 5u);
}
