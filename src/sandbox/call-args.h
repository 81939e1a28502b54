/* SPDX-License-Identifier: Apache-2.0 */
/* Which arguments of a denied system call are kept (pid 1) and what they are called (the report). */
#pragma once

#include <linux/audit.h>
#include <sched.h>
#include <stdint.h>

/* What struct seccomp_data has in arch for this machine's own calls; 0 where no arguments are known by name. */
#if defined __x86_64__ && !defined __ILP32__
#define CALL_ARCH_NATIVE AUDIT_ARCH_X86_64
#elif defined __aarch64__ && defined __AARCH64EL__
#define CALL_ARCH_NATIVE AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define CALL_ARCH_NATIVE AUDIT_ARCH_RISCV64
#elif defined __s390x__
#define CALL_ARCH_NATIVE AUDIT_ARCH_S390X
#elif defined __powerpc64__ && defined __LITTLE_ENDIAN__
#define CALL_ARCH_NATIVE AUDIT_ARCH_PPC64LE
#else
#define CALL_ARCH_NATIVE 0 /* no arguments are shown */
#endif

/* Which argument of clone(2) has the flags. */
#ifdef __s390x__
#define CLONE_FLAGS_ARG 1
#else
#define CLONE_FLAGS_ARG 0
#endif

/* Not CLONE_NEWTIME: clone(2) takes that bit as part of the exit signal; only clone3 knows it. */
#define CLONE_NAMESPACES                                                               \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

enum call_arg_form { CALL_ARG_DEC, CALL_ARG_HEX, CALL_ARG_FAMILY, CALL_ARG_CLONE };

struct call_arg {
	uint32_t nr;
	unsigned arg;
	const char *label;
	enum call_arg_form form;
};

/*
 * The rows of one call of this machine's own architecture, DENIED_ARGS at most. *ret_count is 0 where
 * nothing is known. Async-signal-safe.
 */
const struct call_arg *call_args(uint32_t arch, uint32_t nr, unsigned *ret_count);
