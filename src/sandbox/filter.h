/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp filter of a job: a BPF program made from a profile's table. libseccomp turns the
 * tables into programs when vkjail is built; the launch only loads bytes. seccomp(2).
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>

#include "base/err.h"
#include "job/spec.h"

struct filter {
	struct sock_filter *insns; /* only written while it is made */
	unsigned short len;        /* 0: no filter */
	bool owned;                /* insns came from malloc */
};

/* The embedded program when this build has one, else compiled now. SECCOMP_NONE gives len 0. */
int filter_get(enum spec_seccomp profile, struct filter *ret, struct err *e);

/* Always compiled by libseccomp: for builds without an embedded program, and to check it against. */
int filter_compile(enum spec_seccomp profile, struct filter *ret, struct err *e);

void filter_done(struct filter *f);

/*
 * Puts the filter on the calling thread, for good. Async-signal-safe, allocates nothing. The
 * caller has set no_new_privs. Nothing to do for len 0. -1 with errno.
 */
int filter_load(const struct filter *f);
