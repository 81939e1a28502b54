#version 450
/* Temperatures from 0 to 1 as colours, black over red and yellow to white, with lines of equal heat. */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) readonly buffer Plate { float plate[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Picture { uint picture[]; };
layout(push_constant) uniform Push {
	uint size;
	uint zoom; /* pixels for a cell */
};

float at(uvec2 p)
{
	p = min(p, uvec2(size - 1u));
	return plate[p.y * size + p.x];
}

void main()
{
	uvec2 pixel = gl_GlobalInvocationID.xy;
	if (pixel.x >= size * zoom || pixel.y >= size * zoom)
		return;
	uvec2 cell = pixel / zoom;
	vec2 part = vec2(pixel % zoom) / float(zoom);
	float t = mix(mix(at(cell), at(cell + uvec2(1, 0)), part.x),
		      mix(at(cell + uvec2(0, 1)), at(cell + uvec2(1, 1)), part.x), part.y);
	vec3 color = clamp(vec3(t * 3.0, t * 3.0 - 1.0, t * 3.0 - 2.0), 0.0, 1.0);
	float line = abs(fract(t * 16.0) - 0.5);
	color *= line > 0.44 && t > 0.01 && t < 0.99 ? 0.75 : 1.0;
	picture[pixel.y * size * zoom + pixel.x] = packUnorm4x8(vec4(color, 1.0));
}
