/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel interfaces that lead past the filter or to more rights. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void io_uring(char **args)
{
	struct io_uring_params p = {0};

	(void)args;
	int fd = (int)syscall(SYS_io_uring_setup, 4, &p);
	if (fd < 0)
		nothing("io_uring_setup");
	got("an io_uring, whose reads and sockets no filter sees");
}

static void uffd(char **args)
{
	(void)args;
	/* 1: UFFD_USER_MODE_ONLY, which needs no privilege. */
	if (syscall(SYS_userfaultfd, O_CLOEXEC | 1) < 0)
		nothing("userfaultfd");
	got("page faults that wait for it");
}

static void bpf_map(char **args)
{
	union bpf_attr attr = {
	    .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)args;
	if (syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr) < 0)
		nothing("bpf");
	got("a BPF map");
}

static void perf(char **args)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof attr,
				       .config = PERF_COUNT_SW_CPU_CLOCK,
				       .exclude_kernel = 1,
				       .exclude_hv = 1};

	(void)args;
	if (syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) < 0)
		nothing("perf_event_open");
	got("a performance counter");
}

/* key NAME: a key that the caller's session holds. */
static void key(char **args)
{
	char secret[64] = "";
	long id = syscall(SYS_request_key, "user", args[0], NULL, KEY_SPEC_SESSION_KEYRING);

	if (id < 0)
		id = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", args[0], 0);
	if (id < 0 || syscall(SYS_keyctl, KEYCTL_READ, id, secret, sizeof secret - 1) < 0)
		nothing("request_key");
	got("the caller's key: %s", secret);
}

static void add_key(char **args)
{
	long id = syscall(SYS_add_key, "user", args[0], "secret", 6, KEY_SPEC_USER_KEYRING);

	/* Its user may do everything with it. */
	if (id < 0 || syscall(SYS_keyctl, KEYCTL_SETPERM, id, 0x3f3f0000) < 0)
		nothing("add_key");
	got("a key to leave");
}

static void drop_key(char **args)
{
	long id = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", args[0], 0);
	if (id < 0 || syscall(SYS_keyctl, KEYCTL_UNLINK, id, KEY_SPEC_USER_KEYRING) < 0)
		nothing("keyctl");
	got("rid of the key");
}

static void userns_unshare(char **args)
{
	(void)args;
	if (unshare(CLONE_NEWUSER) < 0)
		nothing("unshare");
	got("a user namespace with all capabilities");
}

static _Noreturn void child_of(long pid, const char *call)
{
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		nothing(call);
	(void)waitpid((pid_t)pid, NULL, 0);
	got("a child in a user namespace of its own, by %s", call);
}

static void userns_clone(char **args)
{
	(void)args;
	child_of(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL), "clone");
}

static void userns_clone3(char **args)
{
	struct clone_args a = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};

	(void)args;
	child_of(syscall(SYS_clone3, &a, sizeof a), "clone3");
}

/* The user namespace flag where a filter might not look: in the high half of a 64-bit argument nothing may stand. */
static void netns_clone(char **args)
{
	(void)args;
	child_of(syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD | (1ULL << 40), NULL,
			 NULL, NULL, NULL),
		 "clone with high bits");
}

