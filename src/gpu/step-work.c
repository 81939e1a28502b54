/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps that are no dispatch, and what a loop or an indirect dispatch reads on the host: checked
 * against the buffers, and recorded.
 */
#include <inttypes.h>

#include "base/auto.h"
#include "gpu/check.h"
#include "gpu/data.h"
#include "gpu/image.h"
#include "gpu/pipeline.h"

/* ---- copies and clears --------------------------------------------------------------------- */

static int resolve_place(const struct step_context *c, const struct step *s, const char *key,
			 const struct compute_number *n, uint64_t *ret, struct fail *f)
{
	struct err e = ERR_INIT;
	struct compute_number v;

	if (request_resolve(c->request, c->shapes, n, &v, &e) < 0)
		return fail_set(f, END_BAD_JOB, s->request->where, "%s: %s", key, e.text);
	if (!v.is_integer || v.i < 0)
		return fail_set(f, END_BAD_JOB, s->request->where,
				"%s: expected an integer of 0 or more", key);
	*ret = (uint64_t)v.i;
	return 0;
}

/* That `count` elements from `at` on are inside a buffer. */
static int check_inside(const struct step_context *c, const struct step *s, size_t buffer,
			uint64_t at, uint64_t count, struct fail *f)
{
	uint64_t have = c->shapes[buffer].count;

	if (at <= have && count <= have - at)
		return 0;
	return fail_set(f, END_BAD_JOB, s->request->where,
			"the copy needs elements %" PRIu64 " to %" PRIu64
			" of buffer '%s', which has %" PRIu64,
			at, at + count, c->request->buffers[buffer].name, have);
}

static int prepare_copy(struct step *s, const struct step_context *c, struct fail *f)
{
	const struct request_copy *r = &s->request->copy;
	const struct shape *from = &c->shapes[r->from], *to = &c->shapes[r->to];
	uint64_t from_at = 0, to_at = 0, count;

	if (from->type != to->type)
		return fail_set(f, END_BAD_JOB, s->request->where,
				"buffer '%s' is %s and '%s' is %s: a copy converts nothing",
				c->request->buffers[r->from].name, type_name(from->type),
				c->request->buffers[r->to].name, type_name(to->type));
	if (resolve_place(c, s, "from-element", &r->from_element, &from_at, f) < 0 ||
	    resolve_place(c, s, "to-element", &r->to_element, &to_at, f) < 0)
		return -1;
	count = from_at < from->count ? from->count - from_at : 0;
	if (r->has_elements && resolve_place(c, s, "elements", &r->elements, &count, f) < 0)
		return -1;
	if (check_inside(c, s, r->from, from_at, count, f) < 0 ||
	    check_inside(c, s, r->to, to_at, count, f) < 0)
		return -1;
	if (r->from == r->to && count && from_at < to_at + count && to_at < from_at + count)
		return fail_set(f, END_BAD_JOB, s->request->where,
				"the copy inside buffer '%s' overlaps itself",
				c->request->buffers[r->from].name);
	uint64_t size = type_size(from->type);
	s->copy = (struct step_copy){from_at * size, to_at * size, count * size};
	s->uses[0] = (struct access){.buffer = (uint16_t)r->from, .reads = true};
	s->uses[1] = (struct access){.buffer = (uint16_t)r->to, .writes = true};
	s->use_count = 2;
	return 0;
}

static int prepare_clear(struct step *s, const struct step_context *c, struct fail *f)
{
	const struct request_step *r = s->request;
	const struct shape *shape = &c->shapes[r->clear];
	struct compute_number n;
	struct err e = ERR_INIT;

	if (request_resolve(c->request, c->shapes, &r->clear_value, &n, &e) < 0 ||
	    number_encode(&n, shape->type, s->clear, &e) < 0)
		return fail_set(f, END_BAD_JOB, r->where, "buffer '%s' cannot be cleared: %s",
				c->request->buffers[r->clear].name, e.text);
	s->copy = (struct step_copy){.bytes = shape->bytes};
	s->clear_size = (uint8_t)type_size(shape->type);
	s->uses[0] = (struct access){.buffer = (uint16_t)r->clear, .writes = true};
	s->use_count = 1;
	return 0;
}

static void record_copy(const struct step *s, const struct gpu_buffer *buffers, struct gpu *g)
{
	const struct request_copy *r = &s->request->copy;
	VkBufferCopy part = {s->copy.from, s->copy.to, s->copy.bytes};

	image_use_buffer(g, &buffers[r->from], false);
	image_use_buffer(g, &buffers[r->to], true);
	if (part.size)
		g->CmdCopyBuffer(g->commands, buffers[r->from].buffer, buffers[r->to].buffer, 1,
				 &part);
}

static void between_writes(struct gpu *g)
{
	gpu_barrier(g, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
		    VK_PIPELINE_STAGE_TRANSFER_BIT,
		    VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT);
}

