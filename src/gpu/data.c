/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files are read with pread from regular files whose size is known, so a wrong size is found before
 * memory is allocated for the contents.
 */
#include "gpu/data.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/fd.h"
#include "gpu/fill.h"
#include "gpu/npy.h"
#include "gpu/png.h"

static int read_at(int fd, const char *path, unsigned char *out, uint64_t size, uint64_t offset,
		   struct err *e)
{
	while (size > 0) {
		size_t want = size < 1 << 30 ? (size_t)size : 1 << 30;
		ssize_t n = pread(fd, out, want, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(e, errno, path, "cannot read");
		if (n == 0)
			return err_bad(e, path, "became shorter while it was read");
		out += n;
		offset += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return 0;
}

/* The file must hold the array and nothing else: leftovers mean that the shape is not what was meant. */
static int check_size(const struct request_buffer *b, const struct data *d, uint64_t file_size,
		      struct err *e)
{
	char text[SHAPE_TEXT];
	uint64_t want = d->offset + d->shape.bytes;

	if (file_size == want)
		return 0;
	return err_bad(e, b->path, "%s: %s needs %llu bytes, the file has %llu",
		       file_size < want ? "is cut off" : "is too long",
		       shape_print(&d->shape, text), (unsigned long long)want,
		       (unsigned long long)file_size);
}

static int open_npy(const struct request_buffer *b, struct data *d, uint64_t file_size,
		    struct err *e)
{
	size_t size = file_size < NPY_HEADER_MAX ? (size_t)file_size : NPY_HEADER_MAX, offset;
	AUTO_FREE unsigned char *head = malloc(size + 1);

	if (!head)
		return err_os(e, ENOMEM, b->path, "cannot read");
	if (read_at(b->fd, b->path, head, size, 0, e) < 0 ||
	    npy_parse(head, size, b->path, &d->shape, &offset, e) < 0)
		return -1;
	d->offset = offset;
	return check_size(b, d, file_size, e);
}

/* A type and shape given beside a file that knows its own are a check. */
static int compare(const struct request_buffer *b, const struct shape *have,
		   const struct shape *want, bool type, bool shape, struct err *e)
{
	char text[2][SHAPE_TEXT];

	bool same = !type || want->type == have->type;
	if (shape)
		same = same && want->dims == have->dims &&
		       memcmp(want->dim, have->dim, want->dims * sizeof want->dim[0]) == 0;
	if (same)
		return 0;
	struct shape said = *want;
	said.type = type ? want->type : have->type;
	if (!shape)
		return err_bad(e, b->path, "holds %s, the job says type %s",
			       shape_print(have, text[0]), type_name(said.type));
	return err_bad(e, b->path, "holds %s, the job says %s", shape_print(have, text[0]),
		       shape_print(&said, text[1]));
}

static int open_file(const struct request_buffer *b, struct data *d, struct err *e)
{
	struct stat st;

	if (fstat(b->fd, &st) < 0)
		return err_os(e, errno, b->path, "cannot examine");
	if (!S_ISREG(st.st_mode))
		return err_bad(e, b->path, "is not a regular file");
	uint64_t size = (uint64_t)st.st_size;
	if (b->format == FORMAT_RAW) {
		d->shape = b->shape;
		return shape_finish(&d->shape, b->path, e) < 0 ? -1 : check_size(b, d, size, e);
	}
	int rc = b->format == FORMAT_PNG ? png_peek(b->fd, b->path, &d->shape, e)
					 : open_npy(b, d, size, e);
	return rc < 0 ? -1 : compare(b, &d->shape, &b->shape, b->has_type, b->has_shape, e);
}

/* Shape of a generated buffer: its own, else what it is like. Files are known by now. */
static int follow_like(const struct request *q, struct data *data, size_t i, struct err *e)
{
	const struct request_buffer *b = &q->buffers[i];
	const struct request_buffer *from = b;

	while (from->source != SOURCE_FILE && from->like >= 0 &&
	       !(from->has_type && from->has_shape))
		from = &q->buffers[from->like];
	struct shape s = from->source == SOURCE_FILE ? data[from - q->buffers].shape : from->shape;
	/* Nearer words win: `like: photo, type: f32` keeps the shape only. */
	for (const struct request_buffer *at = b; at != from; at = &q->buffers[at->like])
		if (at->has_type) {
			s.type = at->shape.type;
			break;
		}
	for (const struct request_buffer *at = b; at != from; at = &q->buffers[at->like])
		if (at->has_shape) {
			s.dims = at->shape.dims;
			memcpy(s.dim, at->shape.dim, sizeof s.dim);
			break;
		}
	data[i].shape = s;
	return shape_finish(&data[i].shape, "", e);
}

int data_open(const struct request *q, struct data *data, size_t *ret_bad, struct err *e)
{
	for (size_t i = 0; i < q->buffer_count; i++) {
		*ret_bad = i;
		if (q->buffers[i].source == SOURCE_FILE &&
		    open_file(&q->buffers[i], &data[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < q->buffer_count; i++) {
		const struct request_buffer *b = &q->buffers[i];
		unsigned char unused[8];
		*ret_bad = i;
		if (b->source != SOURCE_FILE && follow_like(q, data, i, e) < 0)
			return -1;
		if (b->source == SOURCE_VALUE &&
		    number_encode(&b->value, data[i].shape.type, unused, e) < 0)
			return -1;
		if (b->source == SOURCE_FILE && b->like >= 0) {
			const struct shape *like = &data[b->like].shape;
			if (q->buffers[b->like].source == SOURCE_FILE &&
			    compare(b, &data[i].shape, like, true, true, e) < 0)
				return -1;
		}
	}
	return 0;
}

int data_read(const struct request_buffer *b, const struct data *d, unsigned char *out,
	      struct err *e)
{
	struct fill fill = {.source = b->source, .type = d->shape.type, .seed = b->seed};

	if (b->source == SOURCE_FILE && b->format == FORMAT_PNG)
		return png_read(b->fd, b->path, &d->shape, out, e);
	if (b->source == SOURCE_FILE)
		return read_at(b->fd, b->path, out, d->shape.bytes, d->offset, e);
	if (b->source == SOURCE_VALUE && number_encode(&b->value, d->shape.type, fill.value, e) < 0)
		return -1;
	fill_write(&fill, 0, d->shape.count, out);
	return 0;
}

int data_check_output(const struct request_output *o, const struct shape *s, struct err *e)
{
	return o->format == FORMAT_PNG ? png_can_write(s, o->path, e) : 0;
}

int data_write(const struct request_output *o, const struct shape *s, const unsigned char *bytes,
	       struct err *e)
{
	char head[NPY_HEADER_WRITTEN];

	if (o->format == FORMAT_PNG)
		return png_write(o->fd, o->path, s, bytes, e);
	if (o->format == FORMAT_NPY && fd_write_all(o->fd, head, npy_header(s, head)) < 0)
		return err_os(e, errno, o->path, "cannot write");
	if (fd_write_all(o->fd, bytes, s->bytes) < 0)
		return err_os(e, errno, o->path, "cannot write");
	return 0;
}
