/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine and this caller are. Reads only. */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/auto.h"

/*
 * The helpers stand in libexec, or beside vkjail itself when it runs from its build directory.
 * The environment is not asked: it may be somebody else's.
 */
void host_find_helpers(struct host *h)
{
	char exe[4096 - 32];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	(void)snprintf(h->libexec, sizeof h->libexec, "%s", LIBEXECDIR);
	if (n <= 0)
		return;
	exe[n] = '\0';
	char *slash = strrchr(exe, '/');
	if (!slash)
		return;
	*slash = '\0';
	char beside[4096];
	(void)snprintf(beside, sizeof beside, "%s/vkjail-exec", exe);
	if (access(beside, X_OK) == 0)
		(void)snprintf(h->libexec, sizeof h->libexec, "%s", exe);
}

void host_read(struct host *h)
{
	struct utsname u;
	struct sigaction sa;

	memset(h, 0, sizeof *h);
	h->uid = geteuid();
	h->gid = getegid();
	h->umask = umask(0);
	(void)umask(h->umask);
	if (!getcwd(h->cwd, sizeof h->cwd)) {
		h->cwd_errno = errno;
		h->cwd[0] = '\0';
	} else if (h->cwd[0] != '/') {
		/* getcwd(3): "(unreachable)" in front when it lies outside the current root. */
		h->cwd_errno = ENOENT;
		h->cwd[0] = '\0';
	}
	const char *home = getenv("HOME");
	if (home && home[0] == '/' && strlen(home) < sizeof h->home)
		memcpy(h->home, home, strlen(home) + 1);
	h->cpus = 1;
	if (sched_getaffinity(0, sizeof h->cpu_set, &h->cpu_set) == 0)
		h->cpus = (unsigned)CPU_COUNT(&h->cpu_set);
	int cpu = sched_getcpu();
	h->cpu = cpu < 0 ? 0 : (unsigned)cpu;
	if (uname(&u) == 0) {
		(void)snprintf(h->kernel, sizeof h->kernel, "%.64s", u.release);
		(void)snprintf(h->node, sizeof h->node, "%.64s", u.nodename);
	}
	sigemptyset(&h->mask);
	(void)sigprocmask(SIG_SETMASK, NULL, &h->mask);
	if (sigaction(SIGCHLD, NULL, &sa) == 0)
		h->sigchld_ignored = sa.sa_handler == SIG_IGN;
}

uint64_t host_memory_available(void)
{
	static const char key[] = "MemAvailable:";
	char text[1024];
	AUTO_FD int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (n <= 0)
		return UINT64_MAX;
	text[n] = '\0';
	const char *at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 10) * 1024 : UINT64_MAX;
}

bool host_has_swap(void)
{
	char text[256];
	AUTO_FD int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);

	const char *end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
	return end && end + 1 < text + n;
}

bool host_can_forbid_nesting(void)
{
	struct statvfs st;

	return statvfs("/proc/sys/user/max_user_namespaces", &st) == 0 && !(st.f_flag & ST_RDONLY);
}

int64_t host_read_number(const char *path)
{
	char text[32];
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, text, sizeof text - 1);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	return errno || end == text ? -1 : value;
}

/* In a sandbox of ours: pid 1 cannot be seen, and no further user namespace may be made. */
static bool inside_vkjail(void)
{
	return access("/proc/self", F_OK) == 0 && access("/proc/1", F_OK) < 0 &&
	       host_read_number("/proc/sys/user/max_user_namespaces") == 0;
}

int host_explain_clone(int os, struct err *e)
{
	(void)err_os(e, os, NULL, "cannot create the sandbox's namespaces");
	if (inside_vkjail())
		return err_hint(
		    e,
		    "this runs inside a vkjail sandbox, where no other can be made: start both from outside");
	if (host_read_number("/proc/sys/user/max_user_namespaces") == 0)
		return err_hint(
		    e,
		    "user namespaces are switched off; as root: sysctl user.max_user_namespaces=16384");
	if (os == ENOSPC)
		return err_hint(
		    e,
		    "a limit in /proc/sys/user/max_*_namespaces or the nesting depth of 32 is reached");
	if (host_read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0 && geteuid() != 0)
		return err_hint(e, "as root: sysctl kernel.unprivileged_userns_clone=1");
	if (host_read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1 &&
	    geteuid() != 0)
		return err_hint(
		    e,
		    "AppArmor restricts user namespaces; give vkjail a profile with 'userns,' or as root: "
		    "sysctl kernel.apparmor_restrict_unprivileged_userns=0");
	if (os == EPERM)
		return err_hint(
		    e, "a container's seccomp profile or a chroot forbids user namespaces; "
		       "'vkjail doctor' shows what this host allows");
	if (os == ENOSYS || os == EINVAL)
		return err_hint(e, "Linux 5.10 or newer with all namespaces is needed");
	return -1;
}
