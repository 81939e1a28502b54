/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile files: YAML, the tables, groups, conditions, and files that include each other. An input
 * includes itself by the number of a descriptor ("include: 100").
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "job/bounds.h"
#include "job/names.h"
#include "job/profile.h"

enum { SELF = 100 };

static void check(const struct profile *p)
{
	if (p->rule_count > BOUND_PROFILE_RULES)
		abort();
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct profile_rule *r = &p->rules[i];
		if (!name_is_identifier(r->call) || !r->where || r->test_count > PROFILE_TESTS)
			abort();
		for (unsigned t = 0; t < r->test_count; t++)
			if (r->tests[t].arg > 5 || r->tests[t].value & ~r->tests[t].mask)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct profile p;
	struct err e = ERR_INIT;
	char path[64], line[1024];

	if (dup2(fuzz_file(data, size), SELF) < 0)
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", SELF);
	if (profile_read(&a, path, &p, &e) < 0)
		(void)err_render(&e, line, sizeof line);
	else
		check(&p);
	arena_done(&a);
	return 0;
}
