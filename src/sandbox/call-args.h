/* SPDX-License-Identifier: Apache-2.0 */
/* Which arguments of a denied system call are kept (pid 1) and what they are called (the report). */
#pragma once

#include <stdint.h>

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
