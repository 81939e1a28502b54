#version 450
/* The real part of complex numbers. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Data { vec2 data[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Picture { float picture[]; };
layout(push_constant) uniform Push { uint count; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i < count)
		picture[i] = data[i].x;
}
