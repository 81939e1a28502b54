#version 450
/*
 * Takes long in one dispatch on every driver: no invocation does much (some drivers end long
 * loops), but there are many of them.
 */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Sink { uint sink[]; };
layout(push_constant) uniform Push { uint iterations; };

void main()
{
	uint x = gl_GlobalInvocationID.x + gl_WorkGroupID.y * 977u;
	for (uint i = 0u; i < iterations; i++)
		x = x * 1664525u + 1013904223u ^ (x >> 7);
	/* Nearly never true, and the compiler cannot know. */
	if (x == 0u)
		sink[0] = x;
}
