/* SPDX-License-Identifier: Apache-2.0 */
/* What buffers hold before the first step and what becomes of them after the last: files and fills. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "gpu/request.h"

/* One buffer's contents: its final shape and how to make its bytes. */
struct data {
	struct shape shape;
	uint64_t offset; /* where the array begins in its file */
};

/*
 * Reads the headers of all files and follows `like`: afterwards data[i].shape is final. On failure
 * *ret_bad is the index of the buffer.
 */
int data_open(const struct request *q, struct data *data, size_t *ret_bad, struct err *e);

/* Writes shape.bytes bytes to out. */
int data_read(const struct request_buffer *b, const struct data *d, unsigned char *out,
	      struct err *e);

/* Whether an output can be written in its format at all; asked before anything runs. */
int data_check_output(const struct request_output *o, const struct shape *s, struct err *e);
int data_write(const struct request_output *o, const struct shape *s, const unsigned char *bytes,
	       struct err *e);
