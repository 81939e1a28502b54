/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See devices.h. The program is a list of comparisons, written as instructions: Documentation/bpf/
 * instruction-set.rst, struct bpf_cgroup_dev_ctx in linux/bpf.h. 1 is yes, 0 is EPERM.
 */
#include "cgroup/devices.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"

enum { DEVICES_MAX = 1024 };

/* What the instructions keep where. */
enum { ANSWER = BPF_REG_0, CONTEXT = BPF_REG_1, ACCESS, TYPE, NUMBER, MINOR };

/* A major number has 12 bits and a minor one 20, since they are the two parts of the kernel's dev_t. */
enum { MINOR_BITS = 20 };

struct program {
	struct bpf_insn *insns;
	size_t count;
};

/* The kinds of devices, each a run of comparisons. refused: what may not be done with them. */
static const struct {
	bool is_block;
	int type, refused;
} kinds[] = {
    {false, BPF_DEVCG_DEV_CHAR, 0},
    {false, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_WRITE},
    {false, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ},
    {true, BPF_DEVCG_DEV_BLOCK, 0},
    {true, BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_WRITE},
    {true, BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_READ},
};

enum { BEGIN_INSNS = 9, KIND_INSNS = 2, ANSWER_INSNS = 2 };

static void emit(struct program *p, struct bpf_insn insn)
{
	p->insns[p->count++] = insn;
}

static void load(struct program *p, int to, size_t offset)
{
	emit(p, (struct bpf_insn){.code = BPF_LDX | BPF_W | BPF_MEM,
				  .dst_reg = (unsigned)to & 15u,
				  .src_reg = CONTEXT,
				  .off = (__s16)offset});
}

static void alu(struct program *p, int op, int to, int value)
{
	emit(p, (struct bpf_insn){.code = (__u8)(BPF_ALU64 | BPF_K | op),
				  .dst_reg = (unsigned)to & 15u,
				  .imm = value});
}

static void alu_register(struct program *p, int op, int to, int from)
{
	emit(p, (struct bpf_insn){.code = (__u8)(BPF_ALU64 | BPF_X | op),
				  .dst_reg = (unsigned)to & 15u,
				  .src_reg = (unsigned)from & 15u});
}

/* To the instruction `to` when `op value` holds for the register's lower half. */
static void jump(struct program *p, int op, int reg, unsigned value, size_t to)
{
	emit(p, (struct bpf_insn){.code = (__u8)(BPF_JMP32 | BPF_K | op),
				  .dst_reg = (unsigned)reg & 15u,
				  .off = (__s16)(to - p->count - 1),
				  .imm = (__s32)value});
}

static void answer(struct program *p, int value)
{
	alu(p, BPF_MOV, ANSWER, value);
	emit(p, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

static bool is_of_kind(const struct cgroup_device *d, size_t kind)
{
	int refused = (d->read ? 0 : BPF_DEVCG_ACC_READ) | (d->write ? 0 : BPF_DEVCG_ACC_WRITE);
	return d->is_block == kinds[kind].is_block && refused == kinds[kind].refused;
}

static size_t count_kind(const struct cgroup_device *list, size_t count, size_t kind)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += is_of_kind(&list[i], kind);
	return n;
}

/*
 * One comparison a device: the verifier follows both ways at each jump, and with three comparisons
 * (type, major, minor) the load of a few dozen devices took it milliseconds.
 */
static void compare(struct program *p, const struct cgroup_device *list, size_t count, size_t kind,
		    size_t yes)
{
	size_t next = p->count + KIND_INSNS + count_kind(list, count, kind);

	jump(p, BPF_JNE, TYPE, (unsigned)kinds[kind].type, next);
	jump(p, BPF_JSET, ACCESS, (unsigned)kinds[kind].refused, next);
	for (size_t i = 0; i < count; i++)
		if (is_of_kind(&list[i], kind))
			jump(p, BPF_JEQ, NUMBER, list[i].major << MINOR_BITS | list[i].minor, yes);
}

static void write_program(struct program *p, const struct cgroup_device *list, size_t count)
{
	size_t no = BEGIN_INSNS + count;

	for (size_t k = 0; k < COUNTOF(kinds); k++)
		no += count_kind(list, count, k) ? KIND_INSNS : 0;
	load(p, ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	load(p, NUMBER, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	alu(p, BPF_LSH, NUMBER, MINOR_BITS);
	alu_register(p, BPF_OR, NUMBER, MINOR);
	alu_register(p, BPF_MOV, TYPE, ACCESS);
	alu(p, BPF_AND, TYPE, 0xffff);
	alu(p, BPF_RSH, ACCESS, 16);
	jump(p, BPF_JSET, ACCESS, BPF_DEVCG_ACC_MKNOD, no);
	for (size_t k = 0; k < COUNTOF(kinds); k++)
		if (count_kind(list, count, k))
			compare(p, list, count, k, no + ANSWER_INSNS);
	answer(p, 0);
	/* What nothing leads to is refused at the load. */
	if (count)
		answer(p, 1);
}

static int sys_bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

int cgroup_devices_load(const struct cgroup_device *list, size_t count)
{
	static const char license[] = "Apache-2.0";
	union bpf_attr attr;

	if (count > DEVICES_MAX) {
		errno = E2BIG;
		return -1;
	}
	AUTO_FREE struct bpf_insn *insns = calloc(
	    BEGIN_INSNS + KIND_INSNS * COUNTOF(kinds) + count + 2 * ANSWER_INSNS, sizeof *insns);
	if (!insns)
		return -1;
	struct program program = {.insns = insns};
	write_program(&program, list, count);
	memset(&attr, 0, sizeof attr);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (__u64)(uintptr_t)insns;
	attr.insn_cnt = (__u32)program.count;
	attr.license = (__u64)(uintptr_t)license;
	(void)snprintf(attr.prog_name, sizeof attr.prog_name, "vkjail_devices");
	/* What the kernel needs for it may be short for a moment: EAGAIN, bpf(2). */
	for (int tries = 0; tries < 5; tries++) {
		int fd = sys_bpf(BPF_PROG_LOAD, &attr);
		if (fd >= 0 || errno != EAGAIN)
			return fd;
	}
	return -1;
}

static int hold_v2(const struct cgroup *g, int program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof attr);
	attr.target_fd = (__u32)g->dir[0];
	attr.attach_bpf_fd = (__u32)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	/* Whoever adds another one adds to this one and does not replace it; those of groups above hold as well. */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return sys_bpf(BPF_PROG_ATTACH, &attr);
}

/* "c 1:3 rw" */
static int allow_v1(const struct cgroup *g, const struct cgroup_device *d)
{
	char line[64];

	(void)snprintf(line, sizeof line, "%c %u:%u %s%s", d->is_block ? 'b' : 'c', d->major,
		       d->minor, d->read ? "r" : "", d->write ? "w" : "");
	return cgroup_set(g, CGROUP_DEVICES, "devices.allow", line);
}

int cgroup_devices_hold(const struct cgroup *g, const struct cgroup_device *list, size_t count,
			int program)
{
	if (g->place->version == CGROUP_V2)
		return hold_v2(g, program);
	if (cgroup_set(g, CGROUP_DEVICES, "devices.deny", "a") < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (allow_v1(g, &list[i]) < 0)
			return -1;
	return 0;
}
