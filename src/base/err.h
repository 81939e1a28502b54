/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error value. A function that can fail returns 0 (or an fd, or a pointer) on success and
 * -1 (or NULL) with *e filled on failure; nothing else. e is never NULL and success leaves it
 * untouched. Held by value, never allocated, so nobody has to free it. Only src/cli prints it.
 */
#pragma once

#include <stddef.h>

enum err_kind {
	ERR_NONE = 0,
	ERR_BAD,   /* the caller's input is wrong; object says where */
	ERR_OS,    /* a system call failed; os holds its errno */
	ERR_LIMIT, /* a limit that was required cannot be enforced here */
	ERR_CHILD, /* the sandboxed child reported a failed step; os holds its errno */
};

struct err {
	enum err_kind kind;
	int os;           /* errno of the failing call, 0 where no call failed */
	char object[320]; /* what it happened to: a path, "jobs/blur.yaml:12: limits.memory" */
	char text[480];   /* the problem, lower case, no full stop */
	char hint[320];   /* how to fix it; empty when there is nothing useful to say */
};

#define ERR_INIT ((struct err){.kind = ERR_NONE})

/* All of these return -1 so that they can be the return statement. Truncated text ends in "...". */

/* A failed system call: object may be NULL. os is the errno of that very call. */
int err_os(struct err *e, int os, const char *object, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), nonnull(1, 4)));

/* Wrong input: where names the place in the caller's terms ("jobs/a.yaml:3: limits.wall", "--wall"). */
int err_bad(struct err *e, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), nonnull(1, 3)));

/* Any kind, with no errno. */
int err_set(struct err *e, enum err_kind kind, const char *object, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), nonnull(1, 4)));

/* What failed was something that the caller named: wrong input, whatever call found it. Keeps the rest. */
int err_as_bad(struct err *e) __attribute__((nonnull(1)));

/* Adds context on the outside of an existing error ("job 'blur'"). */
int err_in(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* Sets the advice line; keeps the error otherwise. */
int err_hint(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* Writes "object: text: errno text (ENAME)" into buf, always terminated. Returns buf. */
const char *err_render(const struct err *e, char *buf, size_t size);

/* The symbolic name of an errno value ("EPERM"), or "?" when the C library knows none. */
const char *err_errno_name(int os);
