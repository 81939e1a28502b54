#version 450
/* The particles in one picture of a sequence: fast ones bright. The largest value wins, so order does not matter. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Position { vec2 position[]; };
layout(std430, set = 0, binding = 1) readonly buffer Velocity { vec2 velocity[]; };
layout(std430, set = 0, binding = 2) readonly buffer Time { uint t; };
layout(std430, set = 0, binding = 3) buffer Frames { uint frame[]; };
layout(push_constant) uniform Push {
	uint count;
	uint size; /* of a picture, in pixels each way */
};

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= count)
		return;
	float speed = clamp(length(velocity[i]) / 4.0, 0.0, 1.0);
	uint color = packUnorm4x8(vec4(mix(vec3(0.1, 0.35, 0.7), vec3(0.85, 0.95, 1.0), speed), 1.0));
	uvec2 at = uvec2(vec2(position[i].x, 1.0 - position[i].y) * float(size));
	for (uint k = 0u; k < 4u; k++) {
		uvec2 p = min(at + uvec2(k & 1u, k >> 1), uvec2(size - 1u));
		atomicMax(frame[(t * size + p.y) * size + p.x], color);
	}
}
