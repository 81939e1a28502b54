#version 450
/*
 * A bilateral filter on RGB: each pixel becomes a mean of its neighbours, weighted by how near they
 * are and how alike they look, so noise and texture go and edges stay. RGBA bytes in, RGBA bytes
 * out, packed with red lowest; alpha is kept.
 */
layout(local_size_x = 16, local_size_y = 16) in;
layout(constant_id = 0) const int RADIUS = 4;
layout(std430, set = 0, binding = 0) readonly buffer From { uint from[]; };
layout(std430, set = 0, binding = 1) writeonly buffer To { uint to[]; };
layout(push_constant) uniform Push {
	int width, height;
	float sigma_space; /* in pixels */
	float sigma_color; /* in 0..1 */
};

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy);
	if (at.x >= width || at.y >= height)
		return;
	vec4 center = unpackUnorm4x8(from[at.y * width + at.x]);
	float space = -0.5 / (sigma_space * sigma_space), color = -0.5 / (sigma_color * sigma_color);
	vec3 sum = vec3(0.0);
	float weights = 0.0;
	for (int dy = -RADIUS; dy <= RADIUS; dy++) {
		for (int dx = -RADIUS; dx <= RADIUS; dx++) {
			ivec2 p = clamp(at + ivec2(dx, dy), ivec2(0), ivec2(width, height) - 1);
			vec3 neighbour = unpackUnorm4x8(from[p.y * width + p.x]).rgb;
			vec3 d = neighbour - center.rgb;
			float w = exp(space * float(dx * dx + dy * dy) + color * dot(d, d));
			sum += w * neighbour;
			weights += w;
		}
	}
	to[at.y * width + at.x] = packUnorm4x8(vec4(sum / weights, center.a));
}
