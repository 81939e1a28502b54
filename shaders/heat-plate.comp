#version 450
/*
 * A plate with fixed temperatures: a hot bar, a cold disc, and an edge that is warm below and cold above. Where
 * 'fixed_at' is negative the temperature is free and has to be found.
 */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) writeonly buffer Fixed { float fixed_at[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Plate { float plate[]; };
layout(push_constant) uniform Push { uint size; };

void main()
{
	uvec2 at = gl_GlobalInvocationID.xy;
	if (at.x >= size || at.y >= size)
		return;
	vec2 p = vec2(at) / float(size - 1u);
	float t = -1.0;
	if (at.x == 0u || at.y == 0u || at.x == size - 1u || at.y == size - 1u)
		t = 0.5 * p.y;
	if (p.x > 0.2 && p.x < 0.3 && p.y > 0.2 && p.y < 0.7)
		t = 1.0;
	if (distance(p, vec2(0.7, 0.6)) < 0.15)
		t = 0.0;
	fixed_at[at.y * size + at.x] = t;
	plate[at.y * size + at.x] = max(t, 0.0);
}
