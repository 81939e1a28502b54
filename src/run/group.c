/* SPDX-License-Identifier: Apache-2.0 */
/* See group.h. */
#include "run/group.h"

#include <errno.h>
#include <string.h>

#include "host/host.h"

/* What does not hold because a file cannot be written; the other files are only for the better. */
static void tell_lost(struct plan *p, const struct cgroup_setting *s, int os)
{
	if (s->controller == CGROUP_IO)
		plan_warn(p, "%s: '%s' does not hold: %s", s->file, s->value, strerrordesc_np(os));
	else if (s->controller == CGROUP_DMEM)
		plan_dmem_lost(p, s, os);
	else if (s->controller == CGROUP_MEMORY && strstr(s->file, "sw") && host_has_swap())
		plan_warn(
		    p,
		    "the limit 'memory' does not count what is swapped out: cannot write '%s' to %s in the job's control group: %s",
		    s->value, s->file, strerrordesc_np(os));
}

/* The mounts keep the other nodes out as well: a job can do without this wall, and its report says so. */
static void hold_devices(const struct cgroup *g, struct plan *p)
{
	if (!p->devices_by ||
	    cgroup_devices_hold(g, p->devices, p->device_count, p->device_program) == 0)
		return;
	p->devices_why = arena_printf(&p->arena, "%s: %s", p->devices_by, strerrordesc_np(errno));
	p->devices_by = NULL;
}

int group_open(struct cgroup *g, struct plan *p, struct err *e)
{
	if (p->group.version == CGROUP_NONE)
		return 0;
	if (cgroup_open(g, &p->group, e) < 0)
		return err_hint(e, "--cgroup none does without; --cgroup DIR names another place");
	for (size_t i = 0; i < p->setting_count; i++) {
		const struct cgroup_setting *s = &p->settings[i];
		if (cgroup_set(g, s->controller, s->file, s->value) == 0)
			continue;
		if (s->must)
			return err_os(e, errno, s->file,
				      "cannot write '%s' to it in the job's control group",
				      s->value);
		tell_lost(p, s, errno);
	}
	hold_devices(g, p);
	/* Where the kernel can't tell, samples will. */
	if (p->limits.soft[LIMIT_MEMORY] < LIMIT_UNSET)
		(void)cgroup_soft_memory(g, p->limits.soft[LIMIT_MEMORY]);
	p->group_fd = cgroup_clone_fd(g);
	return cgroup_join_fds(g, p->join_fds, &p->join_count, e);
}
