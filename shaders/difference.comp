#version 450
/* How far apart two arrays are, place by place. */
layout(local_size_x = 256) in;
layout(std430, set = 0, binding = 0) readonly buffer A { float a[]; };
layout(std430, set = 0, binding = 1) readonly buffer B { float b[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Result { float result[]; };
layout(push_constant) uniform Push { uint count; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i < count)
		result[i] = abs(a[i] - b[i]);
}
