/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How vkjail-exec tells pid 1 which call its second filter refused. There is one listener at most, which
 * is the first filter's, and what that one lets through never comes to it. So the second one raises SIGSYS, and
 * its handler makes a call that the first one does ask about:
 *
 *   seccomp(LATE_CALL, architecture and errno, number, arguments 0 and 1, 2 and 3, 4 and 5)
 *
 * two in one, of each the low 32 bits, which is all that is shown. pid 1 answers with the errno, or, where it is 0,
 * ends the job. Which call it was is the job's word; that it was not made is not.
 */
#pragma once

#include <stdint.h>

enum { LATE_CALL = 0x6c617465 }; /* no operation of seccomp(2) */

static inline unsigned long late_call_pack(unsigned long even, unsigned long odd)
{
	return (unsigned long)((uint64_t)(uint32_t)even | (uint64_t)(uint32_t)odd << 32);
}

static inline uint32_t late_call_unpack(uint64_t pair, unsigned index)
{
	return (uint32_t)(pair >> (index % 2 * 32));
}
