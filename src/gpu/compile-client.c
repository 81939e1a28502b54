/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source goes down one pipe while SPIR-V and messages come up two others, all non-blocking in
 * one poll loop with a deadline. The child gets an empty environment and no other descriptor.
 */
#include "gpu/compile-client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/fd.h"
#include "gpu/answer.h"
#include "gpu/spirv.h"
#include "gpu/stop.h"

struct sink {
	int fd;
	char *data;
	size_t used, max;
};

struct compiler {
	const struct compile_job *job;
	bool glsl;
	pid_t pid;
	int in;       /* the source's pipe */
	char *source; /* followed by the target as soon as it is known */
	size_t fed, size;
	bool complete;
	struct sink out, errors;
	uint64_t cpu_ns;
};

void compile_drop(struct compiler *c)
{
	if (!c)
		return;
	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	auto_close_(&c->in);
	auto_close_(&c->out.fd);
	auto_close_(&c->errors.fd);
	free(c->out.data);
	free(c->errors.data);
	free(c->source);
	free(c);
}

static void auto_drop(struct compiler **c)
{
	compile_drop(*c);
}

#define AUTO_COMPILER __attribute__((cleanup(auto_drop)))

/* NAME=VALUE of each macro goes as an argument: the source's lines keep their numbers. */
static char **arguments(struct arena *a, const struct compiler *c)
{
	const struct compile_job *job = c->job;
	char **argv = arena_alloc(a, (job->define_count + 6) * sizeof *argv);
	size_t n = 0;

	argv[n++] = arena_strdup(a, "vkjail-compile");
	argv[n++] = arena_strdup(a, c->glsl ? "glsl" : "spirv");
	argv[n++] = arena_strdup(a, job->path);
	argv[n++] = arena_strdup(a, job->entry);
	argv[n++] = arena_printf(a, "--source-bytes=%zu", c->size);
	for (size_t i = 0; c->glsl && i < job->define_count; i++) {
		const struct request_define *d = &job->defines[i];
		argv[n++] = arena_printf(a, "-D%s%s%s", d->name, d->value ? "=" : "",
					 d->value ? d->value : "");
	}
	return argv;
}

static int start(struct compiler *c, const int fds[static 3])
{
	__attribute__((cleanup(arena_done))) struct arena arena = {0};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	char *const envp[] = {NULL};

	(void)sigemptyset(&none);
	(void)sigfillset(&defaults);
	int rc = posix_spawn_file_actions_init(&actions);
	rc = rc ? rc : posix_spawnattr_init(&attr);
	for (int i = 0; i < 3; i++)
		rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	rc = rc ? rc : posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	rc = rc ? rc : posix_spawnattr_setsigmask(&attr, &none);
	rc = rc ? rc : posix_spawnattr_setsigdefault(&attr, &defaults);
	rc = rc ? rc
		: posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = rc ? rc
		: posix_spawn(&c->pid, c->job->compiler, &actions, &attr, arguments(&arena, c),
			      envp);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return rc;
}

static int spawn(struct compiler *c, struct fail *f)
{
	const struct compile_job *job = c->job;
	int in[2], out[2], errors[2];

	/* Non-blocking is for our ends: it belongs to the open file description, so the child's are set back. */
	if (pipe2(in, O_CLOEXEC) < 0)
		return fail_set(f, END_FAILED, job->where, "cannot make a pipe (%s)",
				err_errno_name(errno));
	c->in = in[1];
	AUTO_FD int child_in = in[0];
	if (pipe2(out, O_CLOEXEC) < 0)
		return fail_set(f, END_FAILED, job->where, "cannot make a pipe (%s)",
				err_errno_name(errno));
	c->out.fd = out[0];
	AUTO_FD int child_out = out[1];
	if (pipe2(errors, O_CLOEXEC) < 0)
		return fail_set(f, END_FAILED, job->where, "cannot make a pipe (%s)",
				err_errno_name(errno));
	c->errors.fd = errors[0];
	AUTO_FD int child_errors = errors[1];
	if (fcntl(c->in, F_SETFL, O_NONBLOCK) < 0 || fcntl(c->out.fd, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(c->errors.fd, F_SETFL, O_NONBLOCK) < 0)
		return fail_set(f, END_FAILED, job->where, "cannot set up a pipe (%s)",
				err_errno_name(errno));

	int rc = start(c, (const int[]){child_in, child_out, child_errors});
	if (rc) {
		c->pid = 0;
		return fail_set(f, END_FAILED, job->where,
				"cannot start the shader compiler '%s': %s", job->compiler,
				strerrordesc_np(rc));
	}
	return 0;
}

/* 1: more may come, 0: end of file or a closed sink, -1: too much. */
static int drain(struct sink *s)
{
	ssize_t n = read(s->fd, s->data + s->used, s->max - s->used);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n > 0)
		s->used += (size_t)n;
	if (n > 0 && s->used < s->max)
		return 1;
	(void)close(s->fd);
	s->fd = -1;
	return s->used == s->max ? -1 : 0;
}

