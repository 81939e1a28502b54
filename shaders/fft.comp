#version 450
/*
 * The discrete Fourier transform of one line of 512 complex numbers a work group, in place: Stockham's
 * form of radix 2, nine rounds in shared memory. Lines may be rows or columns of a picture.
 */
layout(local_size_x = 256) in;
layout(constant_id = 0) const float DIRECTION = -1.0; /* 1: the inverse, which also divides by 512 */
layout(std430, set = 0, binding = 0) buffer Data { vec2 data[]; };
layout(push_constant) uniform Push {
	uint line;    /* from one line to the next */
	uint element; /* from one element of a line to the next */
};

const uint N = 512;
shared vec2 work[N];

vec2 times(vec2 a, vec2 b)
{
	return vec2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

void main()
{
	uint me = gl_LocalInvocationID.x;
	uint first = gl_WorkGroupID.x * line;
	work[me] = data[first + me * element];
	work[me + N / 2u] = data[first + (me + N / 2u) * element];
	barrier();
	for (uint size = 1u; size < N; size *= 2u) {
		/* two transforms of 'size' become one of twice the size */
		uint k = me & size - 1u;
		float angle = DIRECTION * 3.14159265358979 * float(k) / float(size);
		vec2 even = work[me];
		vec2 odd = times(work[me + N / 2u], vec2(cos(angle), sin(angle)));
		barrier();
		uint to = (me - k) * 2u + k;
		work[to] = even + odd;
		work[to + size] = even - odd;
		barrier();
	}
	float scale = DIRECTION > 0.0 ? 1.0 / float(N) : 1.0;
	data[first + me * element] = work[me] * scale;
	data[first + (me + N / 2u) * element] = work[me + N / 2u] * scale;
}
