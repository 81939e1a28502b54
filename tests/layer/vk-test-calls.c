/* SPDX-License-Identifier: Apache-2.0 */
/* System calls from inside a job's driver, as one that was taken over would make them: at each vkQueueSubmit. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/vk-test-layer.h"

enum { ARGS = 6 };

static const struct {
	const char *name;
	long nr;
} known[] = {
#define CALL(name) {#name, SYS_##name}
    CALL(openat),     CALL(newfstatat), CALL(readlinkat), CALL(mkdirat), CALL(execve),
    CALL(kill),       CALL(ioctl),      CALL(prctl),      CALL(seccomp), CALL(setuid),
    CALL(pidfd_open), CALL(sendmsg),    CALL(rt_sigaction), CALL(getpid),
};

/* An argument is a number, or text with a ':' before it. */
static long argument(char *text)
{
	return text[0] == ':' ? (long)(text + 1) : (long)strtoull(text, NULL, 0);
}

static void make_call(void)
{
	char *rule = strdup(getenv("VK_TEST_CALL")), *rest = rule;
	const char *name = strsep(&rest, ",");
	long args[ARGS] = {0};
	size_t i = 0;

	for (size_t n = 0; rest && n < ARGS; n++)
		args[n] = argument(strsep(&rest, ","));
	while (i < sizeof known / sizeof known[0] && strcmp(known[i].name, name) != 0)
		i++;
	if (i == sizeof known / sizeof known[0])
		die("VK_TEST_CALL names a call that it does not know");
	errno = 0;
	long r = syscall(known[i].nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	(void)fprintf(stderr, "vk-test-layer: %s: %s\n", name, r == -1 ? strerrorname_np(errno) : "ok");
	free(rule);
}

/* A thread that is there when the device is made, as a driver's are. */
static sem_t asked, done;

static void *other_thread(void *arg)
{
	(void)arg;
	for (;;) {
		while (sem_wait(&asked) < 0)
			;
		make_call();
		(void)sem_post(&done);
	}
	return NULL;
}

void calls_begin(void)
{
	static pthread_t thread;

	if (!getenv("VK_TEST_CALL_THREAD"))
		return;
	(void)sem_init(&asked, 0, 0);
	(void)sem_init(&done, 0, 0);
	if (pthread_create(&thread, NULL, other_thread, NULL) != 0)
		die("no thread");
}

void calls_now(void)
{
	if (!getenv("VK_TEST_CALL"))
		return;
	if (!getenv("VK_TEST_CALL_THREAD")) {
		make_call();
		return;
	}
	(void)sem_post(&asked);
	while (sem_wait(&done) < 0)
		;
}
