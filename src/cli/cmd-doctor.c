/* SPDX-License-Identifier: Apache-2.0 */
/* vkjail doctor: what this host can enforce, and the fix for what it can't. Tries things rather than asking for versions. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "cgroup/cgroup.h"
#include "cli/cmd.h"
#include "cli/doctor.h"
#include "cli/say.h"
#include "plan/parts.h"

void doctor_find(struct finding *f, enum grade grade, const char *fix, const char *fmt, ...)
{
	va_list ap;
	f->grade = grade;
	va_start(ap, fmt);
	(void)vsnprintf(f->text, sizeof f->text, fmt, ap);
	va_end(ap);
	(void)snprintf(f->fix, sizeof f->fix, "%s", fix ? fix : "");
}

/* A whole sandbox around nothing: the one test that counts. */
static void check_sandbox(const struct host *host, struct finding *f)
{
	struct spec spec;
	struct run_result r;
	const char *argv[] = {"/proc/self/exe", NULL};
	char line[900];

	spec_init(&spec);
	argv[0] = "true";
	spec.name = "doctor";
	spec.command = argv;
	spec.command_count = 1;
	spec.workdir = "/tmp";
	spec.report = "none";
	spec.sample_ns = LIMIT_NONE;
	spec.limits.value[LIMIT_WALL] = 20ULL * 1000000000u;
	supervise(&spec, host, NULL, NULL, &r);
	if (r.err.kind != ERR_NONE)
		doctor_find(f, BAD, r.err.hint, "%s", err_render(&r.err, line, sizeof line));
	else if (r.outcome.reason != REASON_EXITED || r.outcome.code != 0)
		doctor_find(f, BAD, r.outcome.hint, "%s", r.outcome.text);
	else
		doctor_find(
		    f, GOOD, NULL,
		    "namespaces, private root, dropped capabilities and seccomp filter work%s",
		    host->uid ? " for an ordinary user" : " (as root)");
	run_result_done(&r);
	spec_done(&spec);
}

static void check_openat2(const struct host *host, struct finding *f)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	AUTO_FD int fd = (int)syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how);
	(void)host;
	if (fd >= 0)
		doctor_find(f, GOOD, NULL, "openat2(2) is there");
	else
		doctor_find(
		    f, NOTE, NULL,
		    "openat2(2) is refused; paths are walked component by component instead");
}

/* What a run would say: made from a plan, so that the two cannot differ. */
static void check_landlock(const struct host *host, struct finding *f)
{
	struct plan plan = {0};
	struct spec spec;

	(void)host;
	spec_init(&spec);
	plan_landlock(&plan, &spec);
	const struct landlock_rules *l = &plan.landlock;
	if (l->why)
		doctor_find(f, NOTE, "Linux 6.12 or newer, with landlock in its lsm= list",
			    "no second wall: %s", l->why);
	else if (!l->scoped)
		doctor_find(f, NOTE, "Linux 6.12 or newer",
			    "Landlock ABI %d: files, but neither signals nor abstract sockets",
			    l->abi);
	else
		doctor_find(f, GOOD, NULL, "Landlock ABI %d: files, signals, abstract sockets",
			    l->abi);
	plan_done(&plan);
	spec_done(&spec);
}

static void check_children(const struct host *host, struct finding *f)
{
	(void)host;
	if (access("/proc/self/task", R_OK) == 0 && access("/proc/thread-self/children", R_OK) == 0)
		doctor_find(
		    f, GOOD, NULL,
		    "the limits memory, cpu and idle: the process tree can be read from /proc");
	else
		doctor_find(
		    f, BAD, "a kernel with CONFIG_PROC_CHILDREN and a mounted /proc",
		    "the limits memory, cpu and idle cannot be measured: /proc/PID/task/TID/children is missing");
}

/* Of each limit that gains by a control group: whether one can be had here. */
static void check_cgroup(const struct host *host, struct finding *f)
{
	static const struct {
		const char *limit;
		enum cgroup_controller controller;
	} wants[] = {{"memory", CGROUP_MEMORY}, {"processes", CGROUP_PIDS},
		     {"cpu-quota", CGROUP_CPU}, {"cpu", CGROUP_CPUACCT},
		     {"cpus", CGROUP_CPUSET},   {"io-read, io-write", CGROUP_IO}};
	enum { HELD, ASKED, OPEN, LISTS };
	__attribute__((cleanup(arena_done))) struct arena arena = {0};
	char lists[LISTS][100] = {"", "", ""};
	const char *source = "", *why = NULL, *fix = NULL;

	(void)host;
	for (size_t i = 0; i < COUNTOF(wants); i++) {
		struct cgroup_place p;
		struct err e = ERR_INIT;
		(void)cgroup_find(&arena, NULL, CGROUP_BIT(wants[i].controller), 0, &p, &e);
		char *list = lists[p.version != CGROUP_NONE ? HELD : p.by_systemd ? ASKED : OPEN];
		(void)snprintf(list + strlen(list), sizeof lists[0] - strlen(list), "%s%s",
			       list[0] ? ", " : "", wants[i].limit);
		if (p.version != CGROUP_NONE)
			source = p.source;
		else if (!p.by_systemd && !why) {
			/* Of the most important one that is missing. */
			why = p.why;
			fix = p.fix;
		}
	}
	if (lists[ASKED][0] && geteuid() != 0)
		fix =
		    "as root: 'Delegate=cpu cpuset io memory pids' below [Service], with systemctl edit user@.service; then a new session";
	else if (!fix)
		fix = "see vkjail-sandbox(7), CONTROL GROUPS, for where one can come from";
	const char *text = "";
	if (lists[HELD][0])
		text = arena_printf(&arena, "; the kernel holds the limits %s (%s)", lists[HELD],
				    source);
	if (lists[ASKED][0])
		text = arena_printf(
		    &arena, "%s; systemd will be asked for a control group for the limits %s", text,
		    lists[ASKED]);
	if (lists[OPEN][0])
		text = arena_printf(&arena, "%s; no control group for the limits %s: %s%s", text,
				    lists[OPEN], why ? why : "?",
				    strstr(lists[OPEN], "memory") ? "; memory is sampled instead"
								  : "");
	doctor_find(f, lists[OPEN][0] ? NOTE : GOOD, lists[OPEN][0] ? fix : NULL, "%s",
		    text + strlen("; "));
}

