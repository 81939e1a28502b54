#version 450
/*
 * C = A B, row-major, in tiles of TILE x TILE, 16 unless the job defines another size: the work group loads a tile of A and one of B into shared
 * memory, and each value that was loaded once is then used TILE times.
 * Any sizes: what is outside of a matrix counts as zero.
 */
#ifndef TILE
#define TILE 16
#endif
layout(local_size_x = TILE, local_size_y = TILE) in;
layout(std430, set = 0, binding = 0) readonly buffer A { float a[]; };
layout(std430, set = 0, binding = 1) readonly buffer B { float b[]; };
layout(std430, set = 0, binding = 2) writeonly buffer C { float c[]; };
layout(push_constant) uniform Push {
	uint rows;   /* of A and C */
	uint inner;  /* columns of A, rows of B */
	uint columns; /* of B and C */
};

shared float tile_a[TILE][TILE], tile_b[TILE][TILE];

void main()
{
	uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
	uint column = gl_GlobalInvocationID.x, row = gl_GlobalInvocationID.y;
	float sum = 0.0;
	for (uint t = 0u; t < inner; t += TILE) {
		tile_a[y][x] = row < rows && t + x < inner ? a[row * inner + t + x] : 0.0;
		tile_b[y][x] = column < columns && t + y < inner ? b[(t + y) * columns + column] : 0.0;
		barrier();
		for (uint k = 0u; k < TILE; k++)
			sum += tile_a[y][k] * tile_b[k][x];
		barrier();
	}
	if (row < rows && column < columns)
		c[row * columns + column] = sum;
}
