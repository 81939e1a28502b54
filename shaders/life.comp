#version 450
/*
 * Conway's game of life on a torus, all generations in one buffer: generation t + 1 is made from
 * generation t. A cell counts the generations that it has been alive, or, below zero, dead.
 */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) buffer Cells { int cell[]; };
layout(std430, set = 0, binding = 1) readonly buffer Time { uint t; };
layout(push_constant) uniform Push { int width, height; };

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy);
	if (at.x >= width || at.y >= height)
		return;
	int now = int(t) * width * height;
	int alive = 0;
	for (int i = 0; i < 9; i++) {
		ivec2 p = (at + ivec2(i % 3, i / 3) - 1 + ivec2(width, height)) % ivec2(width, height);
		if (i != 4 && cell[now + p.y * width + p.x] > 0)
			alive++;
	}
	int me = now + at.y * width + at.x, old = cell[me];
	bool lives = alive == 3 || alive == 2 && old > 0;
	cell[me + width * height] = lives ? max(old, 0) + 1 : min(old, 0) - 1;
}
