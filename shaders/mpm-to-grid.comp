#version 450
/*
 * MPM, first part: each particle gives mass and momentum to the 3 x 3 grid nodes around it. Amounts are
 * whole numbers, millionths roughly: integers add up to the same in any order, and every device can add them atomically.
 */
#include "mpm.glsl"

layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Position { vec2 position[]; };
layout(std430, set = 0, binding = 1) readonly buffer Velocity { vec2 velocity[]; };
layout(std430, set = 0, binding = 2) readonly buffer Affine { vec4 affine[]; };
layout(std430, set = 0, binding = 3) readonly buffer Volume { float volume[]; };
layout(std430, set = 0, binding = 4) buffer Grid { int grid[]; }; /* momentum x, y, mass */
layout(push_constant) uniform Push {
	uint count;
	float dt;
	float stiff;
};

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= count)
		return;
	float dx = 1.0 / float(GRID);
	vec2 v = velocity[i];
	near n = near_nodes(position[i]);
	/* a weakly compressible fluid: pressure pushes back when the volume is not 1; mass and density are 1 */
	float pressure = -4.0 * dt * stiff * (volume[i] - 1.0) / (dx * dx);
	/* columns; affine holds rows */
	mat2 a = mat2(affine[i].x + pressure, affine[i].z, affine[i].y, affine[i].w + pressure);
	for (int k = 0; k < 9; k++) {
		ivec2 o = ivec2(k % 3, k / 3);
		float weight = n.w[o.x].x * n.w[o.y].y;
		vec2 momentum = weight * (v + a * ((vec2(o) - n.f) * dx));
		int node = ((n.base.y + o.y) * GRID + n.base.x + o.x) * 3;
		atomicAdd(grid[node], int(round(momentum.x * UNIT)));
		atomicAdd(grid[node + 1], int(round(momentum.y * UNIT)));
		atomicAdd(grid[node + 2], int(round(weight * UNIT)));
	}
}
