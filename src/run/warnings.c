/* SPDX-License-Identifier: Apache-2.0 */
/* What is told on standard error once a run is over, beside how it ended. */
#include "run/warnings.h"

#include <stdio.h>

#include "base/auto.h"
#include "run/layer.h"

void warnings_add(struct run_result *ret, const char *text)
{
	ret->warnings = arena_grow(&ret->arena, ret->warnings, ret->warning_count,
				   sizeof *ret->warnings);
	ret->warnings[ret->warning_count++] = arena_strdup(&ret->arena, text);
}

/* A program whose fork fails may say anything; here is why. */
static void add_refused(const struct warnings_from *from, struct run_result *ret)
{
	char text[160];

	if (!from->seen->refused_ns)
		return;
	(void)snprintf(
	    text, sizeof text,
	    "the limit 'processes' of %llu was reached: a new process or thread was refused %llu time%s",
	    (unsigned long long)from->plan->limits.value[LIMIT_PROCESSES],
	    (unsigned long long)from->seen->group.tasks_refused,
	    from->seen->group.tasks_refused == 1 ? "" : "s");
	warnings_add(ret, text);
}

void warnings_keep(const struct warnings_from *from, struct run_result *ret)
{
	add_refused(from, ret);
	for (size_t i = 0; i < from->plan->warning_count; i++) {
		warnings_add(ret, from->plan->warnings[i]);
	}
	char line[256];
	for (unsigned i = 0; layer_warning(from->said, &ret->outcome, i, line, sizeof line); i++)
		warnings_add(ret, line);
	json_t *claimed = json_object_get(from->claims->lists, "warnings");
	for (size_t i = 0; i < json_array_size(claimed); i++) {
		const char *text = json_string_value(
		    json_object_get(json_array_get(claimed, i), "text"));
		if (text)
			warnings_add(ret, text);
	}
}
