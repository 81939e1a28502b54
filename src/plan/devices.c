/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices that the job's control group lets through. A wall behind the mounts, which show no others:
 * it also holds for a node that somebody makes or leaves in a directory that is bound. Without a group for
 * another reason there is none: making one costs a launch far more than this does.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "plan/parts.h"

/* What we may not open, for the modes or for a group above ours, this must not give to the job. */
static void add(struct plan *p, const char *path, const char *name)
{
	struct stat st;

	if (stat(path, &st) < 0 || (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)))
		return;
	struct cgroup_device d = {.node = name,
				  .is_block = S_ISBLK(st.st_mode),
				  .major = major(st.st_rdev),
				  .minor = minor(st.st_rdev),
				  .read = faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0,
				  .write = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0};
	if (!d.read && !d.write)
		return;
	for (size_t i = 0; i < p->device_count; i++)
		if (p->devices[i].is_block == d.is_block && p->devices[i].major == d.major &&
		    p->devices[i].minor == d.minor)
			return;
	p->devices = arena_grow(&p->arena, p->devices, p->device_count, sizeof *p->devices);
	p->devices[p->device_count++] = d;
}

/* By the group that there will be; loading a program is the one way to know whether it can be had. */
static void choose(struct plan *p)
{
	if (p->group.version == CGROUP_V1) {
		if (p->group.controllers & CGROUP_BIT(CGROUP_DEVICES))
			p->devices_by = "cgroup v1 devices.allow";
		else
			p->devices_why =
			    "the controller devices of cgroup v1 is not mounted, or this user may not make groups there";
	} else {
		int program = cgroup_devices_load(p->devices, p->device_count);
		if (program >= 0) {
			p->device_program = program;
			p->devices_by = "cgroup v2 BPF_CGROUP_DEVICE";
		} else if (errno == EPERM || errno == EACCES) {
			p->devices_why =
			    "BPF_PROG_TYPE_CGROUP_DEVICE: this user may not load programs into the kernel (CAP_BPF and CAP_NET_ADMIN, as root has them)";
		} else {
			p->devices_why = arena_printf(
			    &p->arena,
			    "BPF_PROG_TYPE_CGROUP_DEVICE: %s (a kernel without CONFIG_CGROUP_BPF?)",
			    strerrordesc_np(errno));
		}
	}
}

void plan_devices(struct plan *p)
{
	/* A terminal is opened anew by programs that write to /dev/stderr. */
	static const char *const stdio[][2] = {{"/proc/self/fd/0", "stdin"},
					       {"/proc/self/fd/1", "stdout"},
					       {"/proc/self/fd/2", "stderr"}};

	if (p->group.version == CGROUP_NONE) {
		p->devices_why = "the job has no control group";
		return;
	}
	for (size_t i = 0; i < p->step_count; i++)
		if (p->steps[i].op == STEP_BIND && p->steps[i].flags & STEP_DEVICE)
			add(p, p->steps[i].source, p->steps[i].source);
	for (size_t i = 0; i < COUNTOF(stdio); i++)
		add(p, stdio[i][0], stdio[i][1]);
	choose(p);
}
