/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job's network namespace (network_namespaces(7)). The kernel takes as long to make one as for all of the
 * sandbox's mounts, so a thread makes it beside them, and the child enters it when both are done.
 */
#include <errno.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/child.h"
#include "sandbox/spread.h"

/* The sanitizers' frames are larger. */
enum { STACK_SIZE = 64 << 10 };

/* A descriptor of a network namespace of its own, which the calling thread is in then; or -1 and errno. */
static int make(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	/* Interfaces are set by any socket, also where the kernel has no IP (netdevice(7)). */
	AUTO_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) < 0)
		return -1;
	/* Not from /proc, which is being replaced meanwhile. */
	return ioctl(fd, SIOCGSKNS);
}

/*
 * The thread has the child's errno too, as it has no thread-local storage of its own: it writes to it only
 * when something fails, and then the whole set-up does.
 */
static int make_beside(void *arg)
{
	struct child *c = arg;

	c->network_fd = make();
	if (c->network_fd < 0)
		c->network_os = errno;
	__atomic_store_n(&c->network_made, 1, __ATOMIC_RELEASE);
	(void)syscall(SYS_futex, &c->network_made, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	return 0;
}

int network_begin(struct child *c, const struct step *s)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;

	(void)s;
	/* The kernel clears it and wakes us when the thread ends (set_tid_address(2)). */
	c->network_busy = 1;
	c->network_tid = clone(make_beside, stack + sizeof stack, flags, c, NULL, NULL,
			       &c->network_busy);
	if (c->network_tid < 0)
		return -1;
	(void)spread_off(c->network_tid, &c->cpus);
	return 0;
}

int network_enter(struct child *c, const struct step *s)
{
	(void)s;
	while (__atomic_load_n(&c->network_made, __ATOMIC_ACQUIRE) == 0)
		(void)syscall(SYS_futex, &c->network_made, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	AUTO_FD int fd = c->network_fd;
	if (fd >= 0)
		return setns(fd, CLONE_NEWNET);
	errno = c->network_os;
	return -1;
}

void network_end(struct child *c)
{
	uint32_t busy;

	if (c->network_tid <= 0)
		return;
	while ((busy = __atomic_load_n(&c->network_busy, __ATOMIC_ACQUIRE)) != 0)
		(void)syscall(SYS_futex, &c->network_busy, FUTEX_WAIT, busy, NULL, NULL, 0);
	/* It counts as a task until the kernel has put it away, and the job may be allowed a single one. */
	while (tgkill(getpid(), c->network_tid, 0) == 0)
		(void)sched_yield();
}
