/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only this file knows libpng. Every picture passes png_peek, which refuses by the 33 bytes of the
 * header, so a bomb is refused before libpng sees it; libpng's own limits are set as well.
 * 16 bit samples are big-endian in the file and the machine's in memory.
 */
#include "gpu/png.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <string.h>

#include "base/auto.h"

struct stream {
	struct bytes *file; /* reading */
	int fd;             /* writing */
	const char *name;
	struct err *e;
	png_structp png;
	png_infop info;
};

static void on_error(png_structp png, png_const_charp text)
{
	struct stream *s = png_get_error_ptr(png);

	if (s->e->kind ==
	    ERR_NONE) /* the first cause: our own read and write errors come before libpng's */
		(void)err_bad(s->e, s->name, "cannot handle this PNG: %s", text);
	png_longjmp(png, 1);
}

/* Warnings are about metadata that is not used. */
static void on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void on_read(png_structp png, png_bytep out, size_t size)
{
	struct stream *s = png_get_io_ptr(png);
	size_t got;

	if (bytes_some(s->file, out, size, &got, s->e) < 0)
		png_error(png, "read");
	if (got < size) {
		(void)err_bad(s->e, s->name, "the PNG is cut off after %llu bytes",
			      (unsigned long long)s->file->at);
		png_error(png, "read");
	}
}

static void on_write(png_structp png, png_bytep data, size_t size)
{
	struct stream *s = png_get_io_ptr(png);

	if (bytes_write(s->fd, s->name, data, size, s->e) < 0)
		png_error(png, "write");
}

static void on_flush(png_structp png)
{
	(void)png;
}

static uint32_t big32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int png_peek(struct bytes *file, enum compute_type type, struct shape *ret, struct err *e)
{
	static const unsigned char start[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
					      0,    0,   0,   13,  'I',  'H',  'D',  'R'};
	const char *name = file->name;
	unsigned char head[33];
	size_t n;

	if (bytes_peek(file, head, sizeof head, &n, e) < 0)
		return -1;
	if (n < 8 || memcmp(head, start, 8) != 0)
		return err_bad(e, name, "is not a PNG file");
	if (n < sizeof head || memcmp(head, start, sizeof start) != 0)
		return err_bad(e, name, "the PNG is cut off or damaged inside its header");
	uint64_t width = big32(head + 16), height = big32(head + 20);
	if (width == 0 || height == 0)
		return err_bad(e, name, "the PNG says it is empty (%llu x %llu)",
			       (unsigned long long)width, (unsigned long long)height);
	if (width > PNG_SIDE_MAX || height > PNG_SIDE_MAX)
		return err_bad(e, name, "the PNG is %llu x %llu, %d x %d is the most that is read",
			       (unsigned long long)width, (unsigned long long)height, PNG_SIDE_MAX,
			       PNG_SIDE_MAX);
	uint64_t bytes = width * height * 4 * type_size(type);
	if (bytes > PNG_BYTES_MAX)
		return err_bad(e, name, "the PNG needs %llu MiB decoded, %llu MiB is the most",
			       (unsigned long long)bytes >> 20,
			       (unsigned long long)PNG_BYTES_MAX >> 20);
	*ret = (struct shape){.type = type, .dims = 3, .dim = {height, width, 4}};
	return shape_finish(ret, name, e);
}

/* Whatever the file holds becomes RGBA of 8 or 16 bits. */
static void ask_for_rgba(png_structp png, png_infop info, bool deep)
{
	if (deep) {
		png_set_expand_16(png);
		if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
			png_set_swap(png);
	} else {
		png_set_scale_16(png);
		png_set_expand(png); /* palette, small grey depths and transparent colours */
	}
	png_set_gray_to_rgb(png);
	png_set_add_alpha(png, deep ? 0xffff : 0xff, PNG_FILLER_AFTER);
	png_read_update_info(png, info);
}

static int read_rows(struct stream *s, const struct shape *shape, unsigned char *out)
{
	size_t row = shape->bytes / shape->dim[0];

	if (setjmp(png_jmpbuf(s->png)) != 0)
		return -1;
	png_set_read_fn(s->png, s, on_read);
	png_set_user_limits(s->png, PNG_SIDE_MAX, PNG_SIDE_MAX);
	png_set_chunk_cache_max(s->png, 16);
	png_set_chunk_malloc_max(s->png, 1 << 20);
	png_read_info(s->png, s->info);
	int passes = png_set_interlace_handling(s->png);
	ask_for_rgba(s->png, s->info, shape->type == TYPE_U16);
	if (png_get_image_height(s->png, s->info) != shape->dim[0] ||
	    png_get_rowbytes(s->png, s->info) != row)
		png_error(s->png, "its size changed while it was read");
	for (int pass = 0; pass < passes; pass++)
		for (uint64_t y = 0; y < shape->dim[0]; y++)
			png_read_row(s->png, out + y * row, NULL);
	png_read_end(s->png, NULL);
	return 0;
}

