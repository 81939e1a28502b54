/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own hold on GPU memory, where its driver has one (cgroup v2, dmem): an allocation beyond dmem.max gets
 * memory of the machine in place of the GPU's, or fails.
 */
#include <string.h>

#include "base/auto.h"
#include "plan/parts.h"

size_t plan_dmem(struct plan *p, const char *regions, const struct spec *spec)
{
	struct cgroup_region r;
	size_t count = 0;

	for (const char *at = regions; regions && cgroup_region_next(&at, &r);) {
		bool given = false;
		for (size_t i = 0; i < p->gpu_count; i++)
			given = given ||
				(p->gpus[i].pci && cgroup_region_is_of(&r, p->gpus[i].pci));
		if (!given)
			continue;
		count++;
		if (!spec)
			continue;
		/* For each of them; all together are looked at in samples. */
		plan_setting(p, CGROUP_DMEM, "dmem.max",
			     arena_printf(&p->arena, "%s %llu", r.name,
					  (unsigned long long)p->limits.value[LIMIT_DEVICE_MEMORY]),
			     spec->require & (1u << LIMIT_DEVICE_MEMORY));
		p->dmem = p->dmem ? arena_printf(&p->arena, "%s, %s", p->dmem, r.name)
				  : arena_strdup(&p->arena, r.name);
	}
	return count;
}

/* What stands before the first "; " is the kernel's part. */
static const char *without_kernel(const char *text)
{
	const char *rest = text ? strstr(text, "; ") : NULL;
	return rest ? rest + 2 : NULL;
}

void plan_dmem_lost(struct plan *p, const struct cgroup_setting *s, int os)
{
	struct coverage *c = &p->coverage[LIMIT_DEVICE_MEMORY];

	plan_warn(p, "%s: '%s' does not hold: %s", s->file, s->value, strerrordesc_np(os));
	if (!p->dmem)
		return;
	p->dmem = NULL;
	c->enforced_by = without_kernel(c->enforced_by);
	if (!c->enforced_by)
		c->unavailable =
		    "the kernel did not take the limit, and there is no Vulkan layer in the job";
}

void plan_dmem_cover(struct plan *p)
{
	struct coverage *c = &p->coverage[LIMIT_DEVICE_MEMORY];
	const char *held;

	if (!p->dmem)
		return;
	held = arena_printf(&p->arena, "cgroup v2 dmem.max of %s", p->dmem);
	c->enforced_by = c->enforced_by && !c->unavailable
			     ? arena_printf(&p->arena, "%s; %s", held, c->enforced_by)
			     : held;
	c->measured_by = c->measured_by && !c->unavailable
			     ? arena_printf(&p->arena, "cgroup v2 dmem.current; %s", c->measured_by)
			     : "cgroup v2 dmem.current";
	c->unavailable = NULL;
}
