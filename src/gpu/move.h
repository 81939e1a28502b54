/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of buffers: from files and fills to the device, from the device to files. */
#pragma once

#include "gpu/data.h"
#include "gpu/transfer.h"

/* What data.h says is wrong, or that somebody asked for the end meanwhile. Returns -1. */
int move_fail(struct fail *f, enum end_reason reason, const char *where, const struct err *e);

int move_up(struct transfer *t, const struct gpu_buffer *to, const struct request_buffer *b,
	    struct data *d, struct fail *f);
int move_down(struct transfer *t, const struct gpu_buffer *from, const struct request_output *o,
	      const struct shape *s, struct fail *f);
