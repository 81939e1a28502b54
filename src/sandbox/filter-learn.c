/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of a job that is learned: small enough to be written by hand. */
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "sandbox/call-args.h"
#include "sandbox/filter.h"

#define LOAD(member)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
/* The next instruction is only executed for this call. */
#define IF_CALL(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

/* clang-format off */
static struct sock_filter learning[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL_ARCH_NATIVE, 1, 0),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
	/* x32 */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	/* Until the job's process executes, nobody listens: child.c. */
	IF_CALL(execve), RETURN(SECCOMP_RET_ALLOW),
	IF_CALL(faccessat), RETURN(SECCOMP_RET_ALLOW),
	IF_CALL(exit_group), RETURN(SECCOMP_RET_ALLOW),
	IF_CALL(exit), RETURN(SECCOMP_RET_ALLOW),
	IF_CALL(rt_sigreturn), RETURN(SECCOMP_RET_ALLOW),
	IF_CALL(restart_syscall), RETURN(SECCOMP_RET_ALLOW),
	IF_CALL(clone3), RETURN(SECCOMP_RET_ERRNO | ENOSYS),
	RETURN(SECCOMP_RET_USER_NOTIF),
};
/* clang-format on */

void filter_learning(struct filter *ret)
{
	*ret = (struct filter){.insns = learning, .asking = learning, .len = COUNTOF(learning)};
}
