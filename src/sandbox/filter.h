/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp filter of a job: a BPF program made from a profile's table. libseccomp turns the
 * tables into programs when vkjail is built; the launch only loads bytes. seccomp(2).
 */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "job/spec.h"

/*
 * Two programs of one length. The first refuses by itself; the second asks the listener instead,
 * which looks the answer up in the first. Only written while they are made.
 */
struct filter {
	struct sock_filter *insns;
	struct sock_filter *asking;
	unsigned short len; /* 0: no filter */
	bool owned;         /* insns came from malloc, and asking is its second half */
};

struct profile;

/* The program of a profile file, made by libseccomp now. Mistakes in the file are ERR_BAD. */
int filter_of_file(const struct profile *p, struct filter *ret, struct err *e);

/*
 * Lets the listener decide about every call but those that start the job, and clone3, which nobody needs and
 * no filter can look into. Static.
 */
void filter_learning(struct filter *ret);

/* The embedded program when this build has one, else compiled now. SECCOMP_NONE and SECCOMP_FILE give len 0. */
int filter_get(enum spec_seccomp profile, struct filter *ret, struct err *e);

/*
 * What vkjail-exec loads on top of 'strict' when its device is open: it only ever takes calls away. For
 * software drivers, and for those of hardware, which need more.
 */
enum filter_second { FILTER_SECOND_SOFTWARE, FILTER_SECOND_HARDWARE, FILTER_SECONDS };

/* Like filter_get and filter_compile; there is no asking program: the second filter has no listener. */
int filter_second_get(enum filter_second which, struct filter *ret, struct err *e);
int filter_second_compile(enum filter_second which, struct filter *ret, struct err *e);

/* Always compiled by libseccomp: for builds without an embedded program, and to check it against. */
int filter_compile(enum spec_seccomp profile, struct filter *ret, struct err *e);

void filter_done(struct filter *f);

/*
 * Puts the filter on the calling thread, for good. Async-signal-safe, allocates nothing. The
 * caller has set no_new_privs. Nothing to do for len 0. -1 with errno.
 */
int filter_load(const struct filter *f);

/*
 * The same with the asking program. Returns the descriptor on which the refused calls come
 * (seccomp_unotify(2)); -1 with errno, and then no filter has been loaded.
 */
int filter_load_asking(const struct filter *f);

/*
 * What the program says to a call: a SECCOMP_RET_* value; SECCOMP_RET_KILL_PROCESS for a program that is
 * none. Async-signal-safe.
 */
uint32_t filter_answer(const struct filter *f, const struct seccomp_data *call);

/* Whether this machine's own call nr goes through with this first argument, the others being 0. */
bool filter_allows(const struct filter *f, int nr, uint64_t first);
