#version 450
/* Each row of 64 with mean 0 and variance 1, then scaled and shifted as learnt. A work group a row. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer X { float x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Scale { float scale[]; };
layout(std430, set = 0, binding = 2) readonly buffer Shift { float shift[]; };
layout(std430, set = 0, binding = 3) writeonly buffer Y { float y[]; };

shared float part[64];

float sum(float v)
{
	uint me = gl_LocalInvocationID.x;
	barrier();
	part[me] = v;
	barrier();
	for (uint n = 32u; n > 0u; n /= 2u) {
		if (me < n)
			part[me] += part[me + n];
		barrier();
	}
	return part[0];
}

void main()
{
	uint me = gl_LocalInvocationID.x, i = gl_GlobalInvocationID.x;
	float d = x[i] - sum(x[i]) / 64.0;
	float variance = sum(d * d) / 64.0;
	y[i] = d * inversesqrt(variance + 1e-5) * scale[me] + shift[me];
}