static void feed(struct compiler *c)
{
	ssize_t n = c->fed < c->size ? write(c->in, c->source + c->fed, c->size - c->fed) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->fed += (size_t)n;
	/* It does not read any more, or has everything. */
	if (n < 0 || (c->complete && c->fed == c->size)) {
		(void)close(c->in);
		c->in = -1;
	}
}

/* Why its wait ended early, or NULL. */
static const char *talk(struct compiler *c)
{
	uint64_t deadline = now_ns() + COMPILE_DEADLINE_MS * UINT64_C(1000000);

	while (c->out.fd >= 0 || c->errors.fd >= 0) {
		struct pollfd p[] = {
		    {c->in, POLLOUT, 0}, {c->out.fd, POLLIN, 0}, {c->errors.fd, POLLIN, 0}};
		uint64_t now = now_ns();
		if (stop_asked())
			return "cancelled";
		if (now >= deadline)
			return "it took too long";
		/* A signal between the look at the flag and poll would wait for the slice's end. */
		int slice = deadline - now > 20000000 ? 20 : 1;
		if (poll(p, COUNTOF(p), slice) < 0 && errno != EINTR)
			return "poll does not work";
		if (p[0].revents)
			feed(c);
		if (p[1].revents && drain(&c->out) < 0)
			return "its result is too large";
		if (p[2].revents)
			(void)drain(&c->errors); /* more than fits is not worth having */
	}
	return NULL;
}

