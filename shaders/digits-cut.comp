#version 450
/* A sheet of 16 x 16 drawings of 28 x 28 pixels, cut up: one row of 784 numbers from 0 to 1 for each. */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) readonly buffer Sheet { uint sheet[]; };
layout(std430, set = 0, binding = 1) writeonly buffer X { float x[]; };
layout(push_constant) uniform Push { uint width; };

void main()
{
	uvec2 at = gl_GlobalInvocationID.xy;
	if (at.x >= width || at.y >= width)
		return;
	uvec2 drawing = at / 28u, inside = at % 28u;
	x[(drawing.y * 16u + drawing.x) * 784u + inside.y * 28u + inside.x] =
		float(sheet[at.y * width + at.x] & 255u) / 255.0;
}
