#version 450
/* From the histogram the curve that makes each brightness as frequent as the next. One work group. */
layout(local_size_x = 256) in;
layout(std430, set = 0, binding = 0) readonly buffer Histogram { uint histogram[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Curve { uint curve[]; };

shared uint sum[256];
shared uint darkest;

void main()
{
	uint me = gl_LocalInvocationID.x;
	uint mine = histogram[me];
	if (me == 0u)
		darkest = 255u;
	sum[me] = mine;
	barrier();
	if (mine != 0u)
		atomicMin(darkest, me);
	for (uint reach = 1u; reach < 256u; reach *= 2u) {
		uint left = me >= reach ? sum[me - reach] : 0u;
		barrier();
		sum[me] += left;
		barrier();
	}
	/* The darkest brightness that occurs becomes 0, the brightest 255. */
	uint base = sum[darkest], range = max(sum[255] - base, 1u);
	curve[me] = me < darkest ? 0u : ((sum[me] - base) * 255u + range / 2u) / range;
}
