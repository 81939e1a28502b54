/* SPDX-License-Identifier: Apache-2.0 */
/* The report's member "sandbox". */
#include <linux/sched.h>
#include <sched.h>

#include "base/auto.h"
#include "report/parts.h"

static const struct {
	uint64_t flag;
	const char *name;
} namespaces[] = {
    {CLONE_NEWUSER, "user"},     {CLONE_NEWNS, "mount"}, {CLONE_NEWPID, "pid"},
    {CLONE_NEWIPC, "ipc"},       {CLONE_NEWUTS, "uts"},  {CLONE_NEWNET, "network"},
    {CLONE_NEWCGROUP, "cgroup"},
};

static json_t *part_mounts(const struct plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->step_count; i++) {
		const struct step *s = &plan->steps[i];
		if (s->op != STEP_BIND)
			continue;
		json_t *m = json_object();
		UNINITIALIZED char target[4096];
		(void)snprintf(target, sizeof target, "/%s", s->target);
		(void)json_object_set_new(m, "source", part_string(s->source));
		(void)json_object_set_new(m, "target", part_string(target));
		(void)json_object_set_new(m, "writable", json_boolean(s->flags & STEP_WRITABLE));
		(void)json_array_append_new(list, m);
	}
	return list;
}

/* Where the job's group was, or why there was none although a limit wanted one. */
static json_t *part_cgroup(const struct plan *p)
{
	json_t *o = json_object(), *controllers = json_array();
	const struct cgroup_place *g = &p->group;

	(void)json_object_set_new(o, "version",
				  g->version == CGROUP_NONE
				      ? json_null()
				      : json_integer(g->version == CGROUP_V2 ? 2 : 1));
	if (g->version == CGROUP_NONE) {
		if (g->why)
			(void)json_object_set_new(o, "why", part_string(g->why));
		json_decref(controllers);
		return o;
	}
	(void)json_object_set_new(o, "source", part_string(g->source));
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		if (g->controllers & CGROUP_BIT(c))
			(void)json_array_append_new(controllers,
						    json_string(cgroup_controller_names[c]));
	(void)json_object_set_new(o, "controllers", controllers);
	return o;
}

/* The second wall: as far as this kernel has it, or why it is not there. */
static json_t *part_landlock(const struct landlock_rules *l)
{
	json_t *o = json_object(), *scopes = json_array();

	(void)json_object_set_new(o, "abi", l->abi ? json_integer(l->abi) : json_null());
	if (l->why)
		(void)json_object_set_new(o, "why", json_string(l->why));
	if (l->scoped & LL_SCOPE_ABSTRACT)
		(void)json_array_append_new(scopes, json_string("abstract-unix-socket"));
	if (l->scoped & LL_SCOPE_SIGNAL)
		(void)json_array_append_new(scopes, json_string("signal"));
	(void)json_object_set_new(o, "scopes", scopes);
	return o;
}

/* Which devices can be opened by whatever path, and who sees to it. */
static json_t *part_devices(const struct plan *p)
{
	json_t *o = json_object(), *list = json_array();

	(void)json_object_set_new(o, "enforced_by",
				  p->devices_by ? json_string(p->devices_by) : json_null());
	if (p->devices_why)
		(void)json_object_set_new(o, "unavailable", json_string(p->devices_why));
	for (size_t i = 0; i < p->device_count; i++) {
		const struct cgroup_device *d = &p->devices[i];
		(void)json_array_append_new(
		    list, json_pack("{s:o,s:s,s:i,s:i,s:s}", "node", part_string(d->node), "type",
				    d->is_block ? "block" : "char", "major", (int)d->major, "minor",
				    (int)d->minor, "access",
				    d->read && d->write ? "rw"
				    : d->read           ? "r"
							: "w"));
	}
	(void)json_object_set_new(o, "allowed", list);
	return o;
}

json_t *part_sandbox(const struct report_facts *f)
{
	json_t *o = json_object(), *spaces = json_array();
	const struct plan *p = f->plan;

	for (size_t i = 0; i < COUNTOF(namespaces); i++)
		if (p->namespaces & namespaces[i].flag)
			(void)json_array_append_new(spaces, json_string(namespaces[i].name));
	(void)json_object_set_new(o, "namespaces", spaces);
	if (f->spec->clocks == CLOCKS_OWN)
		(void)json_array_append_new(spaces, json_string("time"));
	(void)json_object_set_new(o, "seccomp", json_string(spec_seccomp_name(p->seccomp)));
	if (p->seccomp == SECCOMP_FILE)
		(void)json_object_set_new(o, "seccomp_file", part_string(p->seccomp_name));
	if (p->learn)
		(void)json_object_set_new(o, "learning", json_true());
	(void)json_object_set_new(o, "network", json_string(spec_net_names[f->spec->net]));
	(void)json_object_set_new(o, "capabilities", json_string("none"));
	(void)json_object_set_new(o, "no_new_privs", json_true());
	(void)json_object_set_new(o, "landlock", part_landlock(&p->landlock));
	(void)json_object_set_new(o, "devices", part_devices(p));
	if (p->group.version != CGROUP_NONE || p->group.why)
		(void)json_object_set_new(o, "cgroup", part_cgroup(p));
	(void)json_object_set_new(o, "mounts", part_mounts(p));
	return o;
}
