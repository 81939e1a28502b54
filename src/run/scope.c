/* SPDX-License-Identifier: Apache-2.0 */
/* Asks systemd, through vkjail-scope, for a control group in which we may make others. */
#include "run/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"

/* What the helper writes, both stdout and stderr: one line. */
static void take_line(int fd, char *line, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (used < size - 1 && (n = read(fd, line + used, size - 1 - used)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		used += (size_t)n;
	}
	line[used] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

int scope_ask(const char *libexec, char *why, size_t size)
{
	char program[4200], pid[16], name[64];
	char *argv[] = {program, pid, name, NULL};
	posix_spawn_file_actions_t actions;
	int pipe_fds[2];
	pid_t child;
	int status = -1;

	(void)snprintf(program, sizeof program, "%s/vkjail-scope", libexec);
	(void)snprintf(pid, sizeof pid, "%d", (int)getpid());
	(void)snprintf(name, sizeof name, "vkjail-%d", (int)getpid());
	if (access(program, X_OK) < 0) {
		(void)snprintf(why, size, "'%s' is not installed", program);
		return -1;
	}
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		(void)snprintf(why, size, "%s", strerrordesc_np(errno));
		return -1;
	}
	AUTO_FD int from = pipe_fds[0];
	AUTO_FD int to = pipe_fds[1];
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, to, STDERR_FILENO);
	/* Of the caller's environment only what leads to its manager. */
	static const char *const passed[] = {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"};
	char values[COUNTOF(passed)][600];
	char *env[COUNTOF(passed) + 1] = {NULL};
	for (size_t i = 0, count = 0; i < COUNTOF(passed); i++) {
		const char *value = getenv(passed[i]);
		if (!value)
			continue;
		(void)snprintf(values[i], sizeof values[i], "%s=%s", passed[i], value);
		env[count++] = values[i];
	}
	int os = posix_spawn(&child, program, &actions, NULL, argv, env);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (os != 0) {
		(void)snprintf(why, size, "'%s': %s", program, strerrordesc_np(os));
		return -1;
	}
	(void)close(TAKE_FD(to));
	/* It has a deadline of its own. */
	take_line(from, why, size);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