/* By the group that a limit would get here. */
static void check_devices(const struct host *host, struct finding *f)
{
	static const enum cgroup_controller order[] = {CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPUACCT};
	struct plan plan = {0};
	struct err e = ERR_INIT;

	(void)host;
	for (size_t i = 0; i < COUNTOF(order) && plan.group.version == CGROUP_NONE; i++)
		(void)cgroup_find(&plan.arena, NULL, CGROUP_BIT(order[i]),
				  CGROUP_BIT(CGROUP_DEVICES), &plan.group, &e);
	plan_devices(&plan);
	if (plan.devices_by)
		doctor_find(f, GOOD, NULL,
			    "a job with a control group opens its own devices alone (%s)",
			    plan.devices_by);
	else
		doctor_find(
		    f, NOTE, NULL,
		    "no device filter of a control group, the mounts alone keep other nodes out: %s",
		    plan.devices_why);
	plan_done(&plan);
}

static void check_vulkan(const struct host *host, struct finding *f)
{
	struct err e = ERR_INIT;
	char line[900];
	json_t *root = probe_devices(host, NULL, &e);
	const json_t *devices = json_object_get(root, "devices");

	if (!root) {
		doctor_find(f, BAD, e.hint, "%s", err_render(&e, line, sizeof line));
		return;
	}
	const char *first = json_string_value(json_object_get(json_array_get(devices, 0), "name"));
	if (first)
		doctor_find(f, GOOD, NULL, "%zu Vulkan device(s) in the sandbox, the first is '%s'",
			    json_array_size(devices), first);
	else
		doctor_find(
		    f, BAD,
		    "install a driver (Debian: mesa-vulkan-drivers has the software driver lavapipe)",
		    "no Vulkan device");
	json_decref(root);
}

/* The GPUs with the numbers that --gpu takes, as a run with --gpu all would be given them. */
static void check_nodes(const struct host *host, struct finding *f)
{
	struct plan plan = {0};
	struct gpu_list all;
	struct spec spec;
	struct err e = ERR_INIT;
	char text[sizeof f->text] = "";
	size_t used = 0;

	(void)host;
	spec_init(&spec);
	gpu_find(&plan.arena, "", &all);
	(void)plan_gpu(&plan, &spec, &e);
	for (size_t i = 0; i < all.count && used < sizeof text; i++) {
		const struct host_gpu *g = &all.at[i];
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s", i ? ", " : "",
					 gpu_describe(&plan.arena, g), g->uuid ? " uuid:" : "",
					 g->uuid ? g->uuid : "");
	}
	if (all.count == 0)
		doctor_find(f, NOTE, NULL, "no GPU device nodes; only software drivers can work");
	else if (plan.gpu_because_count > 0)
		doctor_find(f, NOTE, NULL, "%s; %zu of them for a job, because of %s", text,
			    plan.gpu_count, plan.gpu_because[0]);
	else if (plan.warning_count > 0)
		doctor_find(f, NOTE,
			    "give the user the nodes' group, install the vendor's Vulkan driver",
			    "%s; %s", text, plan.warnings[0]);
	else
		doctor_find(f, GOOD, NULL, "%s", text);
	plan_done(&plan);
	spec_done(&spec);
}

static const struct {
	const char *name;
	void (*check)(const struct host *host, struct finding *f);
} checks[] = {
    {"sandbox", check_sandbox},       {"openat2", check_openat2}, {"landlock", check_landlock},
    {"process tree", check_children}, {"cgroup", check_cgroup},   {"devices", check_devices},
    {"gpu nodes", check_nodes},       {"vulkan", check_vulkan},   {"nvml", doctor_nvml},
    {"fdinfo", doctor_fdinfo},        {"dmem", doctor_dmem},
};

int cmd_doctor(struct options *o, const struct host *host)
{
	static const char *const marks[] = {[GOOD] = "ok", [NOTE] = "note", [BAD] = "BAD"};
	static const char *const grades[] = {[GOOD] = "ok", [NOTE] = "note", [BAD] = "bad"};
	json_t *all = json_array();
	int status = 0;

	for (size_t i = 0; i < COUNTOF(checks); i++) {
		struct finding f = {.grade = GOOD};
		checks[i].check(host, &f);
		if (!f.text[0])
			continue;
		if (f.grade == BAD)
			status = 1;
		if (!o->json) {
			(void)printf("%-4s  %-12s  %s\n", marks[f.grade], checks[i].name, f.text);
			if (f.fix[0])
				(void)printf("%-4s  %-12s  fix: %s\n", "", "", f.fix);
			(void)fflush(stdout);
		}
		(void)json_array_append_new(
		    all, json_pack("{s:s,s:s,s:o,s:o}", "check", checks[i].name, "grade",
				   grades[f.grade], "text", json_string(f.text), "fix",
				   f.fix[0] ? json_string(f.fix) : json_null()));
	}
	if (o->json) {
		(void)json_dumpf(all, stdout, JSON_INDENT(2));
		(void)printf("\n");
	}
	json_decref(all);
	return status;
}
