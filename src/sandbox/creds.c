/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that take privileges away. Runs in the child: no allocation, errno tells. */
#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/child.h"

static int write_proc(const char *path, const char *text)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

int creds_id_map(struct child *c, const struct step *s)
{
	(void)s;
	/*
	 * user_namespaces(7): a process may map its own ids without privilege once setgroups is denied.
	 * While these files are written the process must be dumpable, else they belong to root.
	 */
	if (prctl(PR_SET_DUMPABLE, 1) < 0 || write_proc("/proc/self/setgroups", "deny") < 0 ||
	    write_proc("/proc/self/uid_map", c->plan->id_maps[0]) < 0 ||
	    write_proc("/proc/self/gid_map", c->plan->id_maps[1]) < 0)
		return -1;
	/*
	 * No user namespace below this one: in it the job would have every capability again, and as the host's
	 * root it could for example mount the cgroups and kill or freeze its supervisor. The filter refuses that too,
	 * but there may be none. Where /proc/sys is read-only (in a container) the filter is all there is.
	 */
	(void)write_proc("/proc/sys/user/max_user_namespaces", "0");
	/* From here on neither the job nor anybody else of the same user can look into or write to us. */
	return prctl(PR_SET_DUMPABLE, 0);
}

int creds_bounding(struct child *c, const struct step *s)
{
	(void)s;
	for (int cap = 0; cap <= c->plan->last_cap; cap++)
		if (cap_drop_bound(cap) < 0 && errno != EINVAL)
			return -1;
	return 0;
}

int creds_capabilities(struct child *c, const struct step *s)
{
	(void)s;
	/* Not cap_reset_ambient(3): it asks for each capability before it clears them all at once. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -1;
	/* User 0 gets nothing at exec either, and nobody inside can change that back (capabilities(7)). */
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
				   SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
				   SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
		return -1;
	return cap_set_proc(c->plan->no_caps);
}

int creds_no_new_privs(struct child *c, const struct step *s)
{
	(void)c;
	(void)s;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
