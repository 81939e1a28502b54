#version 450
/* The brightness of each pixel as a complex number. */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) readonly buffer Photo { uint photo[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Data { vec2 data[]; };
layout(push_constant) uniform Push { uint width, height; };

void main()
{
	uvec2 at = gl_GlobalInvocationID.xy;
	if (at.x >= width || at.y >= height)
		return;
	uint i = at.y * width + at.x;
	data[i] = vec2(dot(unpackUnorm4x8(photo[i]).rgb, vec3(0.2126, 0.7152, 0.0722)), 0.0);
}
