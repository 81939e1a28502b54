/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What depends on values that are on the device: whether a loop is over, how many groups an indirect
 * dispatch has, whether a check passes. The device is idle meanwhile. Group counts come to the host so that
 * they can be held to the device's limits, which no driver checks, and be cut into chunks.
 */
#include "base/auto.h"
#include "gpu/check.h"
#include "gpu/data.h"
#include "gpu/image.h"
#include "gpu/run.h"

/* What was written is visible since the end of the last submission, unless it is in an image. */
static int bring_back(struct runner *r, const struct gpu_buffer *b, struct fail *f)
{
	if (!b->image)
		return 0;
	if (gpu_begin(r->g, f) < 0)
		return -1;
	image_use_buffer(r->g, b, false);
	return gpu_make_visible(r->g, f);
}

static int read_bytes(struct runner *r, const struct gpu_buffer *b, uint64_t at, size_t size,
		      unsigned char *out, struct fail *f)
{
	struct gpu *g = r->g;

	if (bring_back(r, b, f) < 0)
		return -1;
	if (b->map) {
		memcpy(out, b->map + at, size);
		return 0;
	}
	if (!r->run->peek.buffer &&
	    gpu_buffer_create(g, LOOK_BYTES, GPU_FOR_STAGING, &r->run->peek, f) < 0)
		return -1;
	VkBufferCopy part = {.srcOffset = at, .size = size};
	if (gpu_begin(g, f) < 0)
		return -1;
	g->CmdCopyBuffer(g->commands, b->buffer, r->run->peek.buffer, 1, &part);
	gpu_barrier(g, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
		    VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
	if (gpu_finish(g, f) < 0)
		return -1;
	memcpy(out, r->run->peek.map, size);
	return 0;
}

static int read_place(struct runner *r, const struct request_place *p, size_t count,
		      unsigned char *out, struct fail *f)
{
	size_t size = type_size(r->run->shapes[p->buffer].type);

	return read_bytes(r, &r->run->buffers[p->buffer], p->element * size, count * size, out, f);
}

int look_until(struct runner *r, struct step *s, bool *ret_is_over, struct fail *f)
{
	const struct request_until *u = &s->request->until;
	unsigned char element[LOOK_BYTES];

	if (read_place(r, &u->at, 1, element, f) < 0)
		return -1;
	s->loop.value = value_read(r->run->shapes[u->at.buffer].type, element);
	s->loop.looked = true;
	*ret_is_over = until_is_over(u, r->run->shapes[u->at.buffer].type, element);
	return 0;
}

int look_groups(struct runner *r, struct step *s, struct fail *f)
{
	const struct request_place *p = &s->request->indirect;
	const uint32_t *most = r->g->info->props.limits.maxComputeWorkGroupCount;
	uint32_t groups[LOOK_BYTES / sizeof(uint32_t)];

	if (read_place(r, p, 3, (unsigned char *)groups, f) < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if (groups[i] > most[i])
			return fail_set(
			    f, END_BAD_JOB, s->request->where,
			    "buffer '%s' asks for %u groups in %c, the device allows %u (maxComputeWorkGroupCount)",
			    r->run->request->buffers[p->buffer].name, groups[i], "xyz"[i], most[i]);
	memcpy(s->groups, groups, sizeof s->groups);
	s->last_ns = 0; /* another dispatch, as far as its time is concerned */
	s->counted = true;
	return 0;
}

static int check_file(struct runner *r, const struct step *s, const unsigned char *bytes,
		      struct fail *f)
{
	const struct request_check *c = &s->request->check;
	const struct shape *shape = &r->run->shapes[c->buffer];
	struct err e = ERR_INIT;
	struct request_buffer file;
	struct data data;

	if (work_open_reference(s, shape, &file, &data, &e) < 0)
		return fail_err(f, END_BAD_JOB, s->request->where, &e);
	AUTO_FREE unsigned char *expected = malloc(data.shape.bytes + 1);
	if (!expected) {
		data_done(&data);
		return fail_set(f, END_FAILED, s->request->where, "out of host memory for '%s'",
				file.path);
	}
	int rc = data_read(&file, &data, expected, &e);
	data_done(&data);
	if (rc < 0)
		return fail_err(f, e.os ? END_FAILED : END_BAD_JOB, s->request->where, &e);
	struct check_pair pair = {
	    .name = r->run->request->buffers[c->buffer].name,
	    .file = file.path,
	    .shape = shape,
	    .file_shape = &data.shape,
	    .bytes = bytes,
	    .file_bytes = expected,
	    .max_abs = c->max_abs,
	    .max_rel = c->max_rel,
	};
	return check_values(&pair, &e) < 0 ? fail_err(f, END_CHECK_FAILED, s->request->where, &e)
					   : 0;
}

int look_check(struct runner *r, const struct step *s, struct fail *f)
{
	const struct request_check *c = &s->request->check;
	AUTO_FREE unsigned char *own = NULL;
	struct err e = ERR_INIT;

	if (bring_back(r, &r->run->buffers[c->buffer], f) < 0)
		return -1;
	const unsigned char *bytes = r->run->fetch(r->run->owner, c->buffer, &own, f);
	if (!bytes)
		return -1;
	if (!c->sha256)
		return check_file(r, s, bytes, f);
	return check_hash(r->run->request->buffers[c->buffer].name, c->sha256, bytes,
			  r->run->shapes[c->buffer].bytes, &e) < 0
		   ? fail_err(f, END_CHECK_FAILED, s->request->where, &e)
		   : 0;
}
