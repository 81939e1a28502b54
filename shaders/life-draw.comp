#version 450
/* All generations as pictures: what has just been born is white, what has died leaves a trace. */
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, set = 0, binding = 0) readonly buffer Cells { int cell[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Frames { uint frame[]; };
layout(push_constant) uniform Push {
	uint width, height; /* of the board */
	uint zoom;          /* pixels for a cell */
};

void main()
{
	uvec3 at = gl_GlobalInvocationID; /* z: the generation */
	uvec2 size = uvec2(width, height) * zoom;
	if (at.x >= size.x || at.y >= size.y)
		return;
	int age = cell[at.z * width * height + at.y / zoom * width + at.x / zoom];
	vec3 color = vec3(0.04, 0.05, 0.09);
	if (age > 0)
		color = mix(vec3(0.35, 0.75, 0.45), vec3(1.0, 1.0, 0.9), exp(-0.5 * float(age - 1)));
	else
		color += vec3(0.28, 0.1, 0.3) * exp(0.12 * float(age));
	frame[(at.z * size.y + at.y) * size.x + at.x] = packUnorm4x8(vec4(color, 1.0));
}
