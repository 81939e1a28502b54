#version 450
/*
 * Who looks at whom: for each row of tokens and each head the shares by which a token (down) takes from
 * the tokens before it and itself (across). Queries, keys and values stand side by side, 'width' each.
 */
layout(local_size_x = 32) in;
layout(std430, set = 0, binding = 0) readonly buffer QKV { float qkv[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Share { float share[]; };
layout(push_constant) uniform Push { uint length, width, heads; };

shared float score[32];

void main()
{
	/* a work group: one token of one head; an invocation: one token that it may look at */
	uint key = gl_LocalInvocationID.x, query = gl_WorkGroupID.x;
	uint head = gl_WorkGroupID.y, row = gl_WorkGroupID.z, each = width / heads;
	uint q = (row * length + query) * 3u * width + head * each;
	uint k = (row * length + key) * 3u * width + width + head * each;
	float s = 0.0;
	for (uint i = 0u; i < each; i++)
		s += qkv[q + i] * qkv[k + i];
	score[key] = key <= query ? s * inversesqrt(float(each)) : -3e38;
	barrier();
	float most = score[0];
	for (uint i = 1u; i <= query; i++)
		most = max(most, score[i]);
	float total = 0.0;
	for (uint i = 0u; i <= query; i++)
		total += exp(score[i] - most);
	share[((row * heads + head) * length + query) * length + key] =
		key <= query ? exp(score[key] - most) / total : 0.0;
}
