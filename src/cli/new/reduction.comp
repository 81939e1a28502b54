#version 450
/* Each work group adds up every gl_NumWorkGroups-th piece of the numbers and writes one sum. */

layout(local_size_x = 256) in;

layout(std430, binding = 0) readonly buffer Values { float values[]; };
layout(std430, binding = 1) writeonly buffer Sums { float sums[]; };

layout(push_constant) uniform Push { uint count; };

/* Memory that the invocations of a work group have in common. */
shared float part[gl_WorkGroupSize.x];

void main()
{
	uint me = gl_LocalInvocationID.x;
	float mine = 0.0;

	for (uint i = gl_GlobalInvocationID.x; i < count; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
		mine += values[i];
	part[me] = mine;
	barrier();

	/* Half of them add what the other half has, until one sum is left. */
	for (uint half_size = gl_WorkGroupSize.x / 2; half_size > 0; half_size /= 2) {
		if (me < half_size)
			part[me] += part[me + half_size];
		barrier();
	}
	if (me == 0)
		sums[gl_WorkGroupID.x] = part[0];
}
