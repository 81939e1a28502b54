#version 450
/* One number, increased: a loop's counter that stays on the device. */
layout(local_size_x = 1) in;
layout(std430, set = 0, binding = 0) buffer Number { uint number; };
layout(push_constant) uniform Push { uint by; };

void main()
{
	number += by;
}
