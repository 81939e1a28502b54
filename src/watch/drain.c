/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After the end of the last process: what the job wrote is still in our pipes, and whoever reads us
 * may be slow, or gone. How long that may take is decided here.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/auto.h"
#include "watch/timers.h"

enum { DRAIN_MS = 2000 };

/*
 * How long the reader may still take, in ms for poll(2); -1: for ever. Like a bare command, a job that
 * ended by itself waits for whoever reads it, but not beyond the wall limit; after a limit or a
 * signal two seconds without progress are enough.
 */
static int drain_patience(const struct loop *l)
{
	const struct observed *o = l->watch->seen;
	uint64_t wall = l->watch->plan->limits.value[LIMIT_WALL];
	uint64_t passed = timers_now() - o->launch_ns;

	if (o->cause != CAUSE_NONE || !o->exited || (wall < LIMIT_UNSET && passed >= wall))
		return DRAIN_MS;
	uint64_t left = wall < LIMIT_UNSET ? (wall - passed) / 1000000u : UINT64_MAX;
	return left >= INT_MAX ? -1 : left < DRAIN_MS ? DRAIN_MS : (int)left;
}

/* Waits until the target takes something. False when it does not in time, or when we were asked to stop. */
static bool wait_for_reader(struct loop *l, int target_fd)
{
	struct pollfd fds[] = {{.fd = target_fd, .events = POLLOUT},
			       {.fd = l->watch->signal_fd, .events = POLLIN}};

	for (;;) {
		if (l->late_cancel) {
			/* Output is lost by it, so it is the cause. */
			l->watch->seen->cause = CAUSE_CANCEL;
			l->watch->seen->cancel_signal = l->late_cancel;
			return false;
		}
		int n = poll(fds, COUNTOF(fds), drain_patience(l));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		if (fds[0].revents)
			return true;
		watch_take_signal(l);
		if (l->watch->seen->cause != CAUSE_NONE)
			return false;
	}
}

/* What the job wrote before it died is still in the pipes; whoever reads us gets it. */
void watch_drain_output(struct loop *l)
{
	for (int which = 0; which < 2; which++) {
		struct relay *r = &l->watch->relays[which];
		while (r->read_fd >= 0) {
			/* The job is gone, so an empty pipe that is still open is held by somebody else (unix(7), SCM_RIGHTS). */
			if (watch_take_output(l, which) == RELAY_EMPTY ||
			    (r->read_fd >= 0 && l->target_waiting[which] &&
			     !wait_for_reader(l, r->target_fd)))
				relay_done(r);
		}
	}
}
