/* SPDX-License-Identifier: Apache-2.0 */
/* The brightness of a pixel, 0 to 255, in whole numbers: the same on every device. */
uint bright_of(uint pixel)
{
	uvec3 color = uvec3(pixel, pixel >> 8, pixel >> 16) & 255u;
	return color.r * 54u + color.g * 183u + color.b * 19u >> 8;
}
