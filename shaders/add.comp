#version 450
/* x = x + y */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer X { float x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Y { float y[]; };
layout(push_constant) uniform Push { uint count; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i < count)
		x[i] += y[i];
}
