/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least a launcher can do for the same sandbox: what `vkjail run` is measured against.
 *
 *   floor [--init] COMMAND ARG...     floor --dump-filter FILE
 *
 * One clone3(2) with seven namespaces, a private root with /usr and /etc read-only, proc, device
 * nodes, /tmp, eight rlimits, no capabilities, no_new_privs, the filter of vkjail's default profile
 * as ready bytes, exec; then one epoll(7) on a pidfd and a timerfd. No options, no report, no
 * messages: a failed step ends it with status 125 and the step's line number.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/filter-data.h"

enum { WALL_SECONDS = 60 };

static _Noreturn void give_up(int line)
{
	char text[] = "floor: a step failed at line 0000\n";
	for (char *p = text + sizeof(text) - 3; line > 0; line /= 10)
		*p-- = (char)('0' + line % 10);
	(void)!write(2, text, sizeof(text) - 1);
	_exit(125);
}
#define MUST(call) ((call) < 0 ? give_up(__LINE__) : (void)0)

static void put(const char *path, const char *text, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	MUST(fd);
	MUST(write(fd, text, size));
	(void)close(fd);
}

static void map_ids(uid_t uid, gid_t gid)
{
	char line[64];
	put("/proc/self/setgroups", "deny", 4);
	put("/proc/self/uid_map", line, (size_t)snprintf(line, sizeof(line), "1000 %u 1\n", uid));
	put("/proc/self/gid_map", line, (size_t)snprintf(line, sizeof(line), "1000 %u 1\n", gid));
}

static void bind(const char *source, int root, const char *target, uint64_t attributes, unsigned recursive)
{
	struct mount_attr attr = {.attr_set = attributes};
	int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
	MUST(tree);
	if (attributes)
		MUST(mount_setattr(tree, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr)));
	MUST(move_mount(tree, "", root, target, MOVE_MOUNT_F_EMPTY_PATH));
	(void)close(tree);
}

static int new_filesystem(const char *type, uint64_t attributes)
{
	int fs = fsopen(type, FSOPEN_CLOEXEC);
	MUST(fs);
	MUST(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	int mount_fd = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attributes);
	MUST(mount_fd);
	(void)close(fs);
	return mount_fd;
}

static void make_devices(int root)
{
	static const char *const nodes[] = {"dev/null", "dev/zero", "dev/full", "dev/random", "dev/urandom"};
	static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"}, {"/proc/self/fd/0", "dev/stdin"},
		{"/proc/self/fd/1", "dev/stdout"}, {"/proc/self/fd/2", "dev/stderr"}};
	char source[32] = "/";
	for (size_t i = 0; i < COUNTOF(nodes); i++) {
		int fd = openat(root, nodes[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		MUST(fd);
		(void)close(fd);
		memcpy(source + 1, nodes[i], strlen(nodes[i]) + 1);
		bind(source, root, nodes[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0);
	}
	for (size_t i = 0; i < COUNTOF(links); i++)
		MUST(symlinkat(links[i][0], root, links[i][1]));
}

static void make_root(void)
{
	static const char *const directories[] = {"usr", "etc", "proc", "dev", "tmp", "dev/shm"};
	static const char *const links[][2] = {
		{"usr/bin", "bin"}, {"usr/lib", "lib"}, {"usr/lib64", "lib64"}, {"usr/sbin", "sbin"}};
	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	int root = new_filesystem("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	MUST(move_mount(root, "", AT_FDCWD, "/tmp", MOVE_MOUNT_F_EMPTY_PATH));
	for (size_t i = 0; i < COUNTOF(directories); i++)
		MUST(mkdirat(root, directories[i], 0755));
	for (size_t i = 0; i < COUNTOF(links); i++)
		MUST(symlinkat(links[i][0], root, links[i][1]));
	bind("/usr", root, "usr", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, AT_RECURSIVE);
	bind("/etc", root, "etc", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, AT_RECURSIVE);
	int proc = new_filesystem("proc", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	MUST(move_mount(proc, "", root, "proc", MOVE_MOUNT_F_EMPTY_PATH));
	(void)close(proc);
	make_devices(root);
	MUST(fchdir(root));
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(umount2(".", MNT_DETACH));
	MUST(chdir("/"));
	(void)close(root);
}

static void drop_privilege(void)
{
	static const struct {
		int what;
		rlim_t most;
	} limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_CPU, 60}, {RLIMIT_NOFILE, 256}, {RLIMIT_FSIZE, 1UL << 30},
		{RLIMIT_STACK, 8UL << 20}, {RLIMIT_MEMLOCK, 64UL << 10}, {RLIMIT_MSGQUEUE, 0}, {RLIMIT_SIGPENDING, 256}};
	for (size_t i = 0; i < COUNTOF(limits); i++) {
		struct rlimit r;
		MUST(getrlimit((__rlimit_resource_t)limits[i].what, &r));
		r.rlim_cur = r.rlim_max = limits[i].most < r.rlim_max ? limits[i].most : r.rlim_max;
		MUST(setrlimit((__rlimit_resource_t)limits[i].what, &r));
	}
	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	MUST(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};
	MUST(syscall(SYS_capset, &header, none));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static _Noreturn void start(char **command)
{
	char path[] = "PATH=/usr/bin:/bin";
	char language[] = "LANG=C.UTF-8";
	char *const environment[] = {path, language, NULL};
	struct sock_fprog program = {COUNTOF(filter_data_default), (struct sock_filter *)(uintptr_t)filter_data_default};
	MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	(void)execve(command[0], command, environment);
	give_up(__LINE__);
}

/* With --init, pid 1 stays behind to reap, and the command is pid 2. */
static _Noreturn void child(char **command, uid_t uid, gid_t gid, int with_init)
{
	map_ids(uid, gid);
	make_root();
	drop_privilege();
	pid_t pid = with_init ? fork() : 0;
	MUST(pid);
	if (pid == 0)
		start(command);
	int status = 0;
	while (wait(&status) != pid)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int watch(int pidfd)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	struct itimerspec at = {.it_value.tv_sec = WALL_SECONDS};
	struct epoll_event event = {.events = EPOLLIN, .data.fd = pidfd};
	MUST(timerfd_settime(timer, 0, &at, NULL));
	MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, pidfd, &event));
	event.data.fd = timer;
	MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event));
	while (epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == timer) {
		uint64_t ticks;
		MUST(read(timer, &ticks, sizeof(ticks)));
		MUST(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0));
	}
	siginfo_t info = {0};
	MUST(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED));
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static int dump_filter(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	MUST(fd);
	MUST(write(fd, filter_data_default, sizeof(filter_data_default)));
	return close(fd);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--dump-filter") == 0)
		return dump_filter(argv[2]);
	int with_init = argc > 1 && strcmp(argv[1], "--init") == 0;
	if (argc < 2 + with_init)
		return 125;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
			CLONE_NEWUTS | CLONE_NEWCGROUP,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	MUST(pid);
	if (pid == 0)
		child(argv + 1 + with_init, uid, gid, with_init);
	return watch(pidfd);
}
