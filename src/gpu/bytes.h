/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of bytes, read from its beginning: a part of a file, the same deflated, or what comes through a
 * pipe. Whoever reads need not know which; only a pipe cannot be read twice.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum bytes_kind { BYTES_FILE, BYTES_DEFLATED, BYTES_PIPE };
#define BYTES_UNKNOWN UINT64_MAX
enum { BYTES_PEEK_MAX = 64 };

struct bytes {
	enum bytes_kind kind;
	int fd;           /* borrowed */
	const char *name; /* for messages; borrowed */
	uint64_t offset;  /* where the first byte stands in the file */
	uint64_t packed;  /* bytes there, when deflated */
	uint64_t size;    /* bytes that come out; BYTES_UNKNOWN: until the pipe ends */
	bool has_crc;     /* of everything that comes out */
	uint32_t crc;
	/* the state of reading */
	uint64_t at;  /* bytes that came out so far */
	uint32_t sum; /* their CRC */
	struct inflate *inflate;
	unsigned char peeked[BYTES_PEEK_MAX]; /* of a pipe: read, but not yet taken */
	size_t peeked_size;
};

/* Up to n bytes, fewer only at the end. *ret is how many. */
int bytes_some(struct bytes *b, unsigned char *out, size_t n, size_t *ret, struct err *e);
/* Exactly n bytes: an end before that is an error. */
int bytes_read(struct bytes *b, unsigned char *out, uint64_t n, struct err *e);
/* The next n bytes (fewer at the end) without taking them; nothing has been read yet. */
int bytes_peek(struct bytes *b, unsigned char *out, size_t n, size_t *ret, struct err *e);
/* Goes on at an offset, counted in what comes out; not for pipes. */
int bytes_seek(struct bytes *b, uint64_t at, struct err *e);
/* Nothing follows, and what came out is what was put in. */
int bytes_finish(struct bytes *b, struct err *e);
void bytes_done(struct bytes *b);

/* Writes all of it, also into a pipe whose reader takes his time: a signal is noticed meanwhile. */
int bytes_write(int fd, const char *name, const unsigned char *data, uint64_t n, struct err *e);
