/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PNG in and out, bounded before anything is allocated. Read as u8 [height, width, 4]; written
 * from u8, packed u32 or f32 arrays. libpng's long jumps stay inside png.c.
 */
#pragma once

#include "base/err.h"
#include "gpu/types.h"

enum { PNG_SIDE_MAX = 16384 };
#define PNG_BYTES_MAX (512ULL << 20) /* decoded */

/* Looks at the header only. fd must be seekable; its position does not change. */
int png_peek(int fd, const char *name, struct shape *ret, struct err *e);
/* Decodes into out, which has room for the shape that png_peek gave. */
int png_read(int fd, const char *name, const struct shape *shape, unsigned char *out,
	     struct err *e);

/* Whether an array of this shape can become a picture. 0 or -1 with the reason. */
int png_can_write(const struct shape *s, const char *name, struct err *e);
int png_write(int fd, const char *name, const struct shape *s, const unsigned char *data,
	      struct err *e);
