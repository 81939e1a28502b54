/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which device nodes the members of a group may open, wherever they find or make one: in v2 a program of
 * type BPF_PROG_TYPE_CGROUP_DEVICE (bpf(2)), in v1 the controller devices.
 */
#pragma once

#include "cgroup/cgroup.h"

struct cgroup_device {
	const char *node; /* a name of it, for people; borrowed */
	bool is_block;
	unsigned major, minor;
	bool read, write; /* at least one */
};

/*
 * The program for v2, loaded: a descriptor that the caller closes, or -1 with errno. Needs CAP_BPF and
 * CAP_NET_ADMIN (before Linux 5.8: CAP_SYS_ADMIN) outside of all user namespaces.
 */
int cgroup_devices_load(const struct cgroup_device *list, size_t count);

/*
 * From now on these and no others, and no mknod(2) of any. program: what cgroup_devices_load gave; v1 has
 * no use for it. It ends with the group. 0, or -1 with errno, and the group as it was but that v1 may be
 * left with fewer nodes than listed.
 */
int cgroup_devices_hold(const struct cgroup *g, const struct cgroup_device *list, size_t count,
			int program);
