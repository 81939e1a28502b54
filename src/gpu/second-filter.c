/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See second-filter.h. What it refuses raises SIGSYS here, with the errno that the filter's table has for it, or 0 where
 * the job is to be ended. The handler has pid 1 do that, or count (base/late-call.h); only a software driver's question
 * how much memory is left is answered instead.
 */
#include "gpu/second-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/late-call.h"
#include "gpu/answer.h"

enum { ARGS = 6 };

/* The arguments of the refused call. What was called is never done, so that they are still in their registers. */
#if defined __x86_64__
static void take_args(const ucontext_t *at, unsigned long args[static ARGS])
{
	static const int order[ARGS] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};

	for (int i = 0; i < ARGS; i++)
		args[i] = (unsigned long)at->uc_mcontext.gregs[order[i]];
}

static void put_result(ucontext_t *at, long result)
{
	at->uc_mcontext.gregs[REG_RAX] = result;
}
#elif defined __aarch64__
static void take_args(const ucontext_t *at, unsigned long args[static ARGS])
{
	for (int i = 0; i < ARGS; i++)
		args[i] = at->uc_mcontext.regs[i];
}

static void put_result(ucontext_t *at, long result)
{
	at->uc_mcontext.regs[0] = (unsigned long)result;
}
#else
static void take_args(const ucontext_t *at, unsigned long args[static ARGS])
{
	(void)at;
	memset(args, 0, ARGS * sizeof *args);
}

static void put_result(ucontext_t *at, long result)
{
	(void)at;
	(void)result;
}
#endif

/* The one piece of static state: a signal handler can reach nothing else. */
static int meminfo_fd = -1, meminfo_errno;
static const char meminfo_path[] = "/proc/meminfo";

static bool asks_for_memory(int number, const unsigned long *args)
{
	unsigned long path = 0, flags = O_RDWR;

	if (number == SYS_openat) {
		path = args[1];
		flags = args[2];
	}
#ifdef SYS_open
	if (number == SYS_open) {
		path = args[0];
		flags = args[1];
	}
#endif
	/* The program's own memory: should it be none, the fault ends it. */
	return path && (flags & O_ACCMODE) == O_RDONLY &&
	       strcmp((const char *)path, meminfo_path) == 0; // NOLINT(performance-no-int-to-ptr)
}

/* A descriptor with what the file says now, which has a position of its own; or -errno. */
static long open_meminfo(void)
{
	char text[8192];

	if (meminfo_fd < 0)
		return -meminfo_errno;
	ssize_t n = pread(meminfo_fd, text, sizeof text, 0);
	int fd = n < 0 ? -1 : memfd_create("meminfo", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)n) != n || lseek(fd, 0, SEEK_SET) < 0) {
		(void)close(fd);
		return -EIO;
	}
	return fd;
}

static void on_refused(int signal_number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;
	unsigned long args[ARGS];
	const int before = errno;

	(void)signal_number;
	take_args(at, args);
	if (asks_for_memory(info->si_syscall, args)) {
		put_result(at, open_meminfo());
		errno = before;
		return;
	}
	(void)syscall(SYS_seccomp, (unsigned long)LATE_CALL,
		      late_call_pack(info->si_arch, (unsigned long)info->si_errno),
		      (unsigned long)info->si_syscall, late_call_pack(args[0], args[1]),
		      late_call_pack(args[2], args[3]), late_call_pack(args[4], args[5]));
	if (info->si_errno > 0) {
		put_result(at, -info->si_errno);
		errno = before;
		return;
	}
	/* Nobody listens, or nothing would have come back: the same end, then, without a name. */
	(void)signal(SIGSYS, SIG_DFL);
	_exit(1);
}

void second_filter_announce(const struct request *q)
{
	if (q->has_filter)
		(void)setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
}

static int install(struct sock_fprog *program)
{
	struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO};

	(void)sigfillset(&action.sa_mask);
	if (sigaction(SIGSYS, &action, NULL) < 0)
		return -1;
	long rc = syscall(SYS_seccomp, (unsigned long)SECCOMP_SET_MODE_FILTER,
			  (unsigned long)SECCOMP_FILTER_FLAG_TSYNC, program);
	/* The number of a thread that has filters of its own: the driver's doing. */
	if (rc > 0)
		errno = EBUSY;
	return rc == 0 ? 0 : -1;
}

int second_filter_install(const struct request *q, const struct gpu *g, struct fail *f)
{
	const bool software = g->info->props.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
	AUTO_FREE char *data = NULL;
	struct err e = ERR_INIT;
	size_t size = 0;

	if (!q->has_filter)
		return 0;
	if (fd_read_all(software ? q->filter_software : q->filter_hardware, "second filter",
			BPF_MAXINSNS * sizeof(struct sock_filter), &data, &size, &e) < 0)
		return fail_err(f, END_FAILED, NULL, &e);
	struct sock_fprog program = {.len = (unsigned short)(size / sizeof(struct sock_filter)),
				     .filter = (struct sock_filter *)(void *)data};
	meminfo_fd = open(meminfo_path, O_RDONLY | O_CLOEXEC);
	meminfo_errno = errno;
	if (install(&program) < 0)
		return fail_set(f, END_FAILED, NULL, "cannot load the second seccomp filter: %s",
				err_errno_name(errno));
	answer_send("filter", json_pack("{s:s, s:i}", "program", software ? "software" : "hardware",
					"instructions", (int)program.len));
	return 0;
}
