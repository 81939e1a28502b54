/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's descriptors: which are in the epoll set, and what they are waited for. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/auto.h"
#include "watch/timers.h"
#include "watch/watch.h"

int loop_add(struct loop *l, int fd, enum source source, struct err *e)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = source};
	if (fd < 0)
		return 0;
	/* A file of cgroup v2 says by POLLPRI that it has changed, and would be readable all the time. */
	bool is_event = source == SOURCE_OOM || source == SOURCE_PRESSURE;
	if (source == SOURCE_REFUSED || (is_event && l->watch->group->place->version == CGROUP_V2))
		ev.events = EPOLLPRI;
	/* Each expiry is said once, and the timer set anew for the next: nothing needs to be read, ten times a second. */
	if (source == SOURCE_TIMER)
		ev.events |= EPOLLET;
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_os(e, errno, NULL, "cannot watch the job");
	return 0;
}

void loop_forget(struct loop *l, int fd)
{
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* While the target takes nothing, waiting for the pipe would spin: wait for the target instead. */
void loop_wait_target(struct loop *l, int which, bool waiting)
{
	const struct relay *r = &l->watch->relays[which];
	struct epoll_event in = {.events = EPOLLIN,
				 .data.u32 = which ? SOURCE_STDERR : SOURCE_STDOUT};
	/* Edges: a terminal with room for one byte counts as writable and may still not take a newline. */
	struct epoll_event out = {.events = EPOLLOUT | EPOLLET,
				  .data.u32 = which ? SOURCE_STDERR_TARGET : SOURCE_STDOUT_TARGET};

	l->target_waiting[which] = waiting;
	if (waiting) {
		loop_forget(l, r->read_fd);
		(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, r->target_fd, &out);
	} else {
		loop_forget(l, r->target_fd);
		(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, r->read_fd, &in);
	}
}

int loop_open(struct loop *l, struct watch *w, struct err *e)
{
	*l = (struct loop){.watch = w,
			   .epoll_fd = -1,
			   .timer_fd = -1,
			   .tmp_fd = -1,
			   .pressure_fd = -1,
			   .refused_fd = -1,
			   .running = true};
	proc_files_init(&l->files);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return err_os(e, errno, NULL, "cannot watch the job");
	if (timers_open(l, e) < 0)
		return -1;
	if (loop_add(l, w->child->pidfd, SOURCE_INIT, e) < 0 ||
	    loop_add(l, w->child->control_fd, SOURCE_CONTROL, e) < 0 ||
	    loop_add(l, l->timer_fd, SOURCE_TIMER, e) < 0 ||
	    loop_add(l, w->signal_fd, SOURCE_SIGNAL, e) < 0 ||
	    loop_add(l, w->answers_fd, SOURCE_ANSWERS, e) < 0 || watch_group_open(l, e) < 0 ||
	    loop_add(l, w->relays[0].read_fd, SOURCE_STDOUT, e) < 0)
		return -1;
	return loop_add(l, w->relays[1].read_fd, SOURCE_STDERR, e);
}

void loop_close(struct loop *l)
{
	const int fds[] = {l->epoll_fd, l->timer_fd, l->tmp_fd, l->pressure_fd, l->refused_fd};
	proc_files_done(&l->files);
	for (size_t i = 0; i < COUNTOF(fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}
