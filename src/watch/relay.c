/* SPDX-License-Identifier: Apache-2.0 */
/* The job's output through our pipes. */
#include "watch/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PUMP_CHUNKS = 64 };

/*
 * The target's open file is shared with others, so it cannot be made non-blocking; but a terminal or
 * a pipe can be opened once more. Without that a terminal that nobody reads would stop our timers: its
 * poll(2) promises room for one byte only. A regular file never blocks, and its offset is to be shared.
 */
static void own_target(struct relay *r)
{
	struct stat st;
	char path[32];

	if (fstat(r->target_fd, &st) < 0 || (!S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode)))
		return;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", r->target_fd);
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return; /* somebody else's, after su(1): then poll(2) has to do */
	r->target_fd = fd;
	r->owned = true;
}

int relay_open(struct relay *r, int target_fd, struct err *e)
{
	int fds[2];
	char *chunk = malloc(PIPE_BUF);

	if (!chunk || pipe2(fds, O_CLOEXEC) < 0) {
		int os = errno;
		free(chunk);
		return err_os(e, os, NULL, "cannot create a pipe for the job's output");
	}
	/* Only our end: the job's must block like any other pipe. */
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*r = (struct relay){
	    .read_fd = fds[0], .write_fd = fds[1], .target_fd = target_fd, .chunk = chunk};
	own_target(r);
	return 0;
}

static bool can_take(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	return poll(&p, 1, 0) == 1;
}

/* Passes on what is kept. RELAY_MORE when all of it is gone. */
static enum relay_result push(struct relay *r)
{
	while (r->kept > 0) {
		if (!can_take(r->target_fd))
			return RELAY_BLOCKED;
		ssize_t n = write(r->target_fd, r->chunk, r->kept);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? RELAY_BLOCKED : RELAY_END;
		r->kept -= (size_t)n;
		memmove(r->chunk, r->chunk + n, r->kept);
	}
	return RELAY_MORE;
}

enum relay_result relay_pump(struct relay *r, uint64_t *used, uint64_t limit)
{
	for (int i = 0; i < PUMP_CHUNKS; i++) {
		enum relay_result pushed = push(r);
		if (pushed != RELAY_MORE)
			return pushed;
		if (r->full)
			return RELAY_END;
		if (!can_take(r->target_fd))
			return RELAY_BLOCKED;
		ssize_t n = read(r->read_fd, r->chunk, PIPE_BUF);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return RELAY_EMPTY;
		if (n <= 0)
			return RELAY_END;
		uint64_t room = limit - *used;
		r->kept = (uint64_t)n > room ? (size_t)room : (size_t)n;
		*used += r->kept;
		if (r->kept < (size_t)n) {
			r->full = true;
			(void)push(r);
			return RELAY_LIMIT;
		}
	}
	return RELAY_MORE;
}

void relay_done(struct relay *r)
{
	if (r->read_fd >= 0)
		(void)close(r->read_fd);
	if (r->write_fd >= 0)
		(void)close(r->write_fd);
	if (r->owned)
		(void)close(r->target_fd);
	free(r->chunk);
	*r = RELAY_INIT;
}
