#version 450
/*
 * Two discs of bodies on their way to each other, made from random numbers: four a body. Each disc has
 * a heavy middle, around which the others go in circles.
 */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Random { vec4 random[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Position { vec4 position[]; }; /* w: mass */
layout(std430, set = 0, binding = 2) writeonly buffer Velocity { vec4 velocity[]; };
layout(push_constant) uniform Push { uint count; float heavy; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= count)
		return;
	/* the smaller disc is tilted and comes from the right */
	bool second = i % 3u == 2u;
	float size = second ? 0.6 : 1.0;
	vec3 center = second ? vec3(1.2, 0.6, 0.0) : vec3(-0.5, -0.2, 0.0);
	vec3 drift = second ? vec3(-0.55, -0.15, 0.0) : vec3(0.18, 0.05, 0.0);
	vec4 r = random[i];
	float radius = size * sqrt(0.02 + 0.98 * r.x), angle = 6.2831853 * r.y;
	vec3 at = vec3(radius * cos(angle), radius * sin(angle), 0.05 * (r.z - 0.5));
	float speed = sqrt(heavy * size / radius);
	vec3 go = vec3(-sin(angle), cos(angle), 0.0) * speed;
	float mass = 0.2 / float(count);
	if (i == 0u || i == 2u) {
		at = go = vec3(0.0);
		mass = heavy * size;
	}
	if (second) {
		at = vec3(at.x, 0.5 * at.y - at.z, 0.86602540 * at.y);
		go = vec3(go.x, 0.5 * go.y, 0.86602540 * go.y);
	}
	position[i] = vec4(at + center, mass);
	velocity[i] = vec4(go + drift, 0.0);
}
