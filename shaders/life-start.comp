#version 450
/* The first generation, from a picture: bright pixels are alive, dark ones have been dead for long. */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) readonly buffer Picture { uint picture[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Cells { int cell[]; };
layout(push_constant) uniform Push { uint width, height; };

void main()
{
	uvec2 at = gl_GlobalInvocationID.xy;
	if (at.x >= width || at.y >= height)
		return;
	uint i = at.y * width + at.x;
	cell[i] = (picture[i] & 255u) > 127u ? 1 : -1000;
}
