/* SPDX-License-Identifier: Apache-2.0 */
/* Which program a profile means, and putting it on this thread. No libseccomp here. */
#include "sandbox/filter.h"

#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"

#ifdef FILTER_EMBEDDED
#include "sandbox/filter-data.h"

int filter_get(enum spec_seccomp profile, struct filter *ret, struct err *e)
{
	const struct sock_filter *insns = NULL;
	size_t len = 0;

	(void)e; /* an embedded program cannot fail to be there */
	switch (profile) {
	case SECCOMP_DEFAULT:
		insns = filter_data_default;
		len = COUNTOF(filter_data_default);
		break;
	case SECCOMP_STRICT:
		insns = filter_data_strict;
		len = COUNTOF(filter_data_strict);
		break;
	case SECCOMP_NONE:
		break;
	}
	/* struct sock_fprog wants a pointer that may write; nobody does, as owned says. */
	*ret = (struct filter){.insns = (struct sock_filter *)(uintptr_t)insns,
			       .len = (unsigned short)len};
	return 0;
}
#else
int filter_get(enum spec_seccomp profile, struct filter *ret, struct err *e)
{
	return filter_compile(profile, ret, e);
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
