#version 450
/*
 * One step of all bodies, each pulled by every other: the work group loads 64 bodies into shared
 * memory, uses each of them 64 times, and goes on to the next 64. Old state in, new state out.
 */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Position { vec4 position[]; };
layout(std430, set = 0, binding = 1) readonly buffer Velocity { vec4 velocity[]; };
layout(std430, set = 0, binding = 2) writeonly buffer PositionTo { vec4 position_to[]; };
layout(std430, set = 0, binding = 3) writeonly buffer VelocityTo { vec4 velocity_to[]; };
layout(push_constant) uniform Push {
	uint count;
	float dt;
	float soft; /* nearer than this, bodies pull no harder */
};

shared vec4 tile[64];

void main()
{
	uint i = gl_GlobalInvocationID.x, me = gl_LocalInvocationID.x;
	vec4 at = i < count ? position[i] : vec4(0.0);
	vec3 pull = vec3(0.0);
	for (uint t = 0u; t < count; t += 64u) {
		tile[me] = t + me < count ? position[t + me] : vec4(0.0);
		barrier();
		for (uint k = 0u; k < 64u; k++) {
			vec3 d = tile[k].xyz - at.xyz;
			float near = inversesqrt(dot(d, d) + soft * soft);
			pull += d * (tile[k].w * near * near * near);
		}
		barrier();
	}
	if (i >= count)
		return;
	vec3 v = velocity[i].xyz + dt * pull;
	velocity_to[i] = vec4(v, 0.0);
	position_to[i] = vec4(at.xyz + dt * v, at.w);
}
