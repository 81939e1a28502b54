/* SPDX-License-Identifier: Apache-2.0 */
/* Answering every call of a job with "go on", and noting it. */
#include "watch/learn.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/call-args.h"
#include "watch/timers.h"

enum { AT_A_TIME = 64 }; /* then others get their turn */

/* A newer kernel may have longer structures than the headers (seccomp_unotify(2)). */
union request {
	struct seccomp_notif notif;
	char room[512];
};

union answer {
	struct seccomp_notif_resp resp;
	char room[512];
};

void learned_done(struct learned *d)
{
	for (unsigned i = 0; i < d->path_count; i++)
		free(d->paths[i].path);
	free(d->paths);
	if (d->listener_fd >= 0)
		(void)close(d->listener_fd);
	d->paths = NULL;
	d->path_count = 0;
	d->listener_fd = -1;
}

int learn_argument(uint32_t nr)
{
	switch (nr) {
	case SYS_socket:
	case SYS_socketpair:
	case SYS_prctl:
	case SYS_personality:
		return 0;
	case SYS_ioctl:
		return 1;
	default:
		return -1;
	}
}

static void note(struct learned *d, const struct seccomp_data *call)
{
	uint32_t nr = (uint32_t)call->nr;
	int arg = learn_argument(nr);

	d->calls++;
	if (nr >= LEARN_CALLS)
		return;
	d->count[nr]++;
	/* Threads and processes have many values; what matters of clone is whether it asks for namespaces. */
	if (nr == SYS_clone) {
		arg = CLONE_FLAGS_ARG;
		d->made_namespaces |= (call->args[arg] & CLONE_NAMESPACES) != 0;
	}
	if (arg < 0)
		return;
	uint32_t value = (uint32_t)call->args[arg];
	for (unsigned i = 0; i < d->value_count; i++)
		if (d->values[i].nr == nr && d->values[i].value == value)
			return;
	if (d->value_count == LEARN_VALUES)
		d->values_full = true;
	else
		d->values[d->value_count++] = (struct learned_value){nr, value};
}

void learn_listen(struct loop *l, int listener_fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = SOURCE_LISTENER};

	if (listener_fd < 0)
		return;
	l->watch->learned->listener_fd = listener_fd;
	/* Without an answer every call would wait; without a listener they fail. */
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, listener_fd, &ev) == 0)
		return;
	(void)close(listener_fd);
	l->watch->learned->listener_fd = -1;
}

static void serve_one(struct learned *d)
{
	union request q;
	union answer a;

	memset(&q, 0, sizeof q);
	memset(&a, 0, sizeof a);
	if (ioctl(d->listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &q.notif) < 0)
		return;
	note(d, &q.notif.data);
	learn_paths(d, &q.notif);
	a.resp.id = q.notif.id;
	a.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)ioctl(d->listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &a.resp);
}

void learn_serve(struct loop *l)
{
	struct learned *d = l->watch->learned;

	for (int i = 0; i < AT_A_TIME && d->listener_fd >= 0; i++) {
		struct pollfd fd = {.fd = d->listener_fd, .events = POLLIN};
		/* Receiving would wait for the next call. */
		if (poll(&fd, 1, 0) <= 0)
			return;
		if (fd.revents & POLLIN) {
			serve_one(d);
			continue;
		}
		/* No process has the filter any more. */
		loop_forget(l, d->listener_fd);
		(void)close(d->listener_fd);
		d->listener_fd = -1;
	}
}