static int reap(struct compiler *c, int *ret_status)
{
	struct rusage used;
	pid_t pid;

	do
		pid = wait4(c->pid, ret_status, 0, &used);
	while (pid < 0 && errno == EINTR);
	c->pid = 0;
	if (pid < 0)
		return -1;
	c->cpu_ns = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000u +
		    (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000u;
	return 0;
}

/* The first message goes into the answer, all of them to stderr when there are more. */
static int rejected(struct compiler *c, int status, struct fail *f)
{
	const struct compile_job *job = c->job;

	c->errors.data[c->errors.used] = '\0';
	char *end = strchr(c->errors.data, '\n');
	bool more = end && end[1] != '\0';

	if (WIFSIGNALED(status)) {
		int sig = WTERMSIG(status);
		const char *why = sig == SIGXCPU || sig == SIGKILL ? "it used too much CPU time"
				  : sig == SIGSEGV
				      ? "it crashed, perhaps because the text is nested too deeply"
				  : sig == SIGABRT
				      ? "it gave up, perhaps because it ran out of memory"
				      : "a signal ended it";
		return fail_set(f, END_BAD_JOB, job->where,
				"shader rejected: %s: the compiler was ended by SIG%s: %s",
				job->path, sigabbrev_np(sig), why);
	}
	if (!end && c->errors.used == 0)
		return fail_set(
		    f, END_BAD_JOB, job->where,
		    "shader rejected: %s: the compiler ended with status %d and no message",
		    job->path, WEXITSTATUS(status));
	if (more)
		(void)fd_write_all(STDERR_FILENO, c->errors.data,
				   c->errors.used); /* no reader, no harm */
	if (end)
		*end = '\0';
	return fail_set(f, END_BAD_JOB, job->where, "shader rejected: %s%s", c->errors.data,
			more ? " (and more, on stderr)" : "");
}

static int take_words(struct compiler *c, struct compiled *ret, struct fail *f)
{
	size_t count = c->out.used / 4;
	AUTO_FREE uint32_t *words = malloc(c->out.used + 4);

	if (!words)
		return fail_set(f, END_FAILED, c->job->where, "out of memory");
	memcpy(words, c->out.data, c->out.used);
	if (c->out.used % 4 != 0 || count < 5 || words[0] != SPIRV_MAGIC)
		return fail_set(f, END_BAD_JOB, c->job->where,
				"shader rejected: %s: the compiler's result is not SPIR-V",
				c->job->path);
	*ret = (struct compiled){
	    .words = TAKE_PTR(words), .count = count, .glsl = c->glsl, .cpu_ns = c->cpu_ns};
	return 0;
}

static int read_part(struct compiler *c, struct fail *f)
{
	const struct compile_job *job = c->job;

	if (job->size > COMPILE_SOURCE_MAX)
		return fail_set(f, END_BAD_JOB, job->where, "%s: larger than %d bytes", job->path,
				COMPILE_SOURCE_MAX);
	c->source = malloc((size_t)job->size + 1);
	if (!c->source)
		return fail_set(f, END_FAILED, job->where, "out of memory");
	while (c->size < job->size) {
		ssize_t n = pread(job->fd, c->source + c->size, (size_t)job->size - c->size,
				  (off_t)(job->offset + c->size));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_set(f, END_FAILED, job->where, "%s: cannot be read whole (%s)",
					job->path, n < 0 ? err_errno_name(errno) : "it is cut off");
		c->size += (size_t)n;
	}
	return 0;
}

static int take_cached(struct compiler *c, struct fail *f)
{
	const struct compile_job *job = c->job;

	c->size = job->cached_count * sizeof *job->cached;
	c->source = malloc(c->size + 1);
	if (!c->source)
		return fail_set(f, END_FAILED, job->where, "out of memory");
	memcpy(c->source, job->cached, c->size);
	return 0;
}

static int read_source(struct compiler *c, struct fail *f)
{
	const struct compile_job *job = c->job;
	struct err e = ERR_INIT;
	uint32_t magic = 0;

	if (job->cached)
		return take_cached(c, f);
	if (job->size == UINT64_MAX) {
		(void)lseek(job->fd, (off_t)job->offset, SEEK_SET); /* kernels may share one */
		if (fd_read_all(job->fd, job->path, COMPILE_SOURCE_MAX, &c->source, &c->size, &e) <
		    0)
			return fail_err(f, END_BAD_JOB, job->where, &e);
	} else if (read_part(c, f) < 0) {
		return -1;
	}
	if (c->size >= 4)
		memcpy(&magic, c->source, 4);
	if (magic == __builtin_bswap32(SPIRV_MAGIC))
		return fail_set(f, END_BAD_JOB, job->where, "%s: is SPIR-V of the other byte order",
				job->path);
	c->glsl = magic != SPIRV_MAGIC;
	if (!c->glsl && job->define_count)
		return fail_set(f, END_BAD_JOB, job->where,
				"%s: is SPIR-V, and macros are for GLSL: leave out 'define'",
				job->path);
	return 0;
}

struct compiler *compile_start(const struct compile_job *job, struct fail *f)
{
	AUTO_COMPILER struct compiler *c = calloc(1, sizeof *c);

	if (!c) {
		(void)fail_set(f, END_FAILED, job->where, "out of memory");
		return NULL;
	}
	*c = (struct compiler){
	    .job = job,
	    .in = -1,
	    .out = {.fd = -1, .max = COMPILE_RESULT_MAX},
	    .errors = {.fd = -1, .max = COMPILE_ERRORS_MAX},
	};
	c->out.data = malloc(c->out.max + 1);
	c->errors.data = malloc(c->errors.max + 1);
	if (!c->out.data || !c->errors.data) {
		(void)fail_set(f, END_FAILED, job->where, "out of memory");
		return NULL;
	}
	if (read_source(c, f) < 0 || spawn(c, f) < 0)
		return NULL;
	feed(
	    c); /* most shaders fit into the pipe, so the compiler can go on while we do other things */
	return TAKE_PTR(c);
}

/* "1.2 scalar": the last thing that the compiler reads. */
static int add_target(struct compiler *c, const struct compile_target *target, struct fail *f)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%u.%u%s", VK_API_VERSION_MAJOR(target->api),
			 VK_API_VERSION_MINOR(target->api), target->scalar ? " scalar" : "");
	char *grown = realloc(c->source, c->size + (size_t)n);

	if (!grown)
		return fail_set(f, END_FAILED, c->job->where, "out of memory");
	memcpy(grown + c->size, text, (size_t)n);
	c->source = grown;
	c->size += (size_t)n;
	c->complete = true;
	return 0;
}

int compile_finish(struct compiler *started, const struct compile_target *target,
		   struct compiled *ret, struct fail *f)
{
	AUTO_COMPILER struct compiler *c = started;
	const struct compile_job *job = c->job;
	int status;

	if (add_target(c, target, f) < 0)
		return -1;
	const char *why = talk(c);
	if (why && stop_asked())
		return fail_set(f, END_CANCELLED, NULL, "cancelled while a shader was compiled");
	if (why)
		return fail_set(f, END_BAD_JOB, job->where,
				"shader rejected: %s: the compiler was ended: %s", job->path, why);
	if (reap(c, &status) < 0)
		return fail_set(f, END_FAILED, job->where,
				"the shader compiler's end cannot be read (%s)",
				err_errno_name(errno));
	return status == 0 ? take_words(c, ret, f) : rejected(c, status, f);
}
