#version 450
/* MPM, last part: each particle takes velocity, and how velocity changes around it, from the grid, and moves. */
#include "mpm.glsl"

layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Position { vec2 position[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Velocity { vec2 velocity[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Affine { vec4 affine[]; };
layout(std430, set = 0, binding = 3) buffer Volume { float volume[]; };
layout(std430, set = 0, binding = 4) readonly buffer Flow { vec2 flow[]; };
layout(push_constant) uniform Push {
	uint count;
	float dt;
};

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= count)
		return;
	float dx = 1.0 / float(GRID);
	near n = near_nodes(position[i]);
	vec2 v = vec2(0.0);
	vec4 c = vec4(0.0);
	for (int k = 0; k < 9; k++) {
		ivec2 o = ivec2(k % 3, k / 3);
		float weight = n.w[o.x].x * n.w[o.y].y;
		vec2 d = (vec2(o) - n.f) * dx;
		vec2 g = weight * flow[(n.base.y + o.y) * GRID + n.base.x + o.x];
		v += g;
		c += vec4(g.x * d.x, g.x * d.y, g.y * d.x, g.y * d.y) * (4.0 / (dx * dx));
	}
	velocity[i] = v;
	affine[i] = c;
	position[i] += dt * v;
	volume[i] *= 1.0 + dt * (c.x + c.w);
}
