/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files say about themselves, and what the job says about them. The size of a file is known,
 * so a wrong one is found before memory is allocated for the contents; only of a pipe it shows later.
 */
#include "gpu/data.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "gpu/convert.h"
#include "gpu/npy.h"
#include "gpu/npz.h"
#include "gpu/png.h"
#include "gpu/safetensors.h"

/* The file must hold the array and nothing else: leftovers mean that the shape is not what was meant. */
static int check_size(const struct request_buffer *b, const struct data *d, struct err *e)
{
	char text[SHAPE_TEXT];
	uint64_t have = d->bytes.size, want = d->start + d->shape.bytes;

	if (have == want || have == BYTES_UNKNOWN)
		return 0;
	return err_bad(e, b->path, "%s: %s needs %llu bytes, the file has %llu",
		       have < want ? "is cut off" : "is too long", shape_print(&d->shape, text),
		       (unsigned long long)want, (unsigned long long)have);
}

static int open_npy(const struct request_buffer *b, struct data *d, struct err *e)
{
	unsigned char start[NPY_START];
	struct npy npy;
	size_t got, more = 0;

	if (bytes_some(&d->bytes, start, sizeof start, &got, e) < 0)
		return -1;
	size_t size = npy_header_size(start, got);
	AUTO_FREE unsigned char *head = malloc(size + 1);
	if (!head)
		return err_os(e, ENOMEM, b->path, "cannot read");
	memcpy(head, start, got);
	if (size > got && bytes_some(&d->bytes, head + got, size - got, &more, e) < 0)
		return -1;
	if (npy_parse(head, got + more, b->path, &npy, e) < 0)
		return -1;
	d->shape = npy.shape;
	d->stored = npy.shape.type;
	d->start = npy.offset;
	d->big_endian = npy.big_endian;
	unsigned long_axes = 0;
	for (unsigned i = 0; i < npy.shape.dims; i++)
		long_axes += npy.shape.dim[i] > 1;
	/* With one axis both orders are the same; with an empty one there is nothing to order. */
	d->fortran = npy.fortran && long_axes > 1 && npy.shape.count > 0;
	return check_size(b, d, e);
}

static int open_npz(const struct request_buffer *b, struct data *d, struct err *e)
{
	struct bytes file = d->bytes;

	if (npz_find(file.fd, b->path, file.size, b->member, &d->bytes, e) < 0)
		return -1;
	return open_npy(b, d, e);
}

static int open_tensor(const struct request_buffer *b, struct data *d, struct err *e)
{
	struct tensor t;

	if (safetensors_find(b->fd, b->path, d->bytes.size, b->member, &t, e) < 0)
		return -1;
	d->bytes.offset = t.offset;
	d->bytes.size = t.shape.bytes;
	d->shape = t.shape;
	d->stored = t.is_bf16 ? TYPE_NONE : t.shape.type;
	return 0;
}

/* Small floats become larger ones when the job asks for it; every other difference is a mistake. */
static int widen(const struct request_buffer *b, struct data *d, struct err *e)
{
	if (b->has_type && convert_can_widen(d->stored, b->shape.type)) {
		d->shape.type = b->shape.type;
		return shape_finish(&d->shape, b->path, e);
	}
	if (d->stored != TYPE_NONE)
		return 0;
	(void)err_bad(e, b->path, "the array holds bf16, which no shader can read");
	return err_hint(e, "have it widened: 'type: f32'");
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

static int find_bytes(const struct request_buffer *b, struct data *d, struct err *e)
{
	struct stat st;

	d->bytes = (struct bytes){.kind = BYTES_FILE, .fd = b->fd, .name = b->path};
	if (b->fd == REQUEST_FD_STDIN) {
		d->bytes.kind = BYTES_PIPE;
		d->bytes.size = BYTES_UNKNOWN;
		return 0;
	}
	if (fstat(b->fd, &st) < 0)
		return err_os(e, errno, b->path, "cannot examine");
	if (!S_ISREG(st.st_mode))
		return err_bad(e, b->path, "is not a regular file");
	d->bytes.size = (uint64_t)st.st_size;
	return 0;
}

static int open_format(const struct request_buffer *b, struct data *d, struct err *e)
{
	bool deep = b->has_type && b->shape.type == TYPE_U16;

	switch (b->format) {
	case FORMAT_RAW:
		d->shape = b->shape;
		d->stored = b->shape.type;
		return shape_finish(&d->shape, b->path, e) < 0 ? -1 : check_size(b, d, e);
	case FORMAT_PNG:
		d->stored = deep ? TYPE_U16 : TYPE_U8;
		return png_peek(&d->bytes, d->stored, &d->shape, e);
	case FORMAT_NPZ:
		return open_npz(b, d, e);
	case FORMAT_SAFETENSORS:
		return open_tensor(b, d, e);
	case FORMAT_NPY:
	case FORMAT_AUTO:
		return open_npy(b, d, e);
	}
	return -1;
}

static int open_file(const struct request_buffer *b, struct data *d, struct err *e)
{
	if (find_bytes(b, d, e) < 0 || open_format(b, d, e) < 0 || widen(b, d, e) < 0)
		return -1;
	return compare(b, &d->shape, &b->shape, b->has_type, b->has_shape, e);
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
