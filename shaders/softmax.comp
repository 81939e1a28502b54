#version 450
/* Each row becomes shares that sum up to 1, in proportion to e^x. A row an invocation: for short rows. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Data { float data[]; };
layout(push_constant) uniform Push { uint rows, columns; };

void main()
{
	uint row = gl_GlobalInvocationID.x;
	if (row >= rows)
		return;
	float most = data[row * columns];
	for (uint i = 1u; i < columns; i++)
		most = max(most, data[row * columns + i]);
	float sum = 0.0;
	for (uint i = 0u; i < columns; i++)
		sum += exp(data[row * columns + i] - most);
	for (uint i = 0u; i < columns; i++)
		data[row * columns + i] = exp(data[row * columns + i] - most) / sum;
}
