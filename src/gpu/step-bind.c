/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a step binds, matched against the kernel's bindings: a list in their order, or a map by
 * number or by the name that the shader gives. Every binding gets exactly one buffer.
 */
#include "base/auto.h"
#include "gpu/pipeline.h"

enum { NOT_BOUND = UINT16_MAX, LISTED = 160 };

/* "0 'x', 1 'y'": what a kernel wants, for messages. */
static void list_bindings(const struct spirv_info *info, char *buf, size_t size)
{
	size_t used = 0;

	(void)snprintf(buf, size, "none");
	for (size_t i = 0; i < info->binding_count && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%u '%s'", used ? ", " : "",
					 info->bindings[i].binding, info->bindings[i].name);
}

static int bind_in_order(struct step *s, const struct request *q, struct fail *f)
{
	const struct request_step *r = s->request;
	const struct kernel *k = s->kernel;
	char want[LISTED], have[LISTED] = "none";
	size_t used = 0;

	for (size_t i = 0; i < k->info.binding_count && i < r->bind_count; i++)
		s->bind[i] = (uint16_t)r->bind[i];
	if (r->bind_count == k->info.binding_count)
		return 0;
	list_bindings(&k->info, want, sizeof want);
	for (size_t i = 0; i < r->bind_count && used < sizeof have; i++)
		used += (size_t)snprintf(have + used, sizeof have - used, "%s'%s'",
					 used ? ", " : "", q->buffers[r->bind[i]].name);
	return fail_set(f, END_BAD_JOB, r->where,
			"kernel '%s' has %zu bindings (%s), the step binds %zu buffers (%s)",
			k->request->name, k->info.binding_count, want, r->bind_count, have);
}

static bool has_name(const struct spirv_binding *b, const char *to, int level)
{
	const char *const names[] = {b->name, b->block, b->member};
	char number[16];

	(void)snprintf(number, sizeof number, "%u", b->binding);
	if (level == 0 && b->set != 0)
		return false; /* numbers are those of set 0 */
	return to[0] && strcmp(level ? names[level - 1] : number, to) == 0;
}

/*
 * The one binding that this key means. Names are tried from the most to the least special, so that
 * a block's name does not hide a variable's. The index, or -1 with *f.
 */
static int find_binding(const struct step *s, const char *to, struct fail *f)
{
	const struct spirv_info *info = &s->kernel->info;
	char want[LISTED];

	for (int level = 0; level < 4; level++) {
		int found = -1;
		for (size_t i = 0; i < info->binding_count; i++) {
			if (!has_name(&info->bindings[i], to, level))
				continue;
			if (found >= 0)
				return fail_set(
				    f, END_BAD_JOB, s->request->where,
				    "kernel '%s' has two bindings '%s', %u and %u: give the number",
				    s->kernel->request->name, to, info->bindings[found].binding,
				    info->bindings[i].binding);
			found = (int)i;
		}
		if (found >= 0)
			return found;
	}
	list_bindings(info, want, sizeof want);
	return fail_set(f, END_BAD_JOB, s->request->where,
			"kernel '%s' has no binding '%s'; it has %s", s->kernel->request->name, to,
			want);
}

static int bind_by_key(struct step *s, const struct request *q, struct fail *f)
{
	const struct request_step *r = s->request;
	const struct spirv_info *info = &s->kernel->info;

	for (size_t i = 0; i < info->binding_count; i++)
		s->bind[i] = NOT_BOUND;
	for (size_t i = 0; i < r->bind_count; i++) {
		int at = find_binding(s, r->bind_to[i], f);
		if (at < 0)
			return -1;
		if (s->bind[at] != NOT_BOUND)
			return fail_set(
			    f, END_BAD_JOB, r->where,
			    "binding %u '%s' of kernel '%s' is bound twice, to '%s' and to '%s'",
			    info->bindings[at].binding, info->bindings[at].name,
			    s->kernel->request->name, q->buffers[s->bind[at]].name,
			    q->buffers[r->bind[i]].name);
		s->bind[at] = (uint16_t)r->bind[i];
	}
	for (size_t i = 0; i < info->binding_count; i++)
		if (s->bind[i] == NOT_BOUND)
			return fail_set(f, END_BAD_JOB, r->where,
					"binding %u '%s' of kernel '%s' has no buffer in the step",
					info->bindings[i].binding, info->bindings[i].name,
					s->kernel->request->name);
	return 0;
}

int step_bind(struct step *s, const struct request *q, struct fail *f)
{
	return s->request->bind_to ? bind_by_key(s, q, f) : bind_in_order(s, q, f);
}
