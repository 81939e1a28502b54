#version 450
/*
 * Radix sort, first part: how often each of the 16 digits occurs in each block of 256 keys. Counts
 * stand digit by digit, so that their prefix sums are the places where each block's keys go.
 */
layout(local_size_x = 256) in;
layout(std430, set = 0, binding = 0) readonly buffer Keys { uint key[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Counts { uint count[]; };
layout(std430, set = 0, binding = 2) readonly buffer Shift { uint shift; };
layout(push_constant) uniform Push { uint blocks; };

shared uint found[16];

void main()
{
	uint me = gl_LocalInvocationID.x;
	if (me < 16u)
		found[me] = 0u;
	barrier();
	atomicAdd(found[key[gl_GlobalInvocationID.x] >> shift & 15u], 1u);
	barrier();
	if (me < 16u)
		count[me * blocks + gl_WorkGroupID.x] = found[me];
}
