/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files are read with pread(2), so that two readers of one descriptor do not disturb each other.
 * Deflated bytes come out in the pieces that are asked for: a bomb costs time, never memory.
 */
#include "gpu/bytes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/auto.h"
#include "gpu/stop.h"

enum { PACKED_PIECE = 64 << 10, SKIP_PIECE = 64 << 10, ONE_READ = 64 << 20, WRITE_PIECE = 1 << 20 };

struct inflate {
	z_stream z;
	uint64_t taken; /* packed bytes read from the file */
	bool ended;
	unsigned char in[PACKED_PIECE];
};

static int read_file(struct bytes *b, unsigned char *out, size_t n, size_t *ret, struct err *e)
{
	uint64_t left = b->size - b->at;
	size_t want = n < left ? n : (size_t)left;

	for (*ret = 0; *ret < want;) {
		size_t part = want - *ret < ONE_READ ? want - *ret : ONE_READ;
		ssize_t got = pread(b->fd, out + *ret, part, (off_t)(b->offset + b->at + *ret));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_os(e, errno, b->name, "cannot read");
		if (stop_asked())
			return err_bad(e, b->name, "cancelled while it was read");
		if (got == 0)
			return err_bad(e, b->name, "became shorter while it was read");
		*ret += (size_t)got;
	}
	return 0;
}

static int read_pipe(struct bytes *b, unsigned char *out, size_t n, size_t *ret, struct err *e)
{
	*ret = n < b->peeked_size ? n : b->peeked_size;
	memcpy(out, b->peeked, *ret);
	b->peeked_size -= *ret;
	memmove(b->peeked, b->peeked + *ret, b->peeked_size);
	while (*ret < n) {
		if (!stop_wait_readable(b->fd))
			return err_bad(e, b->name, "cancelled while it was read");
		ssize_t got = read(b->fd, out + *ret, n - *ret < ONE_READ ? n - *ret : ONE_READ);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return err_os(e, errno, b->name, "cannot read");
		if (got == 0)
			return 0;
		*ret += (size_t)got;
	}
	return 0;
}

static int start_inflate(struct bytes *b, struct err *e)
{
	b->inflate = calloc(1, sizeof *b->inflate);
	if (b->inflate && inflateInit2(&b->inflate->z, -MAX_WBITS) == Z_OK)
		return 0;
	free(b->inflate);
	b->inflate = NULL;
	(void)err_os(e, ENOMEM, b->name, "cannot unpack");
	return -1;
}

static int refill(struct bytes *b, struct err *e)
{
	struct inflate *i = b->inflate;
	struct bytes packed = {.kind = BYTES_FILE,
			       .fd = b->fd,
			       .name = b->name,
			       .offset = b->offset,
			       .size = b->packed,
			       .at = i->taken};
	size_t got;

	if (i->z.avail_in)
		return 0;
	if (read_file(&packed, i->in, sizeof i->in, &got, e) < 0)
		return -1;
	i->taken += got;
	i->z.next_in = i->in;
	i->z.avail_in = (uInt)got;
	return 0;
}

static int read_deflated(struct bytes *b, unsigned char *out, size_t n, size_t *ret, struct err *e)
{
	*ret = 0;
	if (!b->inflate && start_inflate(b, e) < 0)
		return -1;
	struct inflate *i = b->inflate;
	while (*ret < n && !i->ended) {
		size_t part = n - *ret < ONE_READ ? n - *ret : ONE_READ;
		if (refill(b, e) < 0)
			return -1;
		i->z.next_out = out + *ret;
		i->z.avail_out = (uInt)part;
		int rc = inflate(&i->z, Z_NO_FLUSH);
		*ret += part - i->z.avail_out;
		i->ended = rc == Z_STREAM_END;
		if (rc == Z_BUF_ERROR || (rc == Z_OK && i->z.avail_out == part && !i->z.avail_in &&
					  i->taken == b->packed))
			return err_bad(e, b->name, "the compressed data is cut off");
		if (rc != Z_OK && rc != Z_STREAM_END)
			return err_bad(e, b->name, "the compressed data is damaged: %s",
				       i->z.msg ? i->z.msg : "not deflated");
	}
	return 0;
}

