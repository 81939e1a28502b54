#version 450
/*
 * The Mandelbrot set, one pixel an invocation, coloured by escape time. Pixels are packed RGBA with
 * red lowest. An invocation stays far below the 65,535 iterations that some drivers allow.
 */
layout(local_size_x = 16, local_size_y = 16) in;
layout(constant_id = 0) const uint ITERATIONS = 500;
layout(std430, set = 0, binding = 0) writeonly buffer Image { uint pixel[]; };
layout(push_constant) uniform Push {
	uint width, height;
	float center_x, center_y;
	float scale; /* of the plane that one pixel shows */
};

uint channel(float phase)
{
	return uint(round(255.0 * (0.5 - 0.5 * cos(6.2831853 * phase))));
}

void main()
{
	uvec2 at = gl_GlobalInvocationID.xy;
	if (at.x >= width || at.y >= height)
		return;
	/* Near the edge one rounding decides an escape time, so fused operations would change the picture. */
	precise vec2 c = vec2(center_x, center_y) + (vec2(at) + 0.5 - 0.5 * vec2(width, height)) * scale;
	precise vec2 z = vec2(0.0);
	uint n = 0u;
	precise float r2 = 0.0;
	while (n < ITERATIONS && r2 <= 256.0) {
		z = vec2(z.x * z.x - z.y * z.y, 2.0 * z.x * z.y) + c;
		r2 = z.x * z.x + z.y * z.y;
		n++;
	}
	uint color = 0xff000000u;
	if (r2 > 256.0) {
		/* A smooth count: the radius at escape says how far past the last step it was. */
		float t = float(n) + 1.0 - log2(0.5 * log2(r2));
		float hue = 0.16 * log2(max(t, 1.0));
		color |= channel(hue) | channel(hue + 0.07) << 8 | channel(hue + 0.22) << 16;
	}
	pixel[at.y * width + at.x] = color;
}
