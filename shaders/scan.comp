#version 450
/*
 * Exclusive prefix sums of blocks of 1024 numbers, and each block's total. Totals are scanned with
 * this very shader; scan-add.comp then adds them to the blocks.
 */
layout(local_size_x = 256) in;
layout(std430, set = 0, binding = 0) readonly buffer From { uint from[]; };
layout(std430, set = 0, binding = 1) writeonly buffer To { uint to[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Totals { uint total[]; };
layout(push_constant) uniform Push { uint count; };

shared uint part[256];

void main()
{
	uint me = gl_LocalInvocationID.x;
	uint first = gl_GlobalInvocationID.x * 4u;
	uint value[4], sum = 0u;
	for (uint i = 0u; i < 4u; i++) {
		value[i] = first + i < count ? from[first + i] : 0u;
		sum += value[i];
	}
	/* Hillis and Steele: after round k each sum covers 2^k invocations to the left. */
	part[me] = sum;
	barrier();
	for (uint reach = 1u; reach < 256u; reach *= 2u) {
		uint left = me >= reach ? part[me - reach] : 0u;
		barrier();
		part[me] += left;
		barrier();
	}
	uint before = part[me] - sum;
	for (uint i = 0u; i < 4u; i++) {
		if (first + i < count)
			to[first + i] = before;
		before += value[i];
	}
	if (me == 255u)
		total[gl_WorkGroupID.x] = part[255];
}
