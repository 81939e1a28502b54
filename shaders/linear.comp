#version 450
/*
 * y = f(x W^T + b), a row of x for each row of y, W as PyTorch keeps it: [outputs, inputs]. Tiles of 16 x 16 in
 * shared memory, as in matmul.comp.
 */
layout(local_size_x = 16, local_size_y = 16) in;
layout(constant_id = 0) const uint ACTIVATION = 0; /* 0 none, 1 ReLU, 2 GELU (the form with tanh) */
layout(std430, set = 0, binding = 0) readonly buffer X { float x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Weight { float weight[]; };
layout(std430, set = 0, binding = 2) readonly buffer Bias { float bias[]; };
layout(std430, set = 0, binding = 3) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { uint rows, inputs, outputs; };

const uint TILE = 16;
shared float tile_x[TILE][TILE], tile_w[TILE][TILE + 1];

float activate(float v)
{
	if (ACTIVATION == 1u)
		return max(v, 0.0);
	if (ACTIVATION == 2u)
		return 0.5 * v * (1.0 + tanh(clamp(0.79788456 * (v + 0.044715 * v * v * v), -9.0, 9.0)));
	return v;
}

void main()
{
	uint i = gl_LocalInvocationID.x, j = gl_LocalInvocationID.y;
	uint column = gl_GlobalInvocationID.x, row = gl_GlobalInvocationID.y;
	uint first = gl_WorkGroupID.x * TILE;
	float sum = 0.0;
	for (uint t = 0u; t < inputs; t += TILE) {
		tile_x[j][i] = row < rows && t + i < inputs ? x[row * inputs + t + i] : 0.0;
		tile_w[j][i] = first + j < outputs && t + i < inputs ? weight[(first + j) * inputs + t + i] : 0.0;
		barrier();
		for (uint k = 0u; k < TILE; k++)
			sum += tile_x[j][k] * tile_w[i][k];
		barrier();
	}
	if (row < rows && column < outputs)
		y[row * outputs + column] = activate(sum + bias[column]);
}
