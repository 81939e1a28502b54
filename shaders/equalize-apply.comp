#version 450
/* Each pixel gets the brightness that the curve says; the colours keep their ratios. */
#include "bright.glsl"

layout(local_size_x = 256) in;
layout(std430, set = 0, binding = 0) readonly buffer Photo { uint photo[]; };
layout(std430, set = 0, binding = 1) readonly buffer Curve { uint curve[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Result { uint result[]; };
layout(push_constant) uniform Push { uint pixels; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= pixels)
		return;
	uint p = photo[i];
	uvec3 color = uvec3(p, p >> 8, p >> 16) & 255u;
	uint bright = bright_of(p);
	uint divisor = max(bright, 1u);
	color = min((color * curve[bright] + divisor / 2u) / divisor, uvec3(255u));
	result[i] = color.r | color.g << 8 | color.b << 16 | p & 0xff000000u;
}
