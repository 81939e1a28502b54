/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only this file knows libpng. Every picture passes png_peek, which refuses by the 33 bytes of the
 * header, so a bomb is refused before libpng sees it; libpng's own limits are set as well.
 */
#include "gpu/png.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"

struct stream {
	int fd;
	off_t at;
	const char *name;
	struct err *e;
	png_structp png;
	png_infop info;
	unsigned char *row; /* conversion space of the writer */
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

	while (size > 0) {
		ssize_t n = pread(s->fd, out, size, s->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			(void)(n < 0 ? err_os(s->e, errno, s->name, "cannot read")
				     : err_bad(s->e, s->name, "the PNG is cut off after %lld bytes",
					       (long long)s->at));
			png_error(png, "read");
		}
		s->at += n;
		out += n;
		size -= (size_t)n;
	}
}

static void on_write(png_structp png, png_bytep data, size_t size)
{
	struct stream *s = png_get_io_ptr(png);

	if (fd_write_all(s->fd, data, size) < 0) {
		(void)err_os(s->e, errno, s->name, "cannot write");
		png_error(png, "write");
	}
}

static void on_flush(png_structp png)
{
	(void)png;
}

static uint32_t big32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int png_peek(int fd, const char *name, struct shape *ret, struct err *e)
{
	static const unsigned char start[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
					      0,    0,   0,   13,  'I',  'H',  'D',  'R'};
	unsigned char head[33];
	ssize_t n = pread(fd, head, sizeof head, 0);

	if (n < 0)
		return err_os(e, errno, name, "cannot read");
	if (n < 8 || memcmp(head, start, 8) != 0)
		return err_bad(e, name, "is not a PNG file");
	if ((size_t)n < sizeof head || memcmp(head, start, sizeof start) != 0)
		return err_bad(e, name, "the PNG is cut off or damaged inside its header");
	uint64_t width = big32(head + 16), height = big32(head + 20);
	if (width == 0 || height == 0)
		return err_bad(e, name, "the PNG says it is empty (%llu x %llu)",
			       (unsigned long long)width, (unsigned long long)height);
	if (width > PNG_SIDE_MAX || height > PNG_SIDE_MAX)
		return err_bad(e, name, "the PNG is %llu x %llu, %d x %d is the most that is read",
			       (unsigned long long)width, (unsigned long long)height, PNG_SIDE_MAX,
			       PNG_SIDE_MAX);
	if (width * height * 4 > PNG_BYTES_MAX)
		return err_bad(e, name, "the PNG needs %llu MiB decoded, %llu MiB is the most",
			       (unsigned long long)(width * height * 4) >> 20,
			       (unsigned long long)PNG_BYTES_MAX >> 20);
	*ret = (struct shape){.type = TYPE_U8, .dims = 3, .dim = {height, width, 4}};
	return shape_finish(ret, name, e);
}

/* Whatever the file holds becomes 8 bit RGBA. */
static void ask_for_rgba(png_structp png, png_infop info)
{
	png_set_scale_16(png);
	png_set_expand(png); /* palette, small grey depths and transparent colours */
	png_set_gray_to_rgb(png);
	png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
	png_read_update_info(png, info);
}

static int read_rows(struct stream *s, const struct shape *shape, unsigned char *out)
{
	if (setjmp(png_jmpbuf(s->png)) != 0)
		return -1;
	png_set_read_fn(s->png, s, on_read);
	png_set_user_limits(s->png, PNG_SIDE_MAX, PNG_SIDE_MAX);
	png_set_chunk_cache_max(s->png, 16);
	png_set_chunk_malloc_max(s->png, 1 << 20);
	png_read_info(s->png, s->info);
	int passes = png_set_interlace_handling(s->png);
	ask_for_rgba(s->png, s->info);
	if (png_get_image_height(s->png, s->info) != shape->dim[0] ||
	    png_get_rowbytes(s->png, s->info) != shape->dim[1] * 4)
		png_error(s->png, "its size changed while it was read");
	for (int pass = 0; pass < passes; pass++)
		for (uint64_t y = 0; y < shape->dim[0]; y++)
			png_read_row(s->png, out + y * shape->dim[1] * 4, NULL);
	png_read_end(s->png, NULL);
	return 0;
}

int png_read(int fd, const char *name, const struct shape *shape, unsigned char *out, struct err *e)
{
	struct stream s = {.fd = fd, .name = name, .e = e};
	int rc = -1;

	*e = ERR_INIT;
	s.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, on_error, on_warning);
	if (s.png)
		s.info = png_create_info_struct(s.png);
	if (s.info)
		rc = read_rows(&s, shape, out);
	else
		(void)err_os(e, ENOMEM, name, "cannot read");
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

	if ((s->type != TYPE_U8 && s->type != TYPE_U32 && s->type != TYPE_F32) ||
	    channels_of(s) == 0)
		return err_bad(
		    e, name,
		    "%s cannot become a PNG, which takes u8 [h, w] or [h, w, 1|2|3|4], u32 [h, w], f32 [h, w] or [h, w, 1|3|4]",
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

static const unsigned char *convert_row(const struct stream *s, const struct shape *shape,
					const unsigned char *row, size_t values)
{
	if (shape->type != TYPE_F32)
		return row; /* packed u32 with red lowest is RGBA in memory */
	for (size_t i = 0; i < values; i++) {
		float f;
		memcpy(&f, row + 4 * i, 4);
		s->row[i] = to_byte(f);
	}
	return s->row;
}

static int write_rows(struct stream *s, const struct shape *shape, const unsigned char *data)
{
	static const int color[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
				    PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
	unsigned channels = channels_of(shape);
	size_t row_bytes = shape->bytes / shape->dim[0];

	if (setjmp(png_jmpbuf(s->png)) != 0)
		return -1;
	png_set_write_fn(s->png, s, on_write, on_flush);
	png_set_compression_buffer_size(s->png, 64 << 10);
	png_set_compression_level(s->png, 4);
	png_set_IHDR(s->png, s->info, (png_uint_32)shape->dim[1], (png_uint_32)shape->dim[0], 8,
		     color[channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
		     PNG_FILTER_TYPE_DEFAULT);
	png_write_info(s->png, s->info);
	for (uint64_t y = 0; y < shape->dim[0]; y++)
		png_write_row(
		    s->png, convert_row(s, shape, data + y * row_bytes, shape->dim[1] * channels));
	png_write_end(s->png, NULL);
	return 0;
}

int png_write(int fd, const char *name, const struct shape *s, const unsigned char *data,
	      struct err *e)
{
	struct stream st = {.fd = fd, .name = name, .e = e};
	int rc = -1;

	if (png_can_write(s, name, e) < 0)
		return -1;
	*e = ERR_INIT;
	AUTO_FREE unsigned char *row = malloc(s->dim[1] * 4);
	st.row = row;
	st.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &st, on_error, on_warning);
	if (st.png)
		st.info = png_create_info_struct(st.png);
	if (row && st.info)
		rc = write_rows(&st, s, data);
	else
		(void)err_os(e, ENOMEM, name, "cannot write");
	png_destroy_write_struct(&st.png, &st.info);
	return rc;
}
