#version 450
/* A picture of the Mandelbrot set by rows of work groups: some cost hundreds of times what others do. */
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Data { uint data[]; };
layout(push_constant) uniform Push { uint iterations; };

void main()
{
	uint at = gl_GlobalInvocationID.x, width = 1024u, n = 0u;
	float a = float(at % width) / float(width) * 3.0 - 2.2;
	float b = float(at / width) / float(width) * 2.6 - 0.4;
	float x = 0.0, y = 0.0;
	while (x * x + y * y < 4.0 && n < iterations) {
		float next = x * x - y * y + a;
		y = 2.0 * x * y + b;
		x = next;
		n++;
	}
	data[at % 1024u] = n;
}
