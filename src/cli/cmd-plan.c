/* SPDX-License-Identifier: Apache-2.0 */
/* vkjail plan: what a run would do, printed; nothing is started. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/say.h"
#include "report/parts.h"
#include "run/request.h"

static void filter_detail(const struct plan *p, char *buf, size_t size)
{
	const struct filter *second = p->second;

	if (second->len)
		(void)snprintf(
		    buf, size,
		    "%u instructions; when the device is open, vkjail-exec adds %u for a software driver, %u for hardware's",
		    p->filter.len, second[FILTER_SECOND_SOFTWARE].len,
		    second[FILTER_SECOND_HARDWARE].len);
	else
		(void)snprintf(buf, size, "%u instructions", p->filter.len);
}

static const char *step_detail(const struct plan *p, const struct step *s, char *buf, size_t size)
{
	const char *target = s->target ? s->target : "";

	buf[0] = '\0';
	if (s->op == STEP_BIND)
		(void)snprintf(buf, size, "%s -> /%s%s", s->source, target,
			       s->flags & STEP_WRITABLE ? " (writable)" : "");
	else if (s->op == STEP_SYMLINK)
		(void)snprintf(buf, size, "/%s -> %s", target, s->source);
	else if (s->op == STEP_RLIMIT)
		(void)snprintf(buf, size, "resource %d: %llu", s->resource,
			       (unsigned long long)s->rlimit.rlim_cur);
	else if (s->op == STEP_NEW_ROOT)
		(void)snprintf(buf, size, "tmpfs of at most %s bytes", p->tmp_size);
	else if (s->op == STEP_HOSTNAME)
		(void)snprintf(buf, size, "%s", s->source);
	else if (s->op == STEP_WORKDIR)
		(void)snprintf(buf, size, "%s", p->workdir);
	else if (s->op == STEP_FILTER)
		filter_detail(p, buf, size);
	else if (s->op == STEP_EXEC)
		(void)snprintf(buf, size, "%s", p->argv[0]);
	else if (s->target)
		(void)snprintf(buf, size, "/%s", target);
	return buf;
}

static json_t *plan_json(const struct options *o, const struct host *host, const struct plan *p)
{
	const struct report_facts facts = {.spec = &o->spec, .host = host, .plan = p};
	char detail[2 * 4096 + 64];
	json_t *root = json_object(), *steps = json_array();

	(void)json_object_set_new(root, "vkjail", json_string(PACKAGE_VERSION));
	(void)json_object_set_new(root, "plan_version", json_integer(1));
	(void)json_object_set_new(root, "job",
				  json_pack("{s:o,s:s}", "name", part_string(o->spec.name), "kind",
					    o->spec.compute ? "compute" : "command"));
	for (size_t i = 0; i < p->step_count; i++) {
		json_t *s = json_object();
		(void)json_object_set_new(s, "step", json_string(step_table[p->steps[i].op].name));
		(void)step_detail(p, &p->steps[i], detail, sizeof detail);
		if (detail[0])
			(void)json_object_set_new(s, "detail", part_string(detail));
		(void)json_array_append_new(steps, s);
	}
	(void)json_object_set_new(root, "steps", steps);
	(void)json_object_set_new(root, "limits", part_limits(p));
	(void)json_object_set_new(root, "sandbox", part_sandbox(&facts));
	(void)json_object_set_new(root, "gpu", part_gpu_choice(&facts));
	json_t *warnings = json_array();
	for (size_t i = 0; i < p->warning_count; i++)
		(void)json_array_append_new(warnings, part_string(p->warnings[i]));
	(void)json_object_set_new(root, "warnings", warnings);
	return root;
}

static const char *device_text(const struct compute *c)
{
	static const char *const texts[] = {
	    [DEVICE_ANY] = "any device",
	    [DEVICE_SOFTWARE] = "a software device",
	    [DEVICE_HARDWARE] = "a hardware device",
	};
	return c->device == DEVICE_NAMED ? c->device_name : texts[c->device];
}

static void print_compute(const struct compute *c)
{
	(void)printf("\ncompute, by vkjail-exec on %s:\n", device_text(c));
	for (size_t i = 0; i < c->kernel_count; i++)
		(void)printf("  kernel  %-14s %s\n", c->kernels[i].name, c->kernels[i].shader_path);
	for (size_t i = 0; i < c->buffer_count; i++) {
		const struct compute_buffer *b = &c->buffers[i];
		if (b->source == SOURCE_FILE)
			(void)printf("  buffer  %-14s from %s\n", b->name, b->path);
		else
			(void)printf("  buffer  %-14s filled\n", b->name);
	}
	for (size_t i = 0; i < c->step_count; i++)
		(void)printf("  step    %-14s %u time%s, %zu buffer%s\n", c->steps[i].run,
			     c->steps[i].repeat, c->steps[i].repeat == 1 ? "" : "s",
			     c->steps[i].bind_count, c->steps[i].bind_count == 1 ? "" : "s");
	for (size_t i = 0; i < c->output_count; i++)
		(void)printf("  output  %-14s to %s\n", c->outputs[i].buffer, c->outputs[i].path);
}

static void print_limits(const struct plan *p, const char *soft_action)
{
	char value[32];

	(void)printf("\nlimits:\n");
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const struct coverage *c = &p->coverage[i];
		if (limit_is_set(&p->limits, i))
			(void)printf("  %-14s %-10s %s%s\n", limit_table[i].key,
				     limit_print(i, p->limits.value[i], value, sizeof value),
				     c->unavailable ? "NOT ENFORCED: " : "enforced by ",
				     c->unavailable ? c->unavailable : c->enforced_by);
		if (p->limits.soft[i] < LIMIT_UNSET)
			(void)printf("  %-14s %-10s soft value, action: %s\n", limit_table[i].key,
				     limit_print(i, p->limits.soft[i], value, sizeof value),
				     soft_action);
		if (p->limit_from[i])
			(void)printf("  %-14s %-10s (%s)\n", "", "", p->limit_from[i]);
	}
}

static void print_landlock(const struct landlock_rules *l)
{
	if (l->why)
		(void)printf("landlock: not used: %s\n", l->why);
	else
		(void)printf("landlock: ABI %d, %zu paths%s\n", l->abi, l->path_count,
			     l->scoped ? ", no signals and abstract sockets beyond the job"
				       : "; signals and abstract sockets need ABI 6 (Linux 6.12)");
}

static void print_gpus(const struct options *o, struct plan *p)
{
	if (p->gpu_count == 0 && p->gpu_because_count == 0)
		return;
	(void)printf("gpu: %s is", spec_gpu_text(&o->spec));
	for (size_t i = 0; i < p->gpu_count; i++)
		(void)printf("%s %s", i ? "," : "", gpu_describe(&p->arena, &p->gpus[i]));
	(void)printf("%s\n", p->gpu_count ? "" : " none");
	for (size_t i = 0; i < p->gpu_because_count; i++)
		(void)printf("  less because of %s\n", p->gpu_because[i]);
	for (size_t i = 0; i < p->gpu_env_count; i++)
		(void)printf("  inside: %s\n", p->gpu_env[i]);
	for (size_t i = 0; p->drivers_only && i < p->driver_count; i++)
		(void)printf("  driver: %s\n", p->drivers[i]);
}

/* Only when a limit wanted one. */
static void print_group(const struct cgroup_place *g)
{
	if (g->version != CGROUP_NONE)
		(void)printf("control group: cgroup v%d, %s\n", g->version == CGROUP_V2 ? 2 : 1,
			     g->source);
	else if (g->by_systemd)
		(void)printf("control group: systemd will be asked for one\n");
	else if (g->why)
		(void)printf("control group: none (%s)\n", g->why);
}

