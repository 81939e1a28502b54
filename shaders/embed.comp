#version 450
/* What a token means plus where it stands: the rows that a transformer works on. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Tokens { uint token[]; };
layout(std430, set = 0, binding = 1) readonly buffer Meaning { float meaning[]; };
layout(std430, set = 0, binding = 2) readonly buffer Place { float place[]; };
layout(std430, set = 0, binding = 3) writeonly buffer X { float x[]; };
layout(push_constant) uniform Push { uint count, width, length; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= count)
		return;
	uint row = i / width, column = i % width;
	x[i] = meaning[token[row] * width + column] + place[row % length * width + column];
}
