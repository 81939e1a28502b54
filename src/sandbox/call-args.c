/* SPDX-License-Identifier: Apache-2.0 */
/* The table of telling arguments, by number. */
#include "sandbox/call-args.h"

#include <sys/syscall.h>

#include "base/auto.h"
#include "sandbox/proto.h"

static const struct call_arg table[] = {
#define ARG(call, argument, text, how) {SYS_##call, argument, text, CALL_ARG_##how},
#include "sandbox/call-args.def"
#undef ARG
};

const struct call_arg *call_args(uint32_t arch, uint32_t nr, unsigned *ret_count)
{
	const struct call_arg *first = table;

	*ret_count = 0;
	if (arch != CALL_ARCH_NATIVE)
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
