/* SPDX-License-Identifier: Apache-2.0 */
/* See cpus.h. Strict: no signs, no spaces, no empty ranges. */
#include "base/cpus.h"

#include <stdio.h>

/* The number at *p, which moves behind it; CPU_SETSIZE when there is none or it is too large. */
static unsigned scan_cpu(const char **p)
{
	unsigned n = 0;

	if (**p < '0' || **p > '9')
		return CPU_SETSIZE;
	for (; **p >= '0' && **p <= '9'; (*p)++)
		n = n >= CPU_SETSIZE ? CPU_SETSIZE : n * 10 + (unsigned)(**p - '0');
	return n < CPU_SETSIZE ? n : CPU_SETSIZE;
}

bool cpus_parse(const char *text, cpu_set_t *ret)
{
	CPU_ZERO(ret);
	for (;; text++) {
		unsigned first = scan_cpu(&text), last = first;
		if (*text == '-') {
			text++;
			last = scan_cpu(&text);
		}
		if (last >= CPU_SETSIZE || first > last)
			return false;
		for (unsigned i = first; i <= last; i++)
			CPU_SET(i, ret);
		if (*text != ',')
			return *text == '\0';
	}
}

const char *cpus_print(const cpu_set_t *set, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < CPU_SETSIZE && used < size; i++) {
		if (!CPU_ISSET(i, set))
			continue;
		unsigned last = i;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
			last++;
		int n = snprintf(buf + used, size - used, last > i ? "%s%u-%u" : "%s%u",
				 used ? "," : "", i, last);
		used += (size_t)n;
		i = last;
	}
	return buf;
}

void cpus_pick(const cpu_set_t *from, unsigned count, unsigned start, cpu_set_t *ret)
{
	CPU_ZERO(ret);
	for (unsigned i = 0; i < CPU_SETSIZE && count > 0; i++) {
		unsigned cpu = (start + i) % CPU_SETSIZE;
		if (!CPU_ISSET(cpu, from))
			continue;
		CPU_SET(cpu, ret);
		count--;
	}
}
