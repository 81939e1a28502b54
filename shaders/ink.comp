#version 450
/*
 * Turns a smoothed photograph into a drawing: colours in a few steps of brightness with soft edges
 * between them, a little more colourful, and dark lines where the smoothed picture changes most.
 */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) readonly buffer From { uint from[]; };
layout(std430, set = 0, binding = 1) writeonly buffer To { uint to[]; };
layout(push_constant) uniform Push {
	int width, height;
	float steps;     /* of brightness */
	float saturation;
	float line_low, line_high; /* slopes at which a line begins and is full */
};

float luma(ivec2 p)
{
	p = clamp(p, ivec2(0), ivec2(width, height) - 1);
	return dot(unpackUnorm4x8(from[p.y * width + p.x]).rgb, vec3(0.2126, 0.7152, 0.0722));
}

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy);
	if (at.x >= width || at.y >= height)
		return;
	/* Sobel's slopes */
	float nw = luma(at + ivec2(-1, -1)), n = luma(at + ivec2(0, -1)), ne = luma(at + ivec2(1, -1));
	float w = luma(at + ivec2(-1, 0)), e = luma(at + ivec2(1, 0));
	float sw = luma(at + ivec2(-1, 1)), s = luma(at + ivec2(0, 1)), se = luma(at + ivec2(1, 1));
	float gx = ne + 2.0 * e + se - nw - 2.0 * w - sw, gy = sw + 2.0 * s + se - nw - 2.0 * n - ne;
	float line = smoothstep(line_low, line_high, sqrt(gx * gx + gy * gy));

	vec4 pixel = unpackUnorm4x8(from[at.y * width + at.x]);
	float y = dot(pixel.rgb, vec3(0.2126, 0.7152, 0.0722));
	float level = floor(y * steps), inside = y * steps - level;
	float stepped = (level + smoothstep(0.35, 0.65, inside)) / steps;
	vec3 color = mix(vec3(stepped), pixel.rgb * (stepped / max(y, 0.001)), saturation);
	to[at.y * width + at.x] = packUnorm4x8(vec4(clamp(color, 0.0, 1.0) * (1.0 - 0.85 * line), pixel.a));
}
