/* SPDX-License-Identifier: Apache-2.0 */
/* Which program a profile means, and putting it on this thread. No libseccomp here. */
#include "sandbox/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/call-args.h"

#ifdef FILTER_EMBEDDED
#include "sandbox/filter-data.h"

int filter_get(enum spec_seccomp profile, struct filter *ret, struct err *e)
{
	const struct sock_filter *insns = NULL, *asking = NULL;
	size_t len = 0;

	(void)e; /* an embedded program cannot fail to be there */
	switch (profile) {
	case SECCOMP_DEFAULT:
		insns = filter_data_default;
		asking = filter_data_default_asking;
		len = COUNTOF(filter_data_default);
		break;
	case SECCOMP_STRICT:
		insns = filter_data_strict;
		asking = filter_data_strict_asking;
		len = COUNTOF(filter_data_strict);
		break;
	case SECCOMP_NONE:
	case SECCOMP_FILE:
		break;
	}
	/* struct sock_fprog wants a pointer that may write; nobody does, as owned says. */
	*ret = (struct filter){.insns = (struct sock_filter *)(uintptr_t)insns,
			       .asking = (struct sock_filter *)(uintptr_t)asking,
			       .len = (unsigned short)len};
	return 0;
}

int filter_second_get(enum filter_second which, struct filter *ret, struct err *e)
{
	const bool hardware = which == FILTER_SECOND_HARDWARE;

	(void)e;
	*ret = (struct filter){
	    .insns = (struct sock_filter *)(uintptr_t)(hardware ? filter_data_second_hardware
								: filter_data_second_software),
	    .len = (unsigned short)(hardware ? COUNTOF(filter_data_second_hardware)
					     : COUNTOF(filter_data_second_software))};
	return 0;
}
#else
int filter_get(enum spec_seccomp profile, struct filter *ret, struct err *e)
{
	return filter_compile(profile, ret, e);
}

int filter_second_get(enum filter_second which, struct filter *ret, struct err *e)
{
	return filter_second_compile(which, ret, e);
}
#endif

void filter_done(struct filter *f)
{
	if (f->owned)
		free(f->insns);
	*f = (struct filter){0};
}

int filter_load(const struct filter *f)
{
	struct sock_fprog prog = {.len = f->len, .filter = f->insns};

	if (f->len == 0)
		return 0;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* Of Linux 5.19; headers may be older. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

int filter_load_asking(const struct filter *f)
{
	struct sock_fprog prog = {.len = f->len, .filter = f->asking};

	/* Once the listener has a call, signals no longer interrupt it: it is refused, never restarted. */
	int fd = (int)syscall(
	    SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog);
	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				  SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
	return fd;
}

static bool jumps(const struct sock_filter *i, uint32_t a)
{
	if (BPF_OP(i->code) == BPF_JEQ)
		return a == i->k;
	if (BPF_OP(i->code) == BPF_JGT)
		return a > i->k;
	if (BPF_OP(i->code) == BPF_JGE)
		return a >= i->k;
	return (a & i->k) != 0; /* BPF_JSET */
}

uint32_t filter_answer(const struct filter *f, const struct seccomp_data *call)
{
	uint32_t a = 0;

	/* What libseccomp and filter-front.c emit. Jumps only go forward, so this ends. */
	for (size_t at = 0; at < f->len; at++) {
		const struct sock_filter *i = &f->insns[at];
		if (i->code == (BPF_RET | BPF_K))
			return i->k;
		if (i->code == (BPF_LD | BPF_W | BPF_ABS) && i->k % sizeof a == 0 &&
		    i->k < sizeof *call)
			memcpy(&a, (const char *)call + i->k, sizeof a);
		else if (i->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= i->k;
		else if (i->code == (BPF_JMP | BPF_JA))
			at += i->k;
		else if (BPF_CLASS(i->code) == BPF_JMP && BPF_SRC(i->code) == BPF_K)
			at += jumps(i, a) ? i->jt : i->jf;
		else
			break;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

bool filter_allows(const struct filter *f, int nr, uint64_t first)
{
	const struct seccomp_data call = {.arch = CALL_ARCH_NATIVE, .nr = nr, .args = {first}};

	return f->len == 0 || filter_answer(f, &call) == SECCOMP_RET_ALLOW;
}
