/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill-at self|child N COMMAND ARG...
 * Runs COMMAND and kills it, by SIGKILL, when it (or the first process that it starts) enters its Nth
 * system call. Says "killed PID at NUMBER" (the kernel's number of that call) and ends with 0, or "ended
 * PID: STATUS after K calls" and ends with 1 when there were not that many. Only COMMAND is killed: what it
 * has started is let go. KILL_AT_DELAY in the environment: milliseconds for which COMMAND is held in that call
 * before, so that the others can come as far as they ever do without it.
 */
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helpers/args.h"

struct trace {
	pid_t main;
	pid_t watched; /* whose calls are counted: 0 until the child is there */
	bool inside;   /* the watched one is in a call: the next stop is its end */
	uint64_t calls;
	uint64_t goal;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "kill-at: %s: %s\n", what, strerrorname_np(errno));
	exit(2);
}

static int killed(const struct trace *t)
{
	struct __ptrace_syscall_info info;
	long size = ptrace(PTRACE_GET_SYSCALL_INFO, t->watched, sizeof info, &info);

	const char *delay = getenv("KILL_AT_DELAY");

	if (delay)
		(void)usleep((useconds_t)strtoul(delay, NULL, 10) * 1000);
	if (kill(t->main, SIGKILL) < 0)
		die("kill");
	if (t->watched != t->main)
		(void)ptrace(PTRACE_DETACH, t->watched, 0, 0);
	while (waitpid(t->main, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	printf("killed %d at %lld\n", (int)t->main, size > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long long)info.entry.nr : -1);
	return 0;
}

/* A stop of the process pid. Returns the signal to pass on, or -1 at the goal. */
static int stopped(struct trace *t, pid_t pid, int status)
{
	int sig = WSTOPSIG(status);

	int event = status >> 16;
	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		unsigned long child = 0;
		if (pid == t->main && t->watched == 0 && ptrace(PTRACE_GETEVENTMSG, pid, 0, &child) == 0)
			t->watched = (pid_t)child;
		return 0;
	}
	if (event) {
		/* A process that is traced from its start has the options of its parent: its own children are no concern. */
		if (pid != t->main)
			(void)ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
		return 0;
	}
	if (sig == (SIGTRAP | 0x80)) {
		if (pid != t->watched)
			return 0;
		t->inside = !t->inside;
		return t->inside && ++t->calls == t->goal ? -1 : 0;
	}
	return sig;
}

static int follow(struct trace *t)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			die("waitpid");
		if (!WIFSTOPPED(status)) {
			if (pid != t->main)
				continue;
			printf("ended %d: %d after %llu calls\n", (int)t->main, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
			       (unsigned long long)t->calls);
			return 1;
		}
		int sig = stopped(t, pid, status);
		if (sig < 0)
			return killed(t);
		if (ptrace(PTRACE_SYSCALL, pid, 0, sig) < 0 && errno != ESRCH)
			die("ptrace");
	}
}

int main(int argc, char **argv)
{
	if (argc < 4 || (strcmp(argv[1], "self") != 0 && strcmp(argv[1], "child") != 0))
		usage("kill-at self|child N COMMAND ARG...");
	bool child = strcmp(argv[1], "child") == 0;
	struct trace t = {.goal = number(argv[2])};

	t.main = fork();
	if (t.main == 0) {
		(void)raise(SIGSTOP);
		(void)execvp(argv[3], argv + 3);
		die(argv[3]);
	}
	long options = PTRACE_O_TRACESYSGOOD;
	if (child)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK;
	int status;
	if (waitpid(t.main, &status, WUNTRACED) < 0 || ptrace(PTRACE_SEIZE, t.main, 0, options) < 0)
		die("cannot trace");
	t.watched = child ? 0 : t.main;
	if (kill(t.main, SIGCONT) < 0)
		die("kill");
	return follow(&t);
}
