#version 450
/* Each dispatch takes every number a few steps on, so the sum at the end tells how many there were. */
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint ADD = 1u;
layout(std430, set = 0, binding = 0) buffer Data { uint data[]; };
layout(push_constant) uniform Push { uint rounds; };
shared uint unused[16];

void main()
{
	uint at = gl_GlobalInvocationID.x, x = data[at];
	if (gl_LocalInvocationIndex < 16u)
		unused[gl_LocalInvocationIndex] = x;
	for (uint i = 0u; i < rounds; i++)
		x = x * 1664525u + 1013904223u + ADD;
	data[at] = x;
}
