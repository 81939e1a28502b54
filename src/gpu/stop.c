/* SPDX-License-Identifier: Apache-2.0 */
/* The one piece of static state: a signal handler can reach nothing else. */
#include "gpu/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t asked;

static void on_signal(int number)
{
	(void)number;
	asked = 1;
}

static void stop_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGHUP);
}

void stop_install(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	/* The caller may have blocked them for its own signalfd. */
	sigset_t set;
	stop_signals(&set);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

bool stop_asked(void)
{
	return asked != 0;
}

static bool wait_for(int fd, short events)
{
	struct pollfd wait = {.fd = fd, .events = events};
	sigset_t set, before;

	/* Blocked between the look at the flag and the wait, or a signal just then would be slept over. */
	stop_signals(&set);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	while (!stop_asked() && ppoll(&wait, 1, NULL, &before) < 0 && errno == EINTR)
		;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return !stop_asked();
}

bool stop_wait_readable(int fd)
{
	return wait_for(fd, POLLIN);
}

bool stop_wait_writable(int fd)
{
	return wait_for(fd, POLLOUT);
}
