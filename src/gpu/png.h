/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PNG in and out, bounded before anything is allocated. Read as u8 or u16 [height, width, 4]; written
 * from u8, u16, packed u32 or f32 arrays. libpng's long jumps stay inside png.c.
 */
#pragma once

#include "base/err.h"
#include "gpu/bytes.h"
#include "gpu/types.h"

enum { PNG_SIDE_MAX = 16384 };
#define PNG_BYTES_MAX (512ULL << 20) /* decoded */

/* Looks at the header only; type is TYPE_U8 or TYPE_U16. The file is still to be read from its beginning. */
int png_peek(struct bytes *file, enum compute_type type, struct shape *ret, struct err *e);
/* Decodes into out, which has room for the shape that png_peek gave. */
int png_read(struct bytes *file, const struct shape *shape, unsigned char *out, struct err *e);

/* Whether an array of this shape can become a picture. 0 or -1 with the reason. */
int png_can_write(const struct shape *s, const char *name, struct err *e);

/* A picture that is written some rows at a time. */
struct png_writer;
struct png_writer *png_begin(int fd, const char *name, const struct shape *s, struct err *e);
int png_rows(struct png_writer *w, const unsigned char *data, uint64_t rows, struct err *e);
int png_end(struct png_writer *w, struct err *e);
void png_drop(struct png_writer *w); /* NULL: nothing */
