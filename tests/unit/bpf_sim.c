/* SPDX-License-Identifier: Apache-2.0 */
/* The part of classic BPF that seccomp programs use: loads of words of the call, masks, jumps, returns. */
#include "unit/bpf_sim.h"

#include <stdbool.h>
#include <string.h>

static bool jump_taken(const struct sock_filter *i, uint32_t a)
{
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == i->k;
	case BPF_JGT:
		return a > i->k;
	case BPF_JGE:
		return a >= i->k;
	default:
		return (a & i->k) != 0; /* BPF_JSET */
	}
}

uint32_t bpf_sim(const struct sock_filter *insns, unsigned len, const struct seccomp_data *data)
{
	uint32_t a = 0;

	/* Jumps only go forward, so this ends. */
	for (uint64_t pc = 0; pc < len; pc++) {
		const struct sock_filter *i = &insns[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k % sizeof a || i->k > sizeof *data - sizeof a)
				return BPF_SIM_BROKEN;
			memcpy(&a, (const char *)data + i->k, sizeof a);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += jump_taken(i, a) ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			return BPF_SIM_BROKEN;
		}
	}
	return BPF_SIM_BROKEN;
}
