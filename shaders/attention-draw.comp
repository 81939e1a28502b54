#version 450
/* The attention of one row as a picture, the heads side by side. Square roots, so that small shares show. */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) readonly buffer Share { float share[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Picture { float picture[]; };
layout(push_constant) uniform Push { uint length, zoom, width, height; };

void main()
{
	uvec2 at = gl_GlobalInvocationID.xy;
	if (at.x >= width || at.y >= height)
		return;
	uint side = length * zoom, head = at.x / side;
	uint key = at.x % side / zoom, query = at.y / zoom;
	/* one dark line between two heads */
	float line = at.x % side == 0u && head > 0u ? 0.3 : 0.0;
	picture[at.y * width + at.x] = max(line, sqrt(share[(head * length + query) * length + key]));
}
