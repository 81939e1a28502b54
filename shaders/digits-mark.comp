#version 450
/*
 * The sheet in colours: green for a drawing that was read right, red for the others; the surer the
 * network, the stronger the colour. Place i of the sheet shows the digit i modulo 10.
 */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) readonly buffer Sheet { uint sheet[]; };
layout(std430, set = 0, binding = 1) readonly buffer Share { float share[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Picture { uint picture[]; };
layout(push_constant) uniform Push { uint width; };

void main()
{
	uvec2 at = gl_GlobalInvocationID.xy;
	if (at.x >= width || at.y >= width)
		return;
	uint drawing = at.y / 28u * 16u + at.x / 28u, best = 0u;
	for (uint d = 1u; d < 10u; d++) {
		if (share[drawing * 10u + d] > share[drawing * 10u + best])
			best = d;
	}
	vec3 ground = best == drawing % 10u ? vec3(0.0, 0.35, 0.15) : vec3(0.75, 0.0, 0.05);
	float ink = float(sheet[at.y * width + at.x] & 255u) / 255.0;
	vec3 color = mix(ground * share[drawing * 10u + best], vec3(1.0), ink);
	picture[at.y * width + at.x] = packUnorm4x8(vec4(color, 1.0));
}
