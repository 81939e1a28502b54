#version 450
/* Counters to colours: dim light is blue, bright light is white. RGBA bytes, red lowest. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Light { uint light[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Picture { uint picture[]; };
layout(push_constant) uniform Push { uint count; float exposure; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= count)
		return;
	float l = float(light[i]) * exposure;
	vec3 color = 1.0 - exp(-l * vec3(0.5, 0.8, 1.4));
	picture[i] = packUnorm4x8(vec4(color, 1.0));
}
