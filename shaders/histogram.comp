#version 450
/*
 * How many pixels there are of each brightness. Each work group counts in shared memory first: 256
 * counters of its own are much less fought over than 256 for all.
 */
#include "bright.glsl"

layout(local_size_x = 256) in;
layout(std430, set = 0, binding = 0) readonly buffer Photo { uint photo[]; };
layout(std430, set = 0, binding = 1) buffer Histogram { uint histogram[]; };
layout(push_constant) uniform Push { uint pixels; };

shared uint mine[256];

void main()
{
	mine[gl_LocalInvocationID.x] = 0u;
	barrier();
	uint i = gl_GlobalInvocationID.x;
	if (i < pixels)
		atomicAdd(mine[bright_of(photo[i])], 1u);
	barrier();
	uint count = mine[gl_LocalInvocationID.x];
	if (count != 0u)
		atomicAdd(histogram[gl_LocalInvocationID.x], count);
}
