#version 450
/* Jacobi: each free cell becomes the mean of its four neighbours. */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) readonly buffer Fixed { float fixed_at[]; };
layout(std430, set = 0, binding = 1) readonly buffer From { float from[]; };
layout(std430, set = 0, binding = 2) writeonly buffer To { float to[]; };
layout(push_constant) uniform Push { uint size; };

void main()
{
	uvec2 at = gl_GlobalInvocationID.xy;
	if (at.x >= size || at.y >= size)
		return;
	uint i = at.y * size + at.x;
	float t = fixed_at[i];
	if (t < 0.0)
		t = 0.25 * ((from[i - 1u] + from[i + 1u]) + (from[i - size] + from[i + size]));
	to[i] = t;
}
