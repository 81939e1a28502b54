/* SPDX-License-Identifier: Apache-2.0 */
/* What the shaders of the material point method share: the grid, and how near a particle is to its nodes. */
layout(constant_id = 0) const int GRID = 64; /* nodes along each side of the unit square */
const float UNIT = 1048576.0;                /* sums on the grid are whole numbers of 1 / UNIT */

struct near {
	ivec2 base;   /* the first of 3 x 3 nodes */
	vec2 f;       /* the particle's place from there, in nodes */
	vec2 w[3];    /* weights, for each axis */
};

near near_nodes(vec2 position)
{
	vec2 at = position * float(GRID);
	near n;
	n.base = ivec2(at - 0.5);
	n.f = at - vec2(n.base);
	n.w[0] = 0.5 * (1.5 - n.f) * (1.5 - n.f);
	n.w[1] = 0.75 - (n.f - 1.0) * (n.f - 1.0);
	n.w[2] = 0.5 * (n.f - 0.5) * (n.f - 0.5);
	return n;
}
