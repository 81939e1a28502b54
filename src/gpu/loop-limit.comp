#version 450
/* Counts what a loop of 100000 iterations really did; the sum keeps it from being computed away. */
layout(local_size_x = 1) in;
layout(std430, set = 0, binding = 0) buffer Counter { uint wanted; uint counted; uint sum; };

void main()
{
	uint n = 0u, x = wanted;
	while (n < wanted) {
		x = x * 1664525u + 1013904223u;
		n++;
	}
	counted = n;
	sum = x;
}
