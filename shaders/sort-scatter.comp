#version 450
/*
 * Radix sort, last part: each key and its value go to their place. A key's rank among those of its
 * block with the same digit comes from a map of 256 bits for each digit: set your bit, count the
 * bits before it. Keys with equal digits keep their order, whatever order invocations run in.
 */
layout(local_size_x = 256) in;
layout(std430, set = 0, binding = 0) readonly buffer Keys { uint key[]; };
layout(std430, set = 0, binding = 1) readonly buffer Values { uint value[]; };
layout(std430, set = 0, binding = 2) writeonly buffer KeysTo { uint key_to[]; };
layout(std430, set = 0, binding = 3) writeonly buffer ValuesTo { uint value_to[]; };
layout(std430, set = 0, binding = 4) readonly buffer Places { uint place[]; };
layout(std430, set = 0, binding = 5) readonly buffer Shift { uint shift; };
layout(push_constant) uniform Push { uint blocks; };

shared uint who[16][8];

void main()
{
	uint me = gl_LocalInvocationID.x, i = gl_GlobalInvocationID.x;
	if (me < 128u)
		who[me / 8u][me % 8u] = 0u;
	barrier();
	uint digit = key[i] >> shift & 15u;
	atomicOr(who[digit][me / 32u], 1u << me % 32u);
	barrier();
	uint rank = bitCount(who[digit][me / 32u] & (1u << me % 32u) - 1u);
	for (uint word = 0u; word < me / 32u; word++)
		rank += bitCount(who[digit][word]);
	uint to = place[digit * blocks + gl_WorkGroupID.x] + rank;
	key_to[to] = key[i];
	value_to[to] = value[i];
}
