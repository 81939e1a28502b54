/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a seccomp program the way the kernel does, so that tests judge the very bytes that are loaded. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

/* What an invalid or unknown instruction, or a jump out of the program, gives: no kernel action has this value. */
#define BPF_SIM_BROKEN 0xdeadbeefU

/* The action (SECCOMP_RET_*) of the program for this call. */
uint32_t bpf_sim(const struct sock_filter *insns, unsigned len, const struct seccomp_data *data);
