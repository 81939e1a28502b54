/* SPDX-License-Identifier: Apache-2.0 */
/* Names of system calls. Only when there is something to tell: a run without denied calls never comes here. */
#include "sandbox/call-name.h"

#include <linux/audit.h>
#include <sched.h>
#include <stdbool.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"

#define X32_BIT 0x40000000u

static const struct {
	int nr;
	const char *name;
} newer[] = {
#define NEWER(nr, name) {nr, name},
#include "sandbox/call-newer.def"
#undef NEWER
};

const char *call_name(uint32_t arch, uint32_t nr, char *buf, size_t size)
{
	bool x32 = arch == AUDIT_ARCH_X86_64 && nr & X32_BIT;
	AUTO_FREE char *known = seccomp_syscall_resolve_num_arch(x32 ? SCMP_ARCH_X32 : arch,
								 (int)nr);

	(void)snprintf(buf, size, "#%u", nr);
	if (known)
		(void)snprintf(buf, size, "%s", known);
	for (size_t i = 0; !known && i < COUNTOF(newer); i++)
		if ((uint32_t)newer[i].nr == nr)
			(void)snprintf(buf, size, "%s", newer[i].name);
	return buf;
}

int call_number(const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	for (size_t i = 0; nr == __NR_SCMP_ERROR && i < COUNTOF(newer); i++)
		if (strcmp(newer[i].name, name) == 0)
			return newer[i].nr;
	if (nr == __NR_SCMP_ERROR)
		return -1;
	return nr < 0 ? -2 : nr;
}

uint32_t call_arch_native(void)
{
	return seccomp_arch_native();
}

const char *call_arch_name(uint32_t arch, uint32_t nr, char *buf, size_t size)
{
	static const struct {
		uint32_t arch;
		const char *name;
	} archs[] = {
	    {AUDIT_ARCH_X86_64, "x86_64"},       {AUDIT_ARCH_I386, "i386"},
	    {AUDIT_ARCH_AARCH64, "aarch64"},     {AUDIT_ARCH_ARM, "arm"},
	    {AUDIT_ARCH_RISCV64, "riscv64"},     {AUDIT_ARCH_S390X, "s390x"},
	    {AUDIT_ARCH_PPC64LE, "powerpc64le"},
	};

	(void)snprintf(buf, size, "0x%x", arch);
	for (size_t i = 0; i < COUNTOF(archs); i++)
		if (archs[i].arch == arch)
			(void)snprintf(buf, size, "%s", archs[i].name);
	if (arch == AUDIT_ARCH_X86_64 && nr & X32_BIT)
		(void)snprintf(buf, size, "x32");
	return buf;
}

struct word {
	uint32_t value;
	const char *name;
};

#define WORD(name)          \
	{                   \
		name, #name \
	}

static const struct word families[] = {
    WORD(AF_UNIX),    WORD(AF_INET), WORD(AF_INET6),     WORD(AF_NETLINK), WORD(AF_PACKET),
    WORD(AF_VSOCK),   WORD(AF_ALG),  WORD(AF_BLUETOOTH), WORD(AF_CAN),     WORD(AF_TIPC),
    WORD(AF_XDP),     WORD(AF_KEY),  WORD(AF_RDS),       WORD(AF_X25),     WORD(AF_AX25),
    WORD(AF_QIPCRTR), WORD(AF_SMC),  WORD(AF_NFC),       WORD(AF_KCM),     WORD(AF_PPPOX),
};

static const struct word namespaces[] = {
    WORD(CLONE_NEWUSER), WORD(CLONE_NEWNS),  WORD(CLONE_NEWPID),    WORD(CLONE_NEWNET),
    WORD(CLONE_NEWIPC),  WORD(CLONE_NEWUTS), WORD(CLONE_NEWCGROUP),
};

static const char *print_flags(uint32_t value, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < COUNTOF(namespaces); i++) {
		if (!(value & namespaces[i].value))
			continue;
		value &= ~namespaces[i].value;
		(void)snprintf(buf + used, size - used, "%s%s", used ? "|" : "",
			       namespaces[i].name);
		used = strlen(buf);
	}
	if (value || !used)
		(void)snprintf(buf + used, size - used, "%s0x%x", used ? "|" : "", value);
	return buf;
}

const char *call_arg_print(enum call_arg_form form, uint32_t value, char *buf, size_t size)
{
	switch (form) {
	case CALL_ARG_CLONE:
		return print_flags(value, buf, size);
	case CALL_ARG_HEX:
		(void)snprintf(buf, size, "0x%x", value);
		return buf;
	case CALL_ARG_FAMILY:
		for (size_t i = 0; i < COUNTOF(families); i++)
			if (families[i].value == value) {
				(void)snprintf(buf, size, "%s", families[i].name);
				return buf;
			}
		break;
	case CALL_ARG_DEC:
		break;
	}
	(void)snprintf(buf, size, "%d", (int)value);
	return buf;
}

const char *call_print(uint32_t arch, uint32_t nr, const uint32_t *args, char *buf, size_t size)
{
	unsigned count;
	const struct call_arg *rows = call_args(arch, nr, &count);

	(void)call_name(arch, nr, buf, size);
	for (unsigned i = 0; i < count; i++) {
		char value[160];
		size_t used = strlen(buf);
		(void)snprintf(buf + used, size - used, "%s%s=%s%s", i ? ", " : "(", rows[i].label,
			       call_arg_print(rows[i].form, args[i], value, sizeof value),
			       i + 1 == count ? ")" : "");
	}
	return buf;
}
