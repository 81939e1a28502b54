#version 450
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Data { float data[]; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	data[i] = undeclared * 2.0;
	data[i] += 1.0
}
