#version 450
/* What a token gets from the others: their values, by the shares of attention.comp. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer QKV { float qkv[]; };
layout(std430, set = 0, binding = 1) readonly buffer Share { float share[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Mix { float mixed[]; };
layout(push_constant) uniform Push { uint count, length, width, heads; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= count)
		return;
	uint column = i % width, token = i / width;
	uint query = token % length, row = token / length, head = column / (width / heads);
	float sum = 0.0;
	for (uint k = 0u; k <= query; k++)
		sum += share[((row * heads + head) * length + query) * length + k] *
		       qkv[(row * length + k) * 3u * width + 2u * width + column];
	mixed[i] = sum;
}
