/* SPDX-License-Identifier: Apache-2.0 */
/* The table of telling arguments, by number. */
#include "sandbox/call-args.h"

#include <linux/audit.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "sandbox/proto.h"

#ifdef __s390x__
#define CLONE_FLAGS_ARG 1
#else
#define CLONE_FLAGS_ARG 0
#endif

/* Numbers of other architectures mean other calls. */
#if defined __x86_64__ && !defined __ILP32__
#define ARCH_NATIVE AUDIT_ARCH_X86_64
#elif defined __aarch64__ && defined __AARCH64EL__
#define ARCH_NATIVE AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define ARCH_NATIVE AUDIT_ARCH_RISCV64
#elif defined __s390x__
#define ARCH_NATIVE AUDIT_ARCH_S390X
#elif defined __powerpc64__ && defined __LITTLE_ENDIAN__
#define ARCH_NATIVE AUDIT_ARCH_PPC64LE
#else
#define ARCH_NATIVE 0 /* no arguments are shown */
#endif

static const struct call_arg table[] = {
#define ARG(call, argument, text, how) {SYS_##call, argument, text, CALL_ARG_##how},
#include "sandbox/call-args.def"
#undef ARG
};

const struct call_arg *call_args(uint32_t arch, uint32_t nr, unsigned *ret_count)
{
	const struct call_arg *first = table;

	*ret_count = 0;
	if (arch != ARCH_NATIVE)
		return first;
	for (size_t i = 0; i < COUNTOF(table) && *ret_count < DENIED_ARGS; i++) {
		if (table[i].nr != nr)
			continue;
		if (*ret_count == 0)
			first = &table[i];
		++*ret_count;
	}
	return first;
}
