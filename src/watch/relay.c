/* SPDX-License-Identifier: Apache-2.0 */
/* The job's output through our pipes. */
#include "watch/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/fd.h"

enum { PUMP_CHUNKS = 64 };

int relay_open(struct relay *r, int target_fd, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_os(e, errno, NULL, "cannot create a pipe for the job's output");
	/* Only our end: the job's must block like any other pipe. */
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*r = (struct relay){.read_fd = fds[0], .write_fd = fds[1], .target_fd = target_fd};
	return 0;
}

static bool can_take(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	return poll(&p, 1, 0) == 1;
}

enum relay_result relay_pump(const struct relay *r, uint64_t *used, uint64_t limit)
{
	/*
	 * The target's file description is shared with others, so it cannot be made non-blocking; but
	 * poll(2) promises room for PIPE_BUF bytes when a pipe is writable.
	 */
	char chunk[PIPE_BUF];

	for (int i = 0; i < PUMP_CHUNKS; i++) {
		if (!can_take(r->target_fd))
			return RELAY_BLOCKED;
		ssize_t n = read(r->read_fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return RELAY_MORE;
		if (n <= 0)
			return RELAY_END;
		uint64_t room = limit - *used;
		size_t take = (uint64_t)n > room ? (size_t)room : (size_t)n;
		*used += take;
		if (fd_write_all(r->target_fd, chunk, take) < 0)
			return RELAY_END;
		if (take < (size_t)n)
			return RELAY_LIMIT;
	}
	return RELAY_MORE;
}

void relay_done(struct relay *r)
{
	if (r->read_fd >= 0)
		(void)close(r->read_fd);
	if (r->write_fd >= 0)
		(void)close(r->write_fd);
	*r = RELAY_INIT;
}
