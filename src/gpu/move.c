/* SPDX-License-Identifier: Apache-2.0 */
/* Where the host sees the device's memory nothing is copied twice; elsewhere the pieces pass through staging. */
#include "gpu/move.h"

#include "gpu/stop.h"

struct source {
	const struct request_buffer *buffer;
	struct data *data;
};

int move_fail(struct fail *f, enum end_reason reason, const char *where, const struct err *e)
{
	return fail_err(f, stop_asked() ? END_CANCELLED : reason, where, e);
}

static int from_data(void *arg, unsigned char *bytes, uint64_t n, struct fail *f)
{
	const struct source *s = arg;
	struct err e = ERR_INIT;

	if (stop_asked())
		return fail_set(f, END_CANCELLED, NULL, "cancelled before the first dispatch");
	if (data_next(s->buffer, s->data, bytes, n, &e) < 0)
		return move_fail(f, e.os ? END_FAILED : END_BAD_JOB, s->buffer->where, &e);
	return 0;
}

static int to_sink(void *arg, unsigned char *bytes, uint64_t n, struct fail *f)
{
	struct sink *k = arg;
	struct err e = ERR_INIT;

	return sink_write(k, bytes, n, &e) < 0 ? move_fail(f, END_FAILED, k->out->where, &e) : 0;
}

int move_up(struct transfer *t, const struct gpu_buffer *to, const struct request_buffer *b,
	    struct data *d, struct fail *f)
{
	struct source source = {.buffer = b, .data = d};
	const struct transfer_end from = {
	    .move = from_data, .arg = &source, .unit = type_size(d->shape.type)};
	int rc;

	d->at = 0;
	if (to->map)
		memset(to->map + to->size - 4, 0, 4); /* the padding */
	/* An empty array can be damaged as well. */
	if (to->map || d->shape.bytes == 0)
		rc = from_data(&source, to->map ? to->map : (unsigned char[1]){0}, d->shape.bytes,
			       f);
	else
		rc = transfer_up(t, to, d->shape.bytes, &from, f);
	data_done(d);
	return rc;
}

int move_down(struct transfer *t, const struct gpu_buffer *from, const struct request_output *o,
	      const struct shape *s, struct fail *f)
{
	struct sink sink;
	struct err e = ERR_INIT;

	sink_open(&sink, o, s);
	const struct transfer_end to = {.move = to_sink, .arg = &sink, .unit = sink.unit};
	int rc = from->map ? to_sink(&sink, from->map, s->bytes, f)
			   : transfer_down(t, from, s->bytes, &to, f);
	if (rc == 0 && sink_finish(&sink, &e) < 0)
		rc = move_fail(f, END_FAILED, o->where, &e);
	sink_done(&sink);
	return rc;
}
