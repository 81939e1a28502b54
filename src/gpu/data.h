/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What buffers hold before the first step and what becomes of them after the last: files and fills.
 * Both ways an array can go in pieces, so that no host memory as large as the array is needed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "gpu/bytes.h"
#include "gpu/request.h"

/*
 * Pictures are decoded whole; of arrays in Fortran order so much is put in order at once: the most host
 * memory that one buffer takes.
 */
#define DATA_WINDOW_MAX (256ULL << 20)

/* One buffer's contents: its final shape and how to make its bytes. */
struct data {
	struct shape shape;
	/* of a file: */
	struct bytes bytes;
	uint64_t start;           /* where the array begins in them */
	enum compute_type stored; /* its elements there; TYPE_NONE: bf16 */
	bool big_endian, fortran;
	/* the state of reading */
	uint64_t at; /* bytes handed out */
	unsigned char *window;
	uint64_t window_at, window_size;
};

/*
 * Reads the headers of all files and follows `like`: afterwards data[i].shape is final. On failure
 * *ret_bad is the index of the buffer.
 */
int data_open(const struct request *q, struct data *data, size_t *ret_bad, struct err *e);
void data_done(struct data *d);

/* Writes shape.bytes bytes to out. */
int data_read(const struct request_buffer *b, struct data *d, unsigned char *out, struct err *e);
/* The next n bytes, a multiple of the element's size. The first and the last piece may be all of it. */
int data_next(const struct request_buffer *b, struct data *d, unsigned char *out, uint64_t n,
	      struct err *e);

/* Whether an output can be written in its format at all; asked before anything runs. */
int data_check_output(const struct request_output *o, const struct shape *s, struct err *e);

/* An output that is written in pieces, each but the last a multiple of `unit` bytes. */
struct sink {
	const struct request_output *out;
	struct shape shape; /* of one file */
	uint64_t unit;
	uint64_t left;     /* bytes of the present file that are still to come */
	uint64_t files;    /* still to be begun */
	int64_t length_at; /* of a sequence: where the length of the present file belongs */
	struct png_writer *png;
};

void sink_open(struct sink *k, const struct request_output *o, const struct shape *s);
int sink_write(struct sink *k, const unsigned char *bytes, uint64_t n, struct err *e);
/* After the last piece. */
int sink_finish(struct sink *k, struct err *e);
void sink_done(struct sink *k);

/* All at once. */
int data_write(const struct request_output *o, const struct shape *s, const unsigned char *bytes,
	       struct err *e);