int png_read(struct bytes *file, const struct shape *shape, unsigned char *out, struct err *e)
{
	struct stream s = {.file = file, .name = file->name, .e = e};
	int rc = -1;

	*e = ERR_INIT;
	s.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, on_error, on_warning);
	if (s.png)
		s.info = png_create_info_struct(s.png);
	if (s.info)
		rc = read_rows(&s, shape, out);
	else
		(void)err_os(e, ENOMEM, s.name, "cannot read");
	png_destroy_read_struct(&s.png, &s.info, NULL);
	return rc;
}

/* Channels of the picture: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; 0 when it cannot be one. */
static unsigned channels_of(const struct shape *s)
{
	if (s->dims == 2)
		return s->type == TYPE_U32 ? 4 : 1;
	if (s->dims != 3 || s->type == TYPE_U32 || s->dim[2] < 1 || s->dim[2] > 4)
		return 0;
	return s->type == TYPE_F32 && s->dim[2] == 2 ? 0 : (unsigned)s->dim[2];
}

int png_can_write(const struct shape *s, const char *name, struct err *e)
{
	char text[SHAPE_TEXT];

	if ((s->type != TYPE_U8 && s->type != TYPE_U16 && s->type != TYPE_U32 &&
	     s->type != TYPE_F32) ||
	    channels_of(s) == 0)
		return err_bad(
		    e, name,
		    "%s cannot become a PNG, which takes u8 and u16 [h, w] or [h, w, 1|2|3|4], u32 [h, w], f32 [h, w] or [h, w, 1|3|4]",
		    shape_print(s, text));
	if (s->count == 0 || s->dim[0] > PNG_SIDE_MAX || s->dim[1] > PNG_SIDE_MAX)
		return err_bad(e, name, "%s cannot become a PNG, whose sides are 1 to %d",
			       shape_print(s, text), PNG_SIDE_MAX);
	return 0;
}

static unsigned char to_byte(float f)
{
	if (!(f > 0)) /* a NaN is black */
		return 0;
	return f >= 1 ? 255 : (unsigned char)lrintf(f * 255);
}

struct png_writer {
	struct stream stream;
	struct shape shape;
	unsigned channels;
	unsigned char *row; /* conversion space */
};

static const unsigned char *convert_row(const struct png_writer *w, const unsigned char *row)
{
	if (w->shape.type != TYPE_F32)
		return row; /* packed u32 with red lowest is RGBA in memory */
	for (size_t i = 0; i < w->shape.dim[1] * w->channels; i++) {
		float f;
		memcpy(&f, row + 4 * i, 4);
		w->row[i] = to_byte(f);
	}
	return w->row;
}

static int write_header(struct png_writer *w)
{
	static const int color[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
				    PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
	struct stream *s = &w->stream;

	if (setjmp(png_jmpbuf(s->png)) != 0)
		return -1;
	png_set_write_fn(s->png, s, on_write, on_flush);
	png_set_compression_buffer_size(s->png, 64 << 10);
	png_set_compression_level(s->png, 4);
	png_set_IHDR(s->png, s->info, (png_uint_32)w->shape.dim[1], (png_uint_32)w->shape.dim[0],
		     w->shape.type == TYPE_U16 ? 16 : 8, color[w->channels], PNG_INTERLACE_NONE,
		     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(s->png, s->info);
	if (w->shape.type == TYPE_U16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		png_set_swap(s->png);
	return 0;
}

struct png_writer *png_begin(int fd, const char *name, const struct shape *s, struct err *e)
{
	if (png_can_write(s, name, e) < 0)
		return NULL;
	struct png_writer *w = calloc(1, sizeof *w);
	if (!w) {
		(void)err_os(e, ENOMEM, name, "cannot write");
		return NULL;
	}
	*e = ERR_INIT;
	w->stream = (struct stream){.fd = fd, .name = name, .e = e};
	w->shape = *s;
	w->channels = channels_of(s);
	w->row = malloc(s->dim[1] * 4);
	w->stream.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w->stream, on_error,
						on_warning);
	if (w->stream.png)
		w->stream.info = png_create_info_struct(w->stream.png);
	if (!w->row || !w->stream.info)
		(void)err_os(e, ENOMEM, name, "cannot write");
	else if (write_header(w) == 0)
		return w;
	png_drop(w);
	return NULL;
}

int png_rows(struct png_writer *w, const unsigned char *data, uint64_t rows, struct err *e)
{
	size_t row = w->shape.bytes / w->shape.dim[0];

	*e = ERR_INIT;
	w->stream.e = e;
	if (setjmp(png_jmpbuf(w->stream.png)) != 0)
		return -1;
	for (uint64_t y = 0; y < rows; y++)
		png_write_row(w->stream.png, convert_row(w, data + y * row));
	return 0;
}

int png_end(struct png_writer *w, struct err *e)
{
	*e = ERR_INIT;
	w->stream.e = e;
	if (setjmp(png_jmpbuf(w->stream.png)) != 0)
		return -1;
	png_write_end(w->stream.png, NULL);
	return 0;
}

void png_drop(struct png_writer *w)
{
	if (!w)
		return;
	png_destroy_write_struct(&w->stream.png, &w->stream.info);
	free(w->row);
	free(w);
}
