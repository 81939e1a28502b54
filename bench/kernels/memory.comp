#version 450
/* Memory-bound: each invocation adds values that lie far apart. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Data { uint data[]; };
layout(push_constant) uniform Push { uint values; };

void main()
{
	uint half_of_it = uint(data.length()) / 2u, sum = 0u;
	for (uint i = 0u; i < values; i++)
		sum += data[half_of_it + (gl_GlobalInvocationID.x * 16u + i * 1000003u) % half_of_it];
	data[gl_GlobalInvocationID.x % half_of_it] = sum;
}