/*
 * What repeats every 4 bytes is filled; anything wider starts small and doubles. The bytes that pad
 * the buffer to a multiple of 4 are zero again afterwards.
 */
static void record_clear(const struct step *s, const struct gpu_buffer *buffers, struct gpu *g)
{
	VkBuffer buffer = buffers[s->request->clear].buffer;
	uint64_t bytes = s->copy.bytes, whole = bytes / 4 * 4;
	unsigned char words[8];
	uint32_t low, high, last = 0;

	image_use_buffer(g, &buffers[s->request->clear], true);
	for (size_t i = 0; i < sizeof words; i++)
		words[i] = s->clear[i % s->clear_size];
	memcpy(&low, words, sizeof low);
	memcpy(&high, words + 4, sizeof high);
	if (low == high) {
		if (whole)
			g->CmdFillBuffer(g->commands, buffer, 0, whole, low);
		memcpy(&last, words, bytes - whole);
		if (bytes > whole)
			g->CmdUpdateBuffer(g->commands, buffer, whole, sizeof last, &last);
		return;
	}
	if (bytes)
		g->CmdUpdateBuffer(g->commands, buffer, 0, sizeof words, words);
	for (uint64_t done = sizeof words; done < bytes; done *= 2) {
		VkBufferCopy more = {0, done, done < bytes - done ? done : bytes - done};
		between_writes(g);
		g->CmdCopyBuffer(g->commands, buffer, buffer, 1, &more);
	}
}

void work_record(const struct step *s, const struct gpu_buffer *buffers, struct gpu *g)
{
	if (s->request->work == WORK_COPY)
		record_copy(s, buffers, g);
	if (s->request->work == WORK_CLEAR)
		record_clear(s, buffers, g);
}

/* ---- what the host reads ------------------------------------------------------------------- */

static int check_place(const struct step *s, const struct step_context *c, const char *what,
		       const struct request_place *p, uint64_t count, struct fail *f)
{
	uint64_t have = c->shapes[p->buffer].count;

	if (p->element < have && count <= have - p->element)
		return 0;
	return fail_set(f, END_BAD_JOB, s->request->where,
			"%s reads element %" PRIu64 " of buffer '%s', which has %" PRIu64
			" (counted from 0)",
			what, p->element + count - 1, c->request->buffers[p->buffer].name, have);
}

int work_open_reference(const struct step *s, const struct shape *shape,
			struct request_buffer *ret_file, struct data *ret, struct err *e)
{
	struct request one = {.buffers = ret_file, .buffer_count = 1};
	size_t bad;

	*ret_file = *s->request->check.reference;
	*ret = (struct data){.start = 0};
	if (ret_file->format == FORMAT_RAW) {
		ret_file->shape = *shape;
		ret_file->has_type = ret_file->has_shape = true;
	}
	if (data_open(&one, ret, &bad, e) == 0)
		return 0;
	data_done(ret);
	return -1;
}

static int prepare_indirect(struct step *s, const struct step_context *c, struct fail *f)
{
	const struct request_place *p = &s->request->indirect;
	enum compute_type type = c->shapes[p->buffer].type;

	if (type != TYPE_U32)
		return fail_set(f, END_BAD_JOB, s->request->where,
				"buffer '%s' is %s, but numbers of groups are u32",
				c->request->buffers[p->buffer].name, type_name(type));
	return check_place(s, c, "'indirect'", p, 3, f);
}

static int prepare_check(struct step *s, const struct step_context *c, struct fail *f)
{
	const struct request_check *r = &s->request->check;
	const struct shape *shape = &c->shapes[r->buffer];
	struct err e = ERR_INIT;
	struct request_buffer file;
	struct data data;

	if (!r->reference)
		return 0;
	if (work_open_reference(s, shape, &file, &data, &e) < 0)
		return fail_err(f, END_BAD_JOB, s->request->where, &e);
	int rc = check_shapes(c->request->buffers[r->buffer].name, shape, file.path, &data.shape,
			      &e);
	data_done(&data);
	if (rc < 0)
		return fail_err(f, END_BAD_JOB, s->request->where, &e);
	return 0;
}

int work_prepare(struct step *s, const struct step_context *c, struct fail *f)
{
	const struct request_until *u = &s->request->until;

	if (u->every && check_place(s, c, "'until'", &u->at, 1, f) < 0)
		return -1;
	switch (s->request->work) {
	case WORK_COPY:
		return prepare_copy(s, c, f);
	case WORK_CLEAR:
		return prepare_clear(s, c, f);
	case WORK_CHECK:
		return prepare_check(s, c, f);
	case WORK_RUN:
		return s->request->is_indirect ? prepare_indirect(s, c, f) : 0;
	case WORK_GROUP:
		break;
	}
	return 0;
}
