/* SPDX-License-Identifier: Apache-2.0 */
/* System calls and architectures by name, for people; with libseccomp's tables. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sandbox/call-args.h"

/* "mount", or "#999" where nobody knows the number. Returns buf. */
const char *call_name(uint32_t arch, uint32_t nr, char *buf, size_t size);

/* Of this machine; -1 when nobody knows the name, -2 when only other architectures have the call. */
int call_number(const char *name);

/* "x86_64", or the AUDIT_ARCH_* number in hexadecimal. A number with the x32 bit gives "x32". Returns buf. */
const char *call_arch_name(uint32_t arch, uint32_t nr, char *buf, size_t size);

/* What struct seccomp_data has in arch for this machine's own calls. */
uint32_t call_arch_native(void);

/* One argument: "AF_VSOCK", "0x5412", "CLONE_NEWUSER|0x11". Returns buf. */
const char *call_arg_print(enum call_arg_form form, uint32_t value, char *buf, size_t size);

/* "socket(family=AF_VSOCK, type=0x1, protocol=0)"; args are those of call-args.def. Returns buf. */
const char *call_print(uint32_t arch, uint32_t nr, const uint32_t *args, char *buf, size_t size);
