/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a buffer, piece by piece, in the order and the type that it wants. */
#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "gpu/convert.h"
#include "gpu/data.h"
#include "gpu/fill.h"
#include "gpu/png.h"

enum { ORDER_PIECE = 64 << 10 /* elements */ };

static int fill_next(const struct request_buffer *b, struct data *d, unsigned char *out, uint64_t n,
		     struct err *e)
{
	struct fill fill = {.source = b->source, .type = d->shape.type, .seed = b->seed};
	size_t size = type_size(d->shape.type);

	if (b->source == SOURCE_VALUE && number_encode(&b->value, d->shape.type, fill.value, e) < 0)
		return -1;
	fill_write(&fill, d->at / size, n / size, out);
	return 0;
}

/* The next elements in the file's order, converted. */
static int next_elements(struct data *d, unsigned char *out, size_t count, struct err *e)
{
	size_t stored = convert_stored_size(d->stored), size = type_size(d->shape.type);
	unsigned char *in = out + count * (size - stored);

	if (bytes_read(&d->bytes, in, count * stored, e) < 0)
		return -1;
	if (d->big_endian)
		convert_swap(in, count, stored);
	if (d->stored != d->shape.type)
		convert_widen(d->stored, in, d->shape.type, out, count);
	return 0;
}

static int rewind_array(struct data *d, struct err *e)
{
	/* Of a pipe the header has just been read. */
	return d->bytes.kind == BYTES_PIPE ? 0 : bytes_seek(&d->bytes, d->start, e);
}

/* One walk through the file finds the elements of any part of the array. */
static int put_in_order(struct data *d, uint64_t first, uint64_t n, unsigned char *out,
			struct err *e)
{
	size_t size = type_size(d->shape.type);
	AUTO_FREE unsigned char *piece = malloc(ORDER_PIECE * size);
	struct fortran order;

	if (!piece)
		return err_os(e, ENOMEM, d->bytes.name, "cannot read");
	if (rewind_array(d, e) < 0)
		return -1;
	fortran_start(&order, &d->shape);
	for (uint64_t left = d->shape.count; left > 0;) {
		size_t count = left < ORDER_PIECE ? (size_t)left : ORDER_PIECE;
		if (next_elements(d, piece, count, e) < 0)
			return -1;
		fortran_put(&order, piece, count, first / size, n / size, out);
		left -= count;
	}
	return bytes_finish(&d->bytes, e);
}

static int make_window(struct data *d, uint64_t size, struct err *e)
{
	if (!d->window)
		d->window = malloc(size);
	return d->window ? 0 : err_os(e, ENOMEM, d->bytes.name, "cannot read");
}

static int fill_window(const struct request_buffer *b, struct data *d, struct err *e)
{
	uint64_t left = d->shape.bytes - d->at;

	d->window_at = d->at;
	if (b->format == FORMAT_PNG) {
		d->window_size = d->shape.bytes;
		if (make_window(d, d->window_size, e) < 0)
			return -1;
		return png_read(&d->bytes, &d->shape, d->window, e);
	}
	if (d->bytes.kind == BYTES_PIPE && d->shape.bytes > DATA_WINDOW_MAX) {
		(void)err_bad(e, d->bytes.name,
			      "an array in Fortran order of %llu bytes cannot come from stdin",
			      (unsigned long long)d->shape.bytes);
		return err_hint(e, "save it in C order (numpy.ascontiguousarray), or as a file");
	}
	d->window_size = left < DATA_WINDOW_MAX ? left : DATA_WINDOW_MAX;
	if (make_window(d, d->window_size, e) < 0)
		return -1;
	return put_in_order(d, d->at, d->window_size, d->window, e);
}

static int next_from_window(const struct request_buffer *b, struct data *d, unsigned char *out,
			    uint64_t n, struct err *e)
{
	while (n > 0) {
		uint64_t used = d->at - d->window_at;
		if (used == d->window_size || !d->window) {
			if (fill_window(b, d, e) < 0)
				return -1;
			continue;
		}
		uint64_t part = d->window_size - used < n ? d->window_size - used : n;
		memcpy(out, d->window + used, part);
		out += part;
		d->at += part;
		n -= part;
	}
	return 0;
}

static int file_next(const struct request_buffer *b, struct data *d, unsigned char *out, uint64_t n,
		     struct err *e)
{
	bool whole = n == d->shape.bytes;

	if (b->format == FORMAT_PNG && whole)
		return png_read(&d->bytes, &d->shape, out, e);
	if (d->fortran && whole)
		return put_in_order(d, 0, n, out, e);
	if (d->at == 0 && rewind_array(d, e) < 0)
		return -1;
	if (next_elements(d, out, n / type_size(d->shape.type), e) < 0)
		return -1;
	return d->at + n == d->shape.bytes ? bytes_finish(&d->bytes, e) : 0;
}

int data_next(const struct request_buffer *b, struct data *d, unsigned char *out, uint64_t n,
	      struct err *e)
{
	bool file = b->source == SOURCE_FILE;

	if (file && n < d->shape.bytes && (d->fortran || b->format == FORMAT_PNG))
		return next_from_window(b, d, out, n, e);
	if ((file ? file_next(b, d, out, n, e) : fill_next(b, d, out, n, e)) < 0)
		return -1;
	d->at += n;
	return 0;
}

int data_read(const struct request_buffer *b, struct data *d, unsigned char *out, struct err *e)
{
	d->at = 0;
	return data_next(b, d, out, d->shape.bytes, e);
}

void data_done(struct data *d)
{
	bytes_done(&d->bytes);
	free(d->window);
	d->window = NULL;
}
