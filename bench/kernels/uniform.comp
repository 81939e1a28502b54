#version 450
/* Compute-bound, and every work group takes the same time. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Data { uint data[]; };
layout(push_constant) uniform Push { uint iterations; };

void main()
{
	uint x = gl_GlobalInvocationID.x;
	for (uint i = 0u; i < iterations; i++)
		x = x * 1664525u + 1013904223u ^ (x >> 7);
	data[gl_GlobalInvocationID.x % 1024u] = x;
}