int bytes_some(struct bytes *b, unsigned char *out, size_t n, size_t *ret, struct err *e)
{
	int rc = b->kind == BYTES_FILE   ? read_file(b, out, n, ret, e)
		 : b->kind == BYTES_PIPE ? read_pipe(b, out, n, ret, e)
					 : read_deflated(b, out, n, ret, e);

	if (rc < 0)
		return -1;
	b->at += *ret;
	if (b->has_crc)
		b->sum = (uint32_t)crc32_z(b->sum, out, *ret);
	return 0;
}

int bytes_read(struct bytes *b, unsigned char *out, uint64_t n, struct err *e)
{
	size_t got;

	if (bytes_some(b, out, n, &got, e) < 0)
		return -1;
	if (got < n)
		return err_bad(e, b->name, "is cut off after %llu bytes",
			       (unsigned long long)b->at);
	return 0;
}

int bytes_peek(struct bytes *b, unsigned char *out, size_t n, size_t *ret, struct err *e)
{
	if (b->kind != BYTES_PIPE) {
		if (bytes_some(b, out, n, ret, e) < 0)
			return -1;
		return bytes_seek(b, 0, e);
	}
	if (n > sizeof b->peeked)
		n = sizeof b->peeked;
	if (read_pipe(b, out, n, ret, e) < 0)
		return -1;
	memcpy(b->peeked, out, *ret);
	b->peeked_size = *ret;
	return 0;
}

int bytes_seek(struct bytes *b, uint64_t at, struct err *e)
{
	if (b->kind == BYTES_FILE && !b->has_crc) {
		b->at = at;
		return 0;
	}
	if (at < b->at) {
		b->at = 0;
		b->sum = 0;
		if (b->inflate) {
			(void)inflateReset(&b->inflate->z);
			b->inflate->z.avail_in = 0;
			b->inflate->taken = 0;
			b->inflate->ended = false;
		}
	}
	AUTO_FREE unsigned char *skipped = malloc(SKIP_PIECE);
	if (!skipped)
		return err_os(e, ENOMEM, b->name, "cannot read");
	while (b->at < at) {
		uint64_t left = at - b->at;
		if (bytes_read(b, skipped, left < SKIP_PIECE ? left : SKIP_PIECE, e) < 0)
			return -1;
	}
	return 0;
}

int bytes_finish(struct bytes *b, struct err *e)
{
	unsigned char more;
	size_t got = 0;

	if (b->kind != BYTES_FILE && bytes_some(b, &more, 1, &got, e) < 0)
		return -1;
	if (got)
		return err_bad(e, b->name, "is too long: more follows after %llu bytes",
			       (unsigned long long)b->at - 1);
	if (b->has_crc && b->at == b->size && b->sum != b->crc)
		return err_bad(e, b->name, "is damaged: its checksum is %08x, it should be %08x",
			       b->sum, b->crc);
	return 0;
}

void bytes_done(struct bytes *b)
{
	if (b->inflate)
		(void)inflateEnd(&b->inflate->z);
	free(b->inflate);
	b->inflate = NULL;
}

int bytes_write(int fd, const char *name, const unsigned char *data, uint64_t n, struct err *e)
{
	while (n > 0) {
		ssize_t done = write(fd, data, n < WRITE_PIECE ? n : WRITE_PIECE);
		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return err_os(e, errno, name, "cannot write");
		if (done < 0 && !stop_wait_writable(fd))
			return err_bad(e, name, "cancelled while it was written");
		if (done > 0) {
			data += done;
			n -= (uint64_t)done;
		}
	}
	return 0;
}
