/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See confine.h. The filter names what is refused, not what is allowed: what a library of the vendor's calls is known to
 * nobody else, and a call that is missing would make it fail on machines that none of us has.
 */
#include "nvml/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"

enum { NOBODY = 65534, OPEN_FILES = 256 };

static const int refused[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    /* other processes */
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    /* files */
    SCMP_SYS(creat),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(truncate),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(chown),
    SCMP_SYS(lchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(setxattr),
    SCMP_SYS(lsetxattr),
    SCMP_SYS(open_by_handle_at),
    /* the rest of the system */
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
};

static const int networks[] = {AF_INET, AF_INET6, AF_PACKET, AF_VSOCK};

/*
 * Root's jobs are watched by somebody else than root. The nodes are everybody's on most machines; where they belong to a
 * group, that group stays. In a user namespace without that user nothing is left but to give up the capabilities.
 */
static void leave_root(void)
{
	struct stat st;
	gid_t group = NOBODY;

	if (geteuid() != 0)
		return;
	if (stat("/dev/nvidiactl", &st) == 0 && st.st_gid != 0 && !(st.st_mode & S_IWOTH))
		group = st.st_gid;
	(void)setgroups(0, NULL);
	if (setresgid(group, group, group) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return;
}

static int drop_capabilities(struct err *e)
{
	cap_t none = cap_init();

	if (!none || cap_set_proc(none) < 0)
		return err_os(e, errno, NULL, "cannot give up its capabilities");
	(void)cap_free(none);
	return 0;
}

/* openat2(2) has its flags in memory, where no filter sees them. */
static int add_opens(scmp_filter_ctx f)
{
	static const int changes[] = {O_CREAT, O_TRUNC, __O_TMPFILE};
	int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0);

	for (size_t i = 0; r == 0 && i < COUNTOF(changes); i++) {
		scmp_datum_t bit = (scmp_datum_t)changes[i];
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, bit, bit));
		if (r == 0)
			r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(open), 1,
					     SCMP_A1(SCMP_CMP_MASKED_EQ, bit, bit));
	}
	return r;
}

static int filter(struct err *e)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int r = f ? add_opens(f) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < COUNTOF(refused); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	for (size_t i = 0; r == 0 && i < COUNTOF(networks); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)networks[i]));
	/* abort(3) signals itself. */
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
				     SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid()));
	if (r == 0)
		r = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return r == 0 ? 0 : err_os(e, -r, NULL, "cannot set up its system call filter");
}

int confine(struct err *e)
{
	static const struct rlimit none = {0, 0}, files = {OPEN_FILES, OPEN_FILES};

	leave_root();
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	/* A change of the user takes the signal back. */
	if (drop_capabilities(e) < 0)
		return -1;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_os(e, errno, NULL, "cannot give up new privileges");
	return filter(e);
}
