#version 450
/*
 * One value out of each work group's 2048: sum, smallest or largest. Run on its own result until
 * one is left. The order of the additions is fixed, so that a sum is the same in each run.
 */
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint OPERATION = 0; /* 0 sum, 1 smallest, 2 largest */
layout(std430, set = 0, binding = 0) readonly buffer From { float from[]; };
layout(std430, set = 0, binding = 1) writeonly buffer To { float to[]; };
layout(push_constant) uniform Push {
	uint count;
	uint slot; /* where the first work group's result goes */
};

const uint EACH = 8; /* values an invocation takes before the tree begins */
const float largest = 3.402823466e38;
shared float part[256];

float combine(float x, float y)
{
	return OPERATION == 0u ? x + y : OPERATION == 1u ? min(x, y) : max(x, y);
}

void main()
{
	uint me = gl_LocalInvocationID.x;
	uint first = gl_WorkGroupID.x * 256u * EACH;
	float value = OPERATION == 0u ? 0.0 : OPERATION == 1u ? largest : -largest;
	for (uint i = 0u; i < EACH; i++) {
		/* neighbours read neighbours: that is what memory likes */
		uint at = first + i * 256u + me;
		if (at < count)
			value = combine(value, from[at]);
	}
	part[me] = value;
	barrier();
	for (uint half_size = 128u; half_size > 0u; half_size /= 2u) {
		if (me < half_size)
			part[me] = combine(part[me], part[me + half_size]);
		barrier();
	}
	if (me == 0u)
		to[slot + gl_WorkGroupID.x] = part[0];
}
