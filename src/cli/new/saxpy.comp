#version 450
/* y = a * x + y. One invocation for each element. */

layout(local_size_x = 64) in;

/* The binding numbers are the order of 'bind' in the job file. */
layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) buffer Y { float y[]; };

/* The order of 'push'. */
layout(push_constant) uniform Push {
	float a;
	uint count;
};

void main()
{
	uint i = gl_GlobalInvocationID.x;

	/* The last work group may reach beyond the end. */
	if (i < count)
		y[i] = a * x[i] + y[i];
}
