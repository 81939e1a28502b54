#version 450
/* Adds to each block of 1024 numbers what the blocks before it sum up to. */
layout(local_size_x = 256) in;
layout(std430, set = 0, binding = 0) buffer Data { uint data[]; };
layout(std430, set = 0, binding = 1) readonly buffer Before { uint before[]; };
layout(push_constant) uniform Push { uint count; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i < count)
		data[i] += before[i / 1024u];
}
