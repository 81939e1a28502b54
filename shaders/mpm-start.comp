#version 450
/* The material point method: particles in a square block that falls, two random numbers each. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Random { vec2 random[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Position { vec2 position[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Velocity { vec2 velocity[]; };
layout(std430, set = 0, binding = 3) writeonly buffer Volume { float volume[]; };
layout(push_constant) uniform Push { uint count; };

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (i >= count)
		return;
	position[i] = vec2(0.2, 0.3) + 0.4 * random[i];
	velocity[i] = vec2(0.0, -1.0);
	volume[i] = 1.0;
}
