#version 450
/* MPM, second part: the grid nodes' velocities, gravity, walls. The sums are cleared for the next step. */
#include "mpm.glsl"

layout(local_size_x = 8, local_size_y = 8) in;
layout(std430, set = 0, binding = 0) buffer Grid { int grid[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Flow { vec2 flow[]; };
layout(push_constant) uniform Push {
	float dt;
	float gravity;
};

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy);
	if (at.x >= GRID || at.y >= GRID)
		return;
	int node = at.y * GRID + at.x;
	vec2 v = vec2(0.0);
	int mass = grid[node * 3 + 2];
	if (mass > 0) {
		v = vec2(grid[node * 3], grid[node * 3 + 1]) / float(mass);
		v.y -= dt * gravity;
		if (at.x < 3 && v.x < 0.0 || at.x > GRID - 4 && v.x > 0.0)
			v.x = 0.0;
		if (at.y < 3 && v.y < 0.0 || at.y > GRID - 4 && v.y > 0.0)
			v.y = 0.0;
	}
	flow[node] = v;
	grid[node * 3] = grid[node * 3 + 1] = grid[node * 3 + 2] = 0;
}