static void print_devices(const struct plan *p)
{
	(void)printf("devices:");
	for (size_t i = 0; i < p->device_count; i++)
		(void)printf("%s %s %u:%u", i ? "," : "", p->devices[i].node, p->devices[i].major,
			     p->devices[i].minor);
	(void)printf("\n  %s%s\n",
		     p->devices_by ? "all others refused by " : "no filter besides the mounts: ",
		     p->devices_by ? p->devices_by : p->devices_why);
}

static void print_text(const struct options *o, struct plan *p)
{
	char detail[2 * 4096 + 64];

	(void)printf("job '%s' (%s)\n\nsteps, in pid 1 of the sandbox:\n", o->spec.name,
		     o->spec.compute ? "compute" : "command");
	for (size_t i = 0; i < p->step_count; i++) {
		if (i == p->fork_step + 1)
			(void)printf("then, in the job's process:\n");
		(void)printf("  %3zu  %-14s %s\n", i, step_table[p->steps[i].op].name,
			     step_detail(p, &p->steps[i], detail, sizeof detail));
	}
	if (o->spec.compute)
		print_compute(o->spec.compute);
	print_limits(p, spec_soft_action_names[o->spec.soft_action]);
	(void)printf("\nsandbox: seccomp %s, network %s, %zu GPU device node%s\n", p->seccomp_name,
		     spec_net_names[o->spec.net], p->gpu_node_count,
		     p->gpu_node_count == 1 ? "" : "s");
	print_gpus(o, p);
	print_landlock(&p->landlock);
	print_devices(p);
	print_group(&p->group);
	for (size_t i = 0; i < p->warning_count; i++)
		(void)printf("warning: %s\n", p->warnings[i]);
}

int cmd_plan(struct options *o, const struct host *host)
{
	struct plan plan;
	struct err e = ERR_INIT;

	if (spec_finish(&o->spec, &e) < 0) {
		say_error(&e);
		return EXIT_VKJAIL;
	}
	int result = plan_make(&plan, &o->spec, host, &e);
	if (result == 0 && o->spec.compute)
		result = request_check(&o->spec, &e);
	if (result < 0) {
		say_error(&e);
	} else if (o->json) {
		json_t *root = plan_json(o, host, &plan);
		(void)json_dumpf(root, stdout, JSON_INDENT(2));
		(void)printf("\n");
		json_decref(root);
	} else {
		print_text(o, &plan);
	}
	plan_done(&plan);
	return result < 0 ? EXIT_VKJAIL : 0;
}
