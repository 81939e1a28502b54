/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables by which schedulers and GPU vendors say which devices a program may see. Here they
 * take GPUs away from what "all" means, and never add one. A vendor's variable is about that vendor's
 * GPUs alone, and its numbers count those of them that may be opened, as the vendor's libraries do
 * (with Slurm's ConstrainDevices the rest are out of reach and not counted).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "plan/gpu.h"

enum counts {
	COUNT_SCHEDULED, /* what a scheduler manages: NVIDIA's GPUs, else AMD's, else all */
	COUNT_VENDOR,
	COUNT_WITHIN /* those that the variable before it leaves */
};

static const struct variable {
	const char *name;
	enum counts counts;
	enum gpu_vendor vendor;
	bool empty_is_none; /* else as if it were not set */
	bool inside;        /* read by libraries in the job */
} variables[] = {
    {"SLURM_JOB_GPUS", COUNT_SCHEDULED, VENDOR_OTHER, false, false},
    {"SLURM_STEP_GPUS", COUNT_SCHEDULED, VENDOR_OTHER, false, false},
    {"NVIDIA_VISIBLE_DEVICES", COUNT_VENDOR, VENDOR_NVIDIA, true, false},
    {"CUDA_VISIBLE_DEVICES", COUNT_VENDOR, VENDOR_NVIDIA, true, true},
    {"GPU_DEVICE_ORDINAL", COUNT_VENDOR, VENDOR_AMD, true, true},
    {"ROCR_VISIBLE_DEVICES", COUNT_VENDOR, VENDOR_AMD, true, true},
    {"HIP_VISIBLE_DEVICES", COUNT_WITHIN, VENDOR_AMD, true, true},
    {"ZE_AFFINITY_MASK", COUNT_VENDOR, VENDOR_INTEL, false, true},
};

/* One element of a variable and the GPU that it names. */
struct element {
	const char *text;
	size_t len, digits; /* digits: it is a number, with this many; 0: something else */
	size_t gpu;
};

struct picked {
	bool set;
	struct element *at;
	size_t count;
	size_t *members; /* what numbers count */
	size_t member_count;
};

static bool scheduled(const struct gpu_list *all, size_t i)
{
	static const enum gpu_vendor first[] = {VENDOR_NVIDIA, VENDOR_AMD};

	for (size_t v = 0; v < COUNTOF(first); v++)
		for (size_t n = 0; n < all->count; n++)
			if (all->at[n].vendor == first[v])
				return all->at[i].vendor == first[v];
	return true;
}

static void find_members(struct arena *a, const struct gpu_list *all, const struct variable *v,
			 const struct picked *before, struct picked *p)
{
	p->members = arena_alloc(a, (all->count + 1) * sizeof *p->members);
	if (v->counts == COUNT_WITHIN && before->set) {
		for (size_t i = 0; i < before->count; i++)
			if (p->member_count < all->count)
				p->members[p->member_count++] = before->at[i].gpu;
		return;
	}
	for (size_t i = 0; i < all->count; i++)
		if (v->counts == COUNT_SCHEDULED
			? scheduled(all, i)
			: all->at[i].vendor == v->vendor && all->at[i].os == 0)
			p->members[p->member_count++] = i;
}

static void pick(struct arena *a, struct picked *p, const struct element *e)
{
	p->at = arena_grow(a, p->at, p->count, sizeof *p->at);
	p->at[p->count++] = *e;
}

/* "MIG-GPU-UUID/1/0", or "MIG-UUID", which only tells where there is one GPU that is cut up. */
static bool pick_mig(const struct gpu_list *all, struct picked *p, struct element *e,
		     const char *text)
{
	char uuid[64];
	size_t found = 0;

	(void)snprintf(uuid, sizeof uuid, "%.*s", (int)strcspn(text + 4, "/,"), text + 4);
	for (size_t i = 0; i < p->member_count; i++) {
		const struct host_gpu *g = &all->at[p->members[i]];
		if (strncmp(uuid, "GPU-", 4) == 0 ? gpu_has_uuid(g, uuid) : g->has_mig) {
			e->gpu = p->members[i];
			found++;
		}
	}
	return found == 1;
}

/* Which GPU one element names; false: none, or more than one. */
static bool find_named(struct arena *a, const struct gpu_list *all, struct picked *p,
		       struct element *e)
{
	const char *text = arena_strndup(a, e->text, e->len);
	size_t digits = strspn(text, "0123456789"), found = 0;

	/* "0.1" is a tile of Level Zero's, "0:1" an instance of NVIDIA's. */
	if (digits > 0 && digits < 5 && (text[digits] == '\0' || strchr(".:", text[digits]))) {
		unsigned long number = strtoul(text, NULL, 10);
		e->digits = digits;
		if (number >= p->member_count)
			return false;
		e->gpu = p->members[number];
		return true;
	}
	if (strncmp(text, "MIG-", 4) == 0)
		return pick_mig(all, p, e, text);
	if (strncmp(text, "GPU-", 4) != 0)
		return false;
	for (size_t i = 0; i < p->member_count; i++)
		if (gpu_has_uuid(&all->at[p->members[i]], text)) {
			e->gpu = p->members[i];
			found++;
		}
	return found == 1;
}

/* "2-5" of Slurm's. False: it is none. */
static bool pick_range(struct arena *a, struct picked *p, const char *text)
{
	unsigned long from, to;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	from = strtoul(text, &end, 10);
	if (*end != '-' || end[1] < '0' || end[1] > '9')
		return false;
	to = strtoul(end + 1, &end, 10);
	if (*end != '\0' && *end != ',')
		return false;
	for (size_t i = from; i <= to && i < p->member_count; i++)
		pick(a, p, &(struct element){.text = text, .digits = 1, .gpu = p->members[i]});
	return true;
}

static void read_list(struct arena *a, const struct gpu_list *all, const struct variable *v,
		      const char *value, struct picked *p)
{
	if (strcmp(v->name, "NVIDIA_VISIBLE_DEVICES") == 0 && strcmp(value, "all") == 0) {
		for (size_t i = 0; i < p->member_count; i++)
			pick(a, p, &(struct element){.digits = 1, .gpu = p->members[i]});
		return;
	}
	for (const char *at = value; *at;) {
		struct element e = {.text = at, .len = strcspn(at, ",")};
		if (v->counts != COUNT_SCHEDULED || !pick_range(a, p, at)) {
			/* As CUDA does: the first that names nothing ends the list. */
			if (!find_named(a, all, p, &e))
				return;
			pick(a, p, &e);
		}
		at += e.len;
		at += *at == ',';
	}
}

static bool is_about(const struct gpu_list *all, const struct variable *v, size_t i)
{
	return v->counts == COUNT_SCHEDULED || all->at[i].vendor == v->vendor;
}

/* Whether it took something away. */
static bool restrict_to(const struct gpu_list *all, const struct variable *v,
			const struct picked *p, bool *allowed)
{
	bool less = false;

	for (size_t i = 0; i < all->count; i++) {
		bool named = !is_about(all, v, i);
		for (size_t n = 0; n < p->count; n++)
			named = named || p->at[n].gpu == i;
		less = less || !named;
		allowed[i] = allowed[i] && named;
	}
	return less;
}

void gpu_visible_read(struct arena *a, const struct gpu_list *all, struct gpu_visible *ret)
{
	*ret = (struct gpu_visible){.allowed = arena_alloc(a, all->count + 1)};
	ret->picked = arena_alloc(a, COUNTOF(variables) * sizeof *ret->picked);
	for (size_t i = 0; i < all->count; i++)
		ret->allowed[i] = true;
	for (size_t i = 0; all->count > 0 && i < COUNTOF(variables); i++) {
		const struct variable *v = &variables[i];
		struct picked *p = &ret->picked[i];
		const char *value = getenv(v->name);
		if (!value || (!value[0] && !v->empty_is_none))
			continue;
		p->set = true;
		find_members(a, all, v, i ? p - 1 : p, p);
		read_list(a, all, v, value, p);
		if (!restrict_to(all, v, p, ret->allowed))
			continue;
		ret->because = arena_grow(a, ret->because, ret->because_count,
					  sizeof *ret->because);
		ret->because[ret->because_count++] = arena_printf(a, "%s=%s", v->name, value);
	}
}

/* ---- inside ------------------------------------------------------------------------------- */

/* The new number of a GPU; -1: it is not there inside. */
static int number_inside(const struct gpu_list *all, const struct variable *v,
			 const struct picked *before, const bool *given, size_t gpu)
{
	int number = 0;

	if (!given[gpu])
		return -1;
	if (v->counts == COUNT_WITHIN && before->set) {
		for (size_t i = 0; i < before->count && before->at[i].gpu != gpu; i++)
			number += given[before->at[i].gpu];
		return number;
	}
	for (size_t i = 0; i < gpu; i++)
		number += given[i] && all->at[i].vendor == v->vendor;
	return number;
}

void gpu_visible_inside(struct plan *p, const struct gpu_list *all, const struct gpu_visible *v,
			const bool *given)
{
	struct arena *a = &p->arena;

	for (size_t i = 0; i < COUNTOF(variables); i++) {
		const struct picked *picked = &v->picked[i];
		const char *text = "";
		if (!variables[i].inside || !picked->set || picked->member_count == 0)
			continue;
		for (size_t n = 0; n < picked->count; n++) {
			const struct element *e = &picked->at[n];
			int number = number_inside(all, &variables[i], picked - 1, given, e->gpu);
			if (number < 0)
				continue;
			text = e->digits
				   ? arena_printf(a, "%s%s%d%.*s", text, text[0] ? "," : "", number,
						  (int)(e->len - e->digits), e->text + e->digits)
				   : arena_printf(a, "%s%s%.*s", text, text[0] ? "," : "",
						  (int)e->len, e->text);
		}
		p->gpu_env = arena_grow(a, p->gpu_env, p->gpu_env_count, sizeof *p->gpu_env);
		p->gpu_env[p->gpu_env_count++] = arena_printf(a, "%s=%s", variables[i].name, text);
	}
}
