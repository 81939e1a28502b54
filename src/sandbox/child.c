/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child walks the plan's steps. On failure it says which step and which errno, and is gone.
 * One table maps a step to its code; this file holds the small steps, mounts.c and creds.c the rest.
 */
#include "sandbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"

uint64_t child_now_ns(const struct child *c)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return c->clock_behind_ns + (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void child_send(const struct child *c, struct msg *m)
{
	if (m->at_ns == 0)
		m->at_ns = child_now_ns(c);
	(void)!send(c->control_fd, m, sizeof *m, MSG_NOSIGNAL);
}

/* What CLONE_INTO_CGROUP has not done already: cgroup v1, and kernels before 5.7. */
static int step_cgroup(struct child *c, const struct step *s)
{
	(void)s;
	for (size_t i = 0; !c->in_group && i < c->plan->join_count; i++)
		if (write(c->plan->join_fds[i], "0", 1) < 0)
			return -1;
	return 0;
}

static int step_session(struct child *c, const struct step *s)
{
	(void)c;
	(void)s;
	/* No namespace separates keys: without this the job possesses what the caller's session does (session-keyring(7)). */
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	return setsid() < 0 ? -1 : 0;
}

static int step_hostname(struct child *c, const struct step *s)
{
	(void)c;
	return sethostname(s->source, strlen(s->source));
}

/* Bound here, where the job will see it; the supervisor holds the same socket and answers. */
static int step_socket(struct child *c, const struct step *s)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = strlen(s->target);

	if (n >= sizeof a.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(a.sun_path, s->target, n);
	if (bind(c->plan->telemetry_fd, (const struct sockaddr *)&a, sizeof a) < 0)
		return -1;
	return listen(c->plan->telemetry_fd, 64);
}

static int step_workdir(struct child *c, const struct step *s)
{
	(void)s;
	return chdir(c->plan->workdir);
}

static int step_group(struct child *c, const struct step *s)
{
	(void)c;
	(void)s;
	/*
	 * Not pid 1's group, so that kill(0, ...) reaches the job alone; but its session, so that the
	 * group is not orphaned and stop signals work (credentials(7)).
	 */
	return setpgid(0, 0);
}

static int step_rlimit(struct child *c, const struct step *s)
{
	(void)c;
	return setrlimit((__rlimit_resource_t)s->resource, &s->rlimit);
}

static int step_affinity(struct child *c, const struct step *s)
{
	(void)s;
	return sched_setaffinity(0, sizeof c->plan->cpus, &c->plan->cpus);
}

static int step_descriptors(struct child *c, const struct step *s)
{
	const struct plan *p = c->plan;
	(void)s;
	/* Lowest first would overwrite: all of stdio goes out of the way before it goes in place. */
	int moved[3];
	for (int i = 0; i < 3; i++) {
		moved[i] = p->stdio[i] == i
			       ? i
			       : fcntl(p->stdio[i], F_DUPFD_CLOEXEC, 3 + (int)p->fd_count);
		if (moved[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++)
		if (moved[i] != i && dup2(moved[i], i) < 0)
			return -1;
	for (size_t i = 0; i < p->fd_count; i++)
		if (dup2(p->fds[i].from, p->fds[i].to) < 0)
			return -1;
	/* Everything else goes at exec, not before: the control socket has to survive until then. */
	int first = 3 + (int)p->fd_count;
	int rc = (int)syscall(SYS_close_range, (unsigned)first, ~0u, CLOSE_RANGE_CLOEXEC);
	return rc < 0 && errno == EINVAL ? descriptors_old(first) : rc;
}

static int step_signals(struct child *c, const struct step *s)
{
	const struct sigaction ign = {.sa_handler = SIG_IGN};
	(void)s;
	if (c->plan->sigchld_ignored)
		(void)sigaction(SIGCHLD, &ign, NULL);
	(void)umask(c->plan->umask);
	return sigprocmask(SIG_SETMASK, &c->plan->mask, NULL);
}

/*
 * With a listener, which pid 1 gets because the two share their descriptors until the exec. It may not be
 * had: by an old kernel, or because this vkjail runs under a filter that has one (one is all there can
 * be). Then the calls are refused just the same, and not counted.
 */
static int step_filter(struct child *c, const struct step *s)
{
	(void)s;
	c->listener_fd = filter_load_asking(&c->plan->filter);
	if (c->listener_fd >= 0)
		return 0;
	c->listener_os = errno;
	/* Without an answer nothing would work. */
	if (c->plan->learn)
		return -1;
	return filter_load(&c->plan->filter);
}

/* execve(2) takes the strings as writable for historical reasons, and writes to none. */
static char *const *vector(const char **strings)
{
	return (char *const *)(uintptr_t)strings;
}

/*
 * execvp(3) by hand: the candidates stand ready. A file that is there but lacks its interpreter
 * and a file that isn't there both give ENOENT; access(2) tells them apart for the message.
 */
static int step_exec(struct child *c, const struct step *s)
{
	const struct plan *p = c->plan;
	int os = ENOENT;
	unsigned detail = EXEC_DETAIL_MISSING;
	(void)s;
	for (unsigned i = 0; p->exec_paths[i]; i++) {
		const char *path = p->exec_paths[i];
		(void)execve(path, vector(p->argv), vector(p->envp));
		int now = errno;
		if (now == ENOEXEC) {
			p->argv_shell[1] = path;
			(void)execve(p->argv_shell[0], vector(p->argv_shell), vector(p->envp));
			now = ENOEXEC;
		}
		/* Not the C library's, which may make another call: every profile has this one. */
		if (now == ENOENT && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) < 0)
			continue;
		if (now == ENOTDIR || now == ESTALE || now == ENODEV || now == ETIMEDOUT)
			continue;
		if (os == ENOENT && detail == EXEC_DETAIL_MISSING) {
			os = now;
			detail = (i << 16) | (now == ENOENT ? EXEC_DETAIL_INTERPRETER : 0);
		}
		/* Like the shell: a file that may not be executed does not end the search, anything else does. */
		if (now != EACCES)
			break;
	}
	c->failed_detail = detail;
	errno = os;
	return -1;
}

typedef int (*step_fn)(struct child *c, const struct step *s);

static const step_fn step_code[STEP_COUNT] = {
    [STEP_CGROUP] = step_cgroup,
    [STEP_ID_MAP] = creds_id_map,
    [STEP_SESSION] = step_session,
    [STEP_HOSTNAME] = step_hostname,
    [STEP_CLOCKS] = clocks_step,
    [STEP_NETWORK] = network_begin,
    [STEP_PROPAGATION] = mounts_propagation,
    [STEP_NEW_ROOT] = mounts_new_root,
    [STEP_DIRECTORY] = mounts_directory,
    [STEP_SYMLINK] = mounts_symlink,
    [STEP_FILE] = mounts_file,
    [STEP_BIND] = mounts_bind,
    [STEP_TMPFS] = mounts_tmpfs,
    [STEP_PROC] = mounts_proc,
    [STEP_READ_ONLY] = mounts_read_only,
    [STEP_PIVOT] = mounts_pivot,
    [STEP_SOCKET] = step_socket,
    [STEP_BOUNDING] = creds_bounding,
    [STEP_ENTER_NETWORK] = network_enter,
    [STEP_WORKDIR] = step_workdir,
    [STEP_CAPABILITIES] = creds_capabilities,
    [STEP_NO_NEW_PRIVS] = creds_no_new_privs,
    [STEP_GROUP] = step_group,
    [STEP_LANDLOCK] = landlock_step,
    [STEP_RLIMIT] = step_rlimit,
    [STEP_AFFINITY] = step_affinity,
    [STEP_DESCRIPTORS] = step_descriptors,
    [STEP_SIGNALS] = step_signals,
    [STEP_FILTER] = step_filter,
    [STEP_EXEC] = step_exec,
};

int child_run_step(struct child *c, const struct step *s)
{
	return step_code[s->op](c, s);
}

/* The supervisor's death in the meantime is ours as well. */
static void wait_for_go(struct last_word *w)
{
	uint32_t not_yet = GO_NOT_YET;

	(void)__atomic_compare_exchange_n(&w->go, &not_yet, GO_AWAITED, false, __ATOMIC_ACQ_REL,
					  __ATOMIC_ACQUIRE);
	while (__atomic_load_n(&w->go, __ATOMIC_ACQUIRE) != GO_NOW)
		(void)syscall(SYS_futex, &w->go, FUTEX_WAIT, GO_AWAITED, NULL, NULL, 0);
}

_Noreturn void child_main(struct child *c)
{
	const struct plan *p = c->plan;
	/*
	 * The supervisor's death is ours, and so the whole sandbox's. It may have died before this call:
	 * then its end of the socket is closed already.
	 */
	sigset_t all;
	char byte;
	ssize_t n;

	/* pid 1 takes its signals with sigwaitinfo(2); the job gets the caller's mask back. */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(125);
	n = recv(c->control_fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		_exit(125);
	(void)umask(0);
	for (size_t i = 0; i < p->fork_step; i++) {
		if (child_run_step(c, &p->steps[i]) == 0)
			continue;
		struct msg m = {.type = MSG_STEP_FAILED, .step = (uint32_t)i, .os = errno};
		child_send(c, &m);
		_exit(125);
	}
	network_end(c);
	wait_for_go(c->last_word);
	init_run(c);
}
