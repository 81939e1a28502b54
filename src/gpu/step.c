/* SPDX-License-Identifier: Apache-2.0 */
/* One step of the job: what is bound, pushed and dispatched, checked against shader and device. */
#include "base/auto.h"
#include "gpu/pipeline.h"

static int encode_push(struct step *s, const struct request *q, const struct shape *shapes,
		       struct fail *f)
{
	const struct request_step *r = s->request;
	const struct spirv_info *info = &s->kernel->info;

	if (r->push_count != info->push_count)
		return fail_set(f, END_BAD_JOB, r->where,
				"kernel '%s' has %zu push constants, the step gives %zu",
				s->kernel->request->name, info->push_count, r->push_count);
	for (size_t i = 0; i < r->push_count; i++) {
		const struct spirv_push *p = &info->push[i];
		struct compute_number n;
		unsigned char bytes[8];
		struct err e = ERR_INIT;
		if (request_resolve(q, shapes, &r->push[i], &n, &e) < 0)
			return fail_set(f, END_BAD_JOB, r->where, "push[%zu]: %s", i, e.text);
		if (n.type != TYPE_NONE && n.type != p->type)
			return fail_set(f, END_BAD_JOB, r->where,
					"push[%zu] is %s, kernel '%s' has '%s' there, which is %s",
					i, type_name(n.type), s->kernel->request->name, p->name,
					type_name(p->type));
		if (number_encode(&n, p->type, bytes, &e) < 0)
			return fail_set(f, END_BAD_JOB, r->where, "push[%zu] ('%s'): %s", i,
					p->name, e.text);
		memcpy(s->push + p->offset, bytes, type_size(p->type));
	}
	return 0;
}

static int count_groups(struct step *s, const struct request *q, const struct shape *shapes,
			const struct gpu *g, struct fail *f)
{
	const struct request_step *r = s->request;
	const struct spirv_info *info = &s->kernel->info;
	const char *key = r->has_groups ? "groups" : "elements";

	if (r->is_indirect)
		return 0;
	if (!r->has_groups && !info->has_local_size)
		return fail_set(f, END_BAD_JOB, r->where,
				"kernel '%s' computes its local size, so the step must give groups",
				s->kernel->request->name);
	for (int i = 0; i < 3; i++) {
		struct compute_number n;
		struct err e = ERR_INIT;
		if (request_resolve(q, shapes, &r->grid[i], &n, &e) < 0)
			return fail_set(f, END_BAD_JOB, r->where, "%s[%d]: %s", key, i, e.text);
		if (!n.is_integer || n.i < 0)
			return fail_set(f, END_BAD_JOB, r->where,
					"%s[%d]: expected an integer of 0 or more", key, i);
		uint64_t groups = (uint64_t)n.i;
		if (!r->has_groups)
			groups = groups / info->local_size[i] + (groups % info->local_size[i] != 0);
		uint32_t most = g->info->props.limits.maxComputeWorkGroupCount[i];
		if (groups > most)
			return fail_set(
			    f, END_BAD_JOB, r->where,
			    "%s[%d] asks for %llu groups in %c, the device allows %u (maxComputeWorkGroupCount)",
			    key, i, (unsigned long long)groups, "xyz"[i], most);
		s->groups[i] = (uint32_t)groups;
	}
	return 0;
}

/* What a dispatch could have to move: a buffer that is bound twice is still one. */
static uint64_t bound_bytes(const struct request_step *r, const struct shape *shapes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->bind_count; i++) {
		size_t before = 0;
		while (before < i && r->bind[before] != r->bind[i])
			before++;
		if (before == i)
			sum += shapes[r->bind[i]].bytes;
	}
	return sum;
}

/* What later and earlier steps have to wait for. */
static void note_uses(struct step *s)
{
	const struct spirv_info *info = &s->kernel->info;

	for (size_t i = 0; i < info->binding_count; i++)
		s->uses[i] = (struct access){.buffer = s->bind[i],
					     .reads = info->bindings[i].reads,
					     .writes = info->bindings[i].writes};
	s->use_count = info->binding_count;
}

int step_prepare(struct step *s, const struct request *q, const struct shape *shapes,
		 struct kernel *kernels, const struct gpu *g, struct fail *f)
{
	struct step_context context = {.request = q, .shapes = shapes};

	if (work_prepare(s, &context, f) < 0)
		return -1;
	if (s->request->work != WORK_RUN)
		return 0;
	s->kernel = &kernels[s->request->kernel];
	if (step_bind(s, q, f) < 0 || encode_push(s, q, shapes, f) < 0)
		return -1;
	note_uses(s);
	s->bytes = bound_bytes(s->request, shapes);
	return count_groups(s, q, shapes, g, f);
}