static void setns_parent(char **args)
{
	char path[64];

	(void)args;
	(void)snprintf(path, sizeof path, "/proc/%d/ns/mnt", getppid() ? getppid() : 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		nothing(path);
	if (setns(fd, CLONE_NEWNS) < 0)
		nothing("setns");
	got("the mount namespace of its parent");
}

static void trace_parent(char **args)
{
	pid_t parent = getppid() ? getppid() : 1;

	(void)args;
	if (ptrace(PTRACE_SEIZE, parent, NULL, NULL) < 0)
		nothing("ptrace");
	got("its parent, as a tracer");
}

static void read_parent(char **args)
{
	char here[8];
	struct iovec local = {here, sizeof here}, remote = {(void *)args, sizeof here};

	/* That address need not be there; a refusal comes before that is looked at. */
	if (process_vm_readv(getppid() ? getppid() : 1, &local, 1, &remote, 1, 0) < 0 &&
	    errno != EFAULT)
		nothing("process_vm_readv");
	got("the memory of its parent");
}

static void take_parents_fd(char **args)
{
	(void)args;
	int pidfd = (int)syscall(SYS_pidfd_open, getppid() ? getppid() : 1, 0);
	if (pidfd < 0)
		nothing("pidfd_open");
	for (int fd = 0; fd < 32; fd++)
		if (syscall(SYS_pidfd_getfd, pidfd, fd, 0) >= 0)
			got("descriptor %d of its parent", fd);
	nothing("pidfd_getfd");
}

/* int $0x80: numbers mean other calls, 20 is getpid. */
static void foreign_abi(char **args)
{
	(void)args;
#if defined __x86_64__
	long pid = 20;
	__asm__ volatile("int $0x80" : "+a"(pid) : : "memory");
	if (pid != getpid()) {
		if (pid == -ENOSYS)
			cannot("the kernel has no 32-bit calls");
		errno = (int)-pid;
		nothing("int 0x80");
	}
	got("getpid by the 32-bit table");
#else
	cannot("only on x86-64");
#endif
}

static void x32_abi(char **args)
{
	(void)args;
#if defined __x86_64__
	if (syscall(0x40000000 | SYS_getpid) != getpid()) {
		if (errno == ENOSYS)
			cannot("the kernel has no x32 calls");
		nothing("x32 getpid");
	}
	got("getpid by the x32 table");
#else
	cannot("only on x86-64");
#endif
}

/* type BITS: a character typed into the terminal on stdin; bits for the half of the request that the kernel drops. */
static void type_into_terminal(char **args)
{
	unsigned long request = 0x5412 | strtoul(args[0], NULL, 16) << 32;

	if (syscall(SYS_ioctl, 0, request, "x") < 0) {
		if (errno == EIO)
			cannot("dev.tty.legacy_tiocsti is 0");
		nothing("TIOCSTI");
	}
	got("a key stroke in the caller's terminal");
}

static void vsock(char **args)
{
	(void)args;
	if (socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0) {
		nothing("socket(AF_VSOCK)");
	}
	got("a socket to the hypervisor");
}

static void packet_socket(char **args)
{
	(void)args;
	if (socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0)
		nothing("socket(AF_PACKET)");
	got("a packet socket");
}

static void algorithm_socket(char **args)
{
	(void)args;
	if (socket(38 /* AF_ALG */, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) < 0) {
		nothing("socket(AF_ALG)");
	}
	got("the kernel's crypto drivers");
}

/* Rights that come back at an execve: prints the effective user in the program that PATH is. */
static void setuid_program(char **args)
{
	if (getuid() == 0)
		cannot("is root already");
	(void)execl(args[0], args[0], "who", (char *)NULL);
	nothing("execl");
}

static void who(char **args)
{
	(void)args;
	if (geteuid() != 0)
		nothing("set-user-id program");
	got("user 0");
}

static void keep_capabilities(char **args)
{
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long caps = 0;

	(void)args;
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "CapEff:", 7) == 0)
			caps |= strtoull(line + 7, NULL, 16);
		else if (strncmp(line, "CapBnd:", 7) == 0)
			caps |= strtoull(line + 7, NULL, 16);
	if (caps)
		got("capabilities %llx", caps);
	nothing("capabilities");
}

static void sethost(char **args)
{
	char name[65];

	(void)args;
	if (gethostname(name, sizeof name) < 0 || sethostname(name, strlen(name)) < 0)
		nothing("sethostname");
	got("the host name");
}

const struct attack attacks_kernel[] = {
    {"io-uring", io_uring},
    {"userfaultfd", uffd},
    {"bpf", bpf_map},
    {"perf", perf},
    {"key", key},
    {"add-key", add_key},
    {"drop-key", drop_key},
    {"userns-unshare", userns_unshare},
    {"userns-clone", userns_clone},
    {"userns-clone3", userns_clone3},
    {"userns-high-bits", netns_clone},
    {"setns", setns_parent},
    {"ptrace", trace_parent},
    {"vm-read", read_parent},
    {"pidfd-getfd", take_parents_fd},
    {"int80", foreign_abi},
    {"x32", x32_abi},
    {"tiocsti", type_into_terminal},
    {"vsock", vsock},
    {"packet", packet_socket},
    {"alg", algorithm_socket},
    {"setuid-program", setuid_program},
    {"who", who},
    {"capabilities", keep_capabilities},
    {"hostname", sethost},
    {NULL, NULL},
};
