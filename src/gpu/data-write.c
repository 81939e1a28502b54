/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outputs, written while they are copied from the device. A sequence of files goes into one file, for
 * the supervisor to take apart: before each its length, 8 bytes, little-endian.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "gpu/data.h"
#include "gpu/npy.h"
#include "gpu/png.h"

enum { LENGTH_SIZE = 8 };

/* What stands in one file: all, or one place of the first axis. */
static struct shape file_shape(const struct request_output *o, const struct shape *s)
{
	struct shape one = *s;

	if (!o->sequence)
		return one;
	one.dims--;
	memmove(one.dim, s->dim + 1, one.dims * sizeof one.dim[0]);
	one.count /= s->dim[0];
	one.bytes /= s->dim[0];
	return one;
}

int data_check_output(const struct request_output *o, const struct shape *s, struct err *e)
{
	char text[SHAPE_TEXT];

	if (o->sequence && (s->dims < 2 || s->dim[0] != o->sequence))
		return err_bad(e, o->path, "%s cannot become a sequence of %llu files",
			       shape_print(s, text), (unsigned long long)o->sequence);
	struct shape one = file_shape(o, s);
	return o->format == FORMAT_PNG ? png_can_write(&one, o->path, e) : 0;
}

void sink_open(struct sink *k, const struct request_output *o, const struct shape *s)
{
	*k = (struct sink){.out = o, .shape = file_shape(o, s), .unit = 1};
	k->files = o->sequence ? o->sequence : 1;
	if (o->format == FORMAT_PNG)
		k->unit = k->shape.bytes / k->shape.dim[0];
}

static int put(struct sink *k, const void *bytes, uint64_t n, struct err *e)
{
	return bytes_write(k->out->fd, k->out->path, bytes, n, e);
}

static int begin_file(struct sink *k, struct err *e)
{
	static const unsigned char unknown[LENGTH_SIZE];
	char head[NPY_HEADER_WRITTEN];

	k->files--;
	k->left = k->shape.bytes;
	if (k->out->sequence) {
		k->length_at = lseek(k->out->fd, 0, SEEK_CUR);
		if (k->length_at < 0)
			return err_os(e, errno, k->out->path, "cannot write");
		if (put(k, unknown, sizeof unknown, e) < 0)
			return -1;
	}
	if (k->out->format == FORMAT_NPY)
		return put(k, head, npy_header(&k->shape, head), e);
	if (k->out->format == FORMAT_PNG) {
		k->png = png_begin(k->out->fd, k->out->path, &k->shape, e);
		return k->png ? 0 : -1;
	}
	return 0;
}

static int end_file(struct sink *k, struct err *e)
{
	unsigned char length[LENGTH_SIZE];

	if (k->png && png_end(k->png, e) < 0)
		return -1;
	png_drop(TAKE_PTR(k->png));
	if (!k->out->sequence)
		return 0;
	off_t end = lseek(k->out->fd, 0, SEEK_CUR);
	if (end < 0)
		return err_os(e, errno, k->out->path, "cannot write");
	uint64_t size = (uint64_t)(end - k->length_at) - LENGTH_SIZE;
	for (unsigned i = 0; i < LENGTH_SIZE; i++)
		length[i] = (unsigned char)(size >> 8 * i);
	if (pwrite(k->out->fd, length, sizeof length, k->length_at) != sizeof length)
		return err_os(e, errno, k->out->path, "cannot write");
	return 0;
}

int sink_write(struct sink *k, const unsigned char *bytes, uint64_t n, struct err *e)
{
	while (n > 0) {
		if (k->left == 0 && begin_file(k, e) < 0)
			return -1;
		uint64_t part = n < k->left ? n : k->left;
		if ((k->png ? png_rows(k->png, bytes, part / k->unit, e) : put(k, bytes, part, e)) <
		    0)
			return -1;
		bytes += part;
		n -= part;
		k->left -= part;
		if (k->left == 0 && end_file(k, e) < 0)
			return -1;
	}
	return 0;
}

int sink_finish(struct sink *k, struct err *e)
{
	/* Files without any element. */
	while (k->files > 0)
		if (begin_file(k, e) < 0 || end_file(k, e) < 0)
			return -1;
	return 0;
}

void sink_done(struct sink *k)
{
	png_drop(TAKE_PTR(k->png));
}

int data_write(const struct request_output *o, const struct shape *s, const unsigned char *bytes,
	       struct err *e)
{
	struct sink k;

	sink_open(&k, o, s);
	int rc = sink_write(&k, bytes, s->bytes, e) < 0 ? -1 : sink_finish(&k, e);
	sink_done(&k);
	return rc;
}
